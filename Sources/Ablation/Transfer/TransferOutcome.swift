import Reporting
import Tasks

/// What a run of the matrix measured, from which its report is made.
package struct TransferOutcome {
    package var plan: TransferPlan
    package var columns: [TransferColumn]
    package var languages: [TransferLanguage]
    /// Names of the multilingual base and of the one for one language.
    package var base: String
    package var otherBase: String?
    package var warnings: [String] = []
    package var facts: [Setting] = []
    package var provenance: [Setting] = []

    package init(plan: TransferPlan, columns: [TransferColumn], languages: [TransferLanguage], base: String) {
        self.plan = plan
        self.columns = columns
        self.languages = languages
        self.base = base
    }

    /// Those that ran on a cell at least.
    private var methods: [TransferMethod] {
        plan.methods.filter { method in columns.contains { $0.answers[method] != nil } }
    }

    func label(_ method: TransferMethod) -> String { method.label(source: plan.source, base: base, other: otherBase) }

    package func report() -> TransferReport {
        let methods = methods
        let scores = scores(methods)
        var rows: [TransferReport.Score] = []
        for (i, column) in columns.enumerated() {
            for method in methods {
                guard let own = scores.score(method, i, column.metric),
                    let accuracy = scores.score(method, i, Accuracy.self),
                    let macroF1 = scores.score(method, i, MacroF1.self)
                else { continue }
                rows.append(
                    .init(
                        task: column.task, language: column.language, method: method, accuracy: Estimate(accuracy),
                        macroF1: Estimate(macroF1), examples: column.groups.count, metric: column.metric.name,
                        score: Estimate(own), unknownLabels: column.unknownLabels, skipped: column.skipped))
            }
        }
        let tasks = plan.tasks.filter { task in columns.contains { $0.task == task } }
        var means: [TransferReport.Mean] = []
        for task in tasks.map({ $0 as String? }) + [nil] {
            for method in methods { if let mean = mean(method, task, scores) { means.append(mean) } }
        }
        let adapters = languages.map { language in
            TransferReport.Language(
                adapter: language,
                gain: scores.difference(.madx, .adapter, over: chosen(language: language.language), Accuracy.self),
                gainOverSource: language.language == plan.source
                    ? nil
                    : scores.difference(
                        .madx, .madxSource, over: chosen(language: language.language), Accuracy.self))
        }
        let words = TransferWords(outcome: self, scores: scores, tasks: tasks, adapters: adapters)
        return TransferReport(
            title: "Transfer between languages: \(Human.count(tasks.count, "task")), "
                + Human.count(plan.languages.count, "language"),
            summary: words.summary, source: plan.source, languages: plan.languages, tasks: tasks,
            methods: methods.map { .init(id: $0, label: label($0), usesTargetLabels: $0.usesTargetLabels) },
            scores: rows, means: means, adapters: adapters, verdicts: words.verdicts(),
            languageVerdicts: words.languageVerdicts(), warnings: warnings + tooFew(scores), facts: facts,
            settings: settings,
            provenance: provenance)
    }

    /// What has no intervals and counts in no difference.
    private func tooFew(_ scores: PairedScores<TransferMethod>) -> [String] {
        let few = columns.indices.filter { !scores.hasEnoughUnits($0) }.map {
            "\(columns[$0].task) in \(columns[$0].language)"
        }
        return few.isEmpty
            ? [] : ["no intervals or differences for \(few.joined(separator: ", ")): \(Bootstrap.tooFewWords)"]
    }

    /// Scores of all methods on all columns over the same resamples of groups.
    private func scores(_ methods: [TransferMethod]) -> PairedScores<TransferMethod> {
        PairedScores(
            columns.map { column in
                .init(
                    groups: column.groups, metrics: [column.metric, Accuracy.self, MacroF1.self],
                    answers: column.answers.mapValues { [$0] })
            },
            systems: methods, .together)
    }

    /// The columns of a task and a language; of all where none is named, and then without the source: there nothing moves
    /// from one language to another.
    func chosen(task: String? = nil, language: String? = nil) -> [Int] {
        columns.indices.filter {
            (task == nil || columns[$0].task == task)
                && (language == nil ? columns[$0].language != plan.source : columns[$0].language == language)
        }
    }

    /// A method over the target languages, on a task or on all.
    private func mean(
        _ method: TransferMethod, _ task: String?, _ scores: PairedScores<TransferMethod>
    ) -> TransferReport.Mean? {
        let chosen = chosen(task: task)
        guard let accuracy = scores.mean(method, over: chosen, Accuracy.self),
            let macroF1 = scores.mean(method, over: chosen, MacroF1.self)
        else { return nil }
        // Tasks may differ in their own metric
        let own = task.flatMap { task in columns.first { $0.task == task } }?.metric
        func gain(_ metric: any Metric.Type) -> PointsDifference? {
            method == .adapter ? nil : scores.difference(method, .adapter, over: chosen, metric)
        }
        return .init(
            task: task, method: method, accuracy: Estimate(accuracy), macroF1: Estimate(macroF1),
            accuracyGain: gain(Accuracy.self), macroF1Gain: gain(MacroF1.self),
            score: own.flatMap { scores.mean(method, over: chosen, $0) }.map { Estimate($0) },
            scoreGain: own.flatMap { gain($0) })
    }

    private var settings: [Setting] {
        var list = [
            Setting("task adapters", plan.configuration.json), Setting("training on tasks", plan.settings.json),
            Setting("scheduler for several languages", plan.scheduler),
        ]
        if !languages.isEmpty {
            list += [
                Setting("language adapters", plan.languageConfiguration.json),
                Setting("training on plain text", plan.languageSettings.json),
                Setting("tokens per language adapter", Human.count(plan.languageTokens)),
                Setting("tokens for the shared head", Human.count(plan.headTokens)),
            ]
        }
        list.append(
            Setting(
                "maximum texts",
                "\(Human.count(plan.maxTrain)) training, \(Human.count(plan.maxDev)) dev, \(Human.count(plan.maxTest)) test "
                    + "per task and language"))
        return list
    }
}
