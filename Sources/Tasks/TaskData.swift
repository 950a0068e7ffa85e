import Foundation

/// A task's examples, read and checked.
package struct TaskData: Sendable {
    package var definition: TaskDefinition
    /// Names of the classes, in the order of the label indices.
    package var labels: [String]
    package var train: [Example] = []
    package var dev: [Example] = []
    package var test: [Example] = []
    /// Rows that are no examples, in order.
    package var skipped: [Split: [SkippedRow]] = [:]
    /// Why a split that has a file cannot be scored; it has no examples then.
    package var unscorable: [Split: String] = [:]
    /// What was read of each split's file.
    package var files: [Split: FileFacts] = [:]
    /// The splits that are a sample of their files.
    package var sampled: [Split: Sampling] = [:]
    /// What a user should know of the data, each in one line.
    package var warnings: [String] = []

    package subscript(split: Split) -> [Example] {
        get {
            switch split {
            case .train: train
            case .dev: dev
            case .test: test
            }
        }
        set {
            switch split {
            case .train: train = newValue
            case .dev: dev = newValue
            case .test: test = newValue
            }
        }
    }

    /// Reads the splits of a task.
    ///
    /// The labels are `labels`, else the definition's, else those of the training split, sorted: by number if all are
    /// integers, else by code point. The training file is read for them even if `splits` does not name it.
    /// - Parameters:
    ///   - rows: of each split, where they come from memory and not from the files that the definition names
    ///   - splits: what to read and score; one that cannot be scored is an error. nil reads all that the definition
    ///     names: train to learn from, dev and test to score
    ///   - labels: those of a trained head, which decides what an index means
    ///   - documents: the task's, where they come from memory; nil: those of the definition's file, if it names one
    ///   - needsTargets: whether a row without a label is skipped (it is not where labels are to be predicted)
    ///   - unknownLabels: what happens to rows with other labels
    /// - Throws: `TaskError`, naming file, line and field
    package static func load(
        _ definition: TaskDefinition, rows: [Split: RowTable]? = nil, splits: Set<Split>? = nil,
        documents: DocumentCollection? = nil, labels: KnownLabels? = nil, needsTargets: Bool = true,
        unknownLabels: UnknownLabels = .count,
        kinds: TaskKinds = .standard
    ) throws(TaskError) -> TaskData {
        guard let kind = kinds[definition.kind] else {
            throw .badValue(
                file: definition.source, line: 1, key: "kind", found: "'\(shown(definition.kind))'",
                expected: "one of \(kinds.names.joined(separator: ", "))")
        }
        let wanted = splits ?? Set(definition.data.keys)
        for split in Split.allCases where wanted.contains(split) && definition.data[split] == nil {
            throw .missingSplit(file: definition.source, split: split.rawValue)
        }
        let known =
            labels ?? definition.labels.map { KnownLabels($0, source: .definition(file: definition.source)) }
        let needsTraining = known == nil && kind.minimumLabels > 0
        var files: [Split: SplitFile] = [:]
        for split in Split.allCases where wanted.contains(split) || (needsTraining && split == .train) {
            guard let url = definition.url(of: split) else {
                throw .missingKey(
                    file: definition.source, key: "labels",
                    expected: "without a train split, list the labels under labels")
            }
            files[split] =
                if let rows {
                    try SplitFile(rows[split] ?? RowTable(), split: split, definition: definition)
                } else {
                    try SplitFile(url, split: split, definition: definition)
                }
        }

        var index = try labelIndex(known, definition, kind: kind, training: files[.train], unknownLabels: unknownLabels)
        index.listed = definition.labels
        var data = TaskData(definition: definition, labels: index.names)
        if definition.hasDefaultMetric { data.definition.metric = kind.defaultMetric(labels: index.names) }
        var documents = documents
        if documents == nil, let url = definition.documentsURL { documents = try DocumentFiles.read(url) }
        var answers: SplitFile.AnswerCount?
        for split in Split.allCases where wanted.contains(split) {
            guard let file = files[split] else { continue }
            let content = try file.content(
                kind, labels: index, answers: &answers, unknownLabels: unknownLabels,
                isScored: splits != nil || split != .train,
                needsTarget: needsTargets || split == .train)
            if splits != nil, let reason = content.unscorable {
                throw .unscorable(file: file.name, split: split.rawValue, reason: reason)
            }
            data[split] = try kind.gathered(
                content.examples, documents: documents, file: file.name, columns: definition.fields)
            data.files[split] = file.facts(content)
            if !content.skipped.isEmpty { data.skipped[split] = content.skipped }
            data.unscorable[split] = content.unscorable
            data.warnings += file.warnings(content, labels: index, task: definition.name)
            if let warning = definition.unexpected(rows: file.table.rows.count, of: split, file: file.name) {
                data.warnings.append(warning)
            }
        }
        if splits == nil, let warning = data.similarLabels { data.warnings.append(warning) }
        if splits == nil, known == nil, let warning = data.loneLabels { data.warnings.append(warning) }
        return data
    }

    /// Why a split that is needed has no examples.
    package func missing(_ split: Split) -> TaskError {
        if let reason = unscorable[split] {
            return .unscorable(file: files[split]?.name ?? definition.source, split: split.rawValue, reason: reason)
        }
        return .missingSplit(file: definition.source, split: split.rawValue)
    }

    private static func labelIndex(
        _ known: KnownLabels?, _ definition: TaskDefinition, kind: any TaskKind.Type, training: SplitFile?,
        unknownLabels: UnknownLabels
    ) throws(TaskError) -> LabelIndex {
        if let known {
            let renamed = definition.labelNumbers.map { (String($0.key), $0.value) }
            return LabelIndex(
                known.names, source: known.source, renamed: Dictionary(renamed, uniquingKeysWith: { first, _ in first })
            )
        }
        guard kind.minimumLabels > 0, let training else { return LabelIndex([], source: .training(file: "")) }
        var seen = Set<String>()
        var firstFault: TaskError?
        for row in training.table.rows {
            do throws(TaskError) {
                seen.formUnion(try kind.labels(in: training.view(row)))
            } catch {
                guard unknownLabels != .refuse, error.skipReason(targets: kind.targets) != nil else { throw error }
                firstFault = firstFault ?? error
            }
        }
        if seen.isEmpty, let firstFault { throw firstFault }
        let names = LabelIndex.names(of: seen)
        guard names.count >= kind.minimumLabels else {
            throw .tooFewLabels(file: training.name, labels: names, minimum: kind.minimumLabels)
        }
        return LabelIndex(names, source: .training(file: training.name))
    }
}
