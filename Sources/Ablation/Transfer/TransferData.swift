import Files
import Foundation
import Tasks
import Training

/// The tasks and the plain text of a folder as `amalgam data debian` writes it: `tasks/TASK.yaml` for the source language,
/// `tasks/TASK.LANG.yaml` for another, `LANG/unlabelled/train.txt` and `dev.txt` with one text a line.
package struct TransferData: Sendable {
    /// By task, then language; a task need not be in every language.
    package private(set) var tasks: [String: [String: TaskData]] = [:]
    /// By language.
    package private(set) var texts: [String: TextCorpus] = [:]
    /// What the report must say of them.
    package private(set) var warnings: [String] = []

    /// Reads what the plan needs, as far as its limits go.
    /// - Parameter needsTexts: whether there are language adapters to train.
    /// - Throws: `TaskError`; `TrainingError.mismatch` where the languages of a task do not go together
    package init(folder: URL, plan: TransferPlan, needsTexts: Bool) throws {
        for task in plan.tasks {
            let source = try Self.read(
                Self.file(folder, task, plan.source, isSource: true), name: task, labels: nil)
            warnings += source.warnings
            tasks[task, default: [:]][plan.source] = Self.limited(source, plan)
            let labels = KnownLabels(source.labels, source: .sourceLanguage(file: source.definition.source))
            var missing: [String] = []
            for language in plan.targets {
                let file = Self.file(folder, task, language, isSource: false)
                guard FileManager.default.fileExists(atPath: file.path) else {
                    missing.append(language)
                    continue
                }
                let target = try Self.read(file, name: "\(task).\(language)", labels: labels)
                warnings += target.warnings
                tasks[task, default: [:]][language] = Self.limited(target, plan)
            }
            if !missing.isEmpty {
                warnings.append(
                    "the task \(task) has no data in \(missing.joined(separator: ", ")): no tasks/\(task).\(missing[0]).yaml"
                )
            }
            guard plan.targets.contains(where: { tasks[task]?[$0] != nil }) else {
                throw TrainingError.mismatch(
                    "\(folder.path)/tasks: \(task) is missing in all of \(plan.targets.joined(separator: ", ")), expected a "
                        + "\(task).LANG.yaml; remove it from --tasks, or create the data with these languages")
            }
            check(task, plan)
        }
        guard needsTexts else { return }
        for language in plan.languages {
            let texts = folder.appendingPathComponent("\(language)/unlabelled")
            let heldOut = texts.appendingPathComponent("dev.txt")
            self.texts[language] = try TextCorpus(
                file: texts.appendingPathComponent("train.txt"),
                heldOut: FileManager.default.fileExists(atPath: heldOut.path) ? heldOut : nil)
        }
    }

    /// `TASK.LANG.yaml`; for the source language, where that is missing, `TASK.yaml`.
    private static func file(_ folder: URL, _ task: String, _ language: String, isSource: Bool) -> URL {
        let named = folder.appendingPathComponent("tasks/\(task).\(language).yaml")
        guard isSource, !FileManager.default.fileExists(atPath: named.path) else { return named }
        return folder.appendingPathComponent("tasks/\(task).yaml")
    }

    /// - Parameters:
    ///   - name: under which it has its head: the files' own may be the same in all languages.
    ///   - labels: of the source language, which an index means in all of them.
    private static func read(
        _ file: URL, name: String, labels: KnownLabels?
    ) throws -> TaskData {
        var definition = try TaskDefinition.load(file)
        definition.name = name
        guard TaskKinds.standard[definition.kind]?.head == TextClassification.head else {
            throw TrainingError.mismatch(
                "\(file.path): kind is \(definition.kind); transfer compares tasks of classification only; choose such a "
                    + "task, or compare methods on this one with amalgam ablate")
        }
        if let labels {
            if let own = definition.labels, own != labels.names {
                throw TrainingError.mismatch(
                    "\(file.path): labels: found \(shown(own)), expected those of the source language in the same order: "
                        + "\(shown(labels.names)); make the lists equal")
            }
        }
        let data = try TaskData.load(definition, labels: labels)
        for split in Split.allCases where data[split].isEmpty {
            throw data.missing(split)
        }
        return data
    }

    private static func shown(_ labels: [String]) -> String {
        labels.prefix(8).map { "'\($0)'" }.joined(separator: ", ") + (labels.count > 8 ? ", …" : "")
    }

    /// A stratified sample of each split that is over its limit. Groups are drawn by their names, so that a task has the
    /// same ones in all languages as far as they have the same rows.
    private static func limited(_ data: TaskData, _ plan: TransferPlan) -> TaskData {
        data.limited(
            [.train: plan.maxTrain, .dev: plan.maxDev, .test: plan.maxTest], seed: plan.settings.seed)
    }

    /// What was sampled, by task: `en: train 400 of 2000, test 300 of 1000; de: …`.
    func samplingWords(_ task: String, _ languages: [String]) -> String? {
        let parts = languages.compactMap { language -> String? in
            guard let sampled = tasks[task]?[language]?.sampled, !sampled.isEmpty else { return nil }
            let splits = Split.allCases.compactMap { split in
                sampled[split].map { "\(split.rawValue) \($0.taken) of \($0.all)" }
            }
            return "\(language): \(splits.joined(separator: ", "))"
        }
        return parts.isEmpty ? nil : parts.joined(separator: "; ")
    }

    /// What is trained on in any language must not be tested in another: a translation of it would be.
    private mutating func check(_ task: String, _ plan: TransferPlan) {
        let there = plan.languages.filter { tasks[task]?[$0] != nil }
        var trained: Set<String> = []
        for language in there { trained.formUnion(tasks[task]?[language]?.train.compactMap(\.group) ?? []) }
        for language in there {
            guard let test = tasks[task]?[language]?.test else { continue }
            let both = Set(test.compactMap(\.group)).intersection(trained)
            if let example = both.min() {
                warnings.append(
                    "\(task): \(counted(both.count, "group")) (for example \(example)) \(both.count == 1 ? "is" : "are") both in training data and in the test split "
                        + "of \(language); its scores may be too high")
            }
        }
        let without = there.filter { language in tasks[task]?[language]?.test.contains { $0.group == nil } ?? false }
        if !without.isEmpty {
            warnings.append(
                "\(task): no groups in \(without.joined(separator: ", ")); the intervals treat each text as independent of its "
                    + "translations (to change that, name a column with fields: {group: COLUMN})")
        }
    }
}
