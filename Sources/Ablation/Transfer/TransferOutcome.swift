import Reporting
import Tasks

/// What a run of the matrix measured, from which its report is made.
package struct TransferOutcome: Sendable {
    package var plan: TransferPlan
    package var cells: [TransferCell]
    package var languages: [TransferLanguage]
    /// Names of the multilingual base and of the one for one language.
    package var base: String
    package var otherBase: String?
    package var warnings: [String] = []
    package var facts: [Setting] = []
    package var provenance: [Setting] = []

    package init(plan: TransferPlan, cells: [TransferCell], languages: [TransferLanguage], base: String) {
        self.plan = plan
        self.cells = cells
        self.languages = languages
        self.base = base
    }

    /// Those that ran on a cell at least.
    private var methods: [TransferMethod] {
        plan.methods.filter { method in cells.contains { $0.predictions[method] != nil } }
    }

    func label(_ method: TransferMethod) -> String { method.label(source: plan.source, base: base, other: otherBase) }

    package func report() -> TransferReport {
        let methods = methods
        let scores = TransferScores(cells, methods: methods, source: plan.source)
        func estimate(_ score: ResampledScore) -> TransferReport.Estimate {
            let interval = score.interval()
            return .init(value: interval.value, low: interval.low, high: interval.high)
        }
        var rows: [TransferReport.Score] = []
        for cell in cells {
            for method in methods {
                let metric = Metrics.standard[cell.metric] ?? Accuracy.self
                guard
                    let own = scores.score(metric, method, task: cell.task, language: cell.language),
                    let accuracy = scores.score(Accuracy.self, method, task: cell.task, language: cell.language),
                    let macroF1 = scores.score(MacroF1.self, method, task: cell.task, language: cell.language)
                else { continue }
                rows.append(
                    .init(
                        task: cell.task, language: cell.language, method: method, accuracy: estimate(accuracy),
                        macroF1: estimate(macroF1), examples: cell.gold.count,
                        metric: metric.name, score: estimate(own), unknownLabels: cell.unknownLabels,
                        skipped: cell.skipped))
            }
        }
        var means: [TransferReport.Mean] = []
        let tasks = plan.tasks.filter { task in cells.contains { $0.task == task } }
        for task in tasks.map({ $0 as String? }) + [nil] {
            for method in methods {
                guard let accuracy = scores.mean(Accuracy.self, method, task: task),
                    let macroF1 = scores.mean(MacroF1.self, method, task: task)
                else { continue }
                let compares = method != .adapter
                let metric = task.flatMap { task in cells.first { $0.task == task } }
                    .flatMap { Metrics.standard[$0.metric] }
                means.append(
                    .init(
                        task: task, method: method, accuracy: estimate(accuracy), macroF1: estimate(macroF1),
                        accuracyGain: compares ? scores.difference(Accuracy.self, method, .adapter, task: task) : nil,
                        macroF1Gain: compares ? scores.difference(MacroF1.self, method, .adapter, task: task) : nil,
                        score: metric.flatMap { scores.mean($0, method, task: task) }.map(estimate),
                        scoreGain: compares
                            ? metric.flatMap { scores.difference($0, method, .adapter, task: task) } : nil))
            }
        }
        let adapters = languages.map { language in
            TransferReport.Language(
                adapter: language,
                gain: scores.difference(Accuracy.self, .madx, .adapter, language: language.language),
                gainOverSource: language.language == plan.source
                    ? nil : scores.difference(Accuracy.self, .madx, .madxSource, language: language.language))
        }
        let words = TransferWords(outcome: self, scores: scores, tasks: tasks, adapters: adapters)
        return TransferReport(
            title: "Transfer between languages: \(tasks.count) "
                + "\(tasks.count == 1 ? "task" : "tasks"), \(plan.languages.count) languages",
            summary: words.summary, source: plan.source, languages: plan.languages, tasks: tasks,
            methods: methods.map { .init(id: $0, label: label($0), usesTargetLabels: $0.usesTargetLabels) },
            scores: rows, means: means, adapters: adapters, verdicts: words.verdicts(),
            languageVerdicts: words.languageVerdicts(), warnings: warnings, facts: facts, settings: settings,
            provenance: provenance)
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
