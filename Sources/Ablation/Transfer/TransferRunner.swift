import Adapters
import Bundles
import Files
import Foundation
import Reporting
import Tasks
import Training

/// Trains and tests every method of a plan on every task and language, and reports.
///
/// Each training's result lies in the folder under a key of all that shapes it: a run that is started again, or goes on
/// after a stop, trains what is not there yet, and goes on inside the training that was under way.
package final class TransferRunner {
    /// What the trainings need beside the plan; it does not shape the results.
    package struct Environment {
        package var progress: ProgressReporter
        /// Seconds between checkpoints of the training that runs.
        package var checkpointEvery = 60.0
        /// A training that will take more is refused before its first step.
        package var memoryLimit: MemoryLimit?
        /// Asked before every step: whether to end with `TrainingError.stopped`.
        package var stops: @Sendable () -> Bool = { false }
        /// For the report.
        package var command = ""

        package init(progress: ProgressReporter) { self.progress = progress }
    }

    let session: Session
    let other: Session?
    let plan: TransferPlan
    let data: TransferData
    let store: RunStore
    let environment: Environment
    private let folder: URL
    /// Seconds of all trainings, in this run or an earlier one.
    private var trainingSeconds = 0.0
    /// The learning rate that dev chose, by training.
    private var chosenRates: [String: Double] = [:]

    /// - Parameters:
    ///   - session: the multilingual base.
    ///   - other: a base for one language; nil: its row is left out.
    package init(
        session: Session, other: Session?, plan: TransferPlan, data: TransferData, folder: URL,
        environment: Environment
    ) {
        var plan = plan
        if other == nil { plan.methods.removeAll { $0 == .otherBase } }
        self.session = session
        self.other = other
        self.plan = plan
        self.data = data
        self.folder = folder
        self.environment = environment
        store = RunStore(folder: folder)
    }

    /// Runs the matrix, and writes report.html, report.md and report.json into the folder.
    package func run() throws -> TransferReport {
        let started = Date()
        try announce()
        var cells = emptyCells()
        try baselines(&cells)
        let languages = plan.methods.contains { $0.usesLanguageAdapters } ? try languageAdapters() : [:]
        for task in plan.tasks { try encoders(task, languages: languages, cells: &cells) }
        var outcome = TransferOutcome(
            plan: plan, cells: cells, languages: plan.languages.compactMap { languages[$0]?.record },
            base: session.model.name)
        outcome.otherBase = other?.model.name
        outcome.warnings = data.warnings
        outcome.facts = [
            Setting("base", session.model.name), Setting("tasks", "\(plan.tasks.count)"),
            Setting("languages", "\(plan.languages.count)"),
            Setting("training time", Human.duration(trainingSeconds)),
        ]
        outcome.provenance = provenance
        outcome.provenance.append(Setting("this run", Human.duration(Date().timeIntervalSince(started))))
        let report = outcome.report()
        for (name, text) in [
            ("report.html", report.html()), ("report.md", report.markdown()), ("report.json", try report.json()),
        ] {
            try AtomicFile.replace(folder.appendingPathComponent(name), with: Data(text.utf8))
        }
        return report
    }

    private var provenance: [Setting] {
        var list = [
            Setting("version", BundleFile.creator), Setting("command", environment.command),
            Setting("machine", Machine.description), Setting("kernels", session.kernels),
            Setting("threads", "\(session.workspace.pool.threads)"),
            Setting("base", "\(session.model.name), fingerprint \(session.fingerprint.prefix(12))"),
        ]
        for task in plan.tasks {
            if let words = data.samplingWords(task, plan.languages) {
                list.append(
                    Setting("sampled rows of \(task)", "\(words); stratified by label, seed \(plan.settings.seed)"))
            }
        }
        if let other {
            list.append(Setting("other base", "\(other.model.name), fingerprint \(other.fingerprint.prefix(12))"))
        }
        if plan.rates.count > 1 {
            let byRate = Dictionary(grouping: chosenRates.keys.sorted()) { chosenRates[$0] ?? 0 }
            for (rate, names) in byRate.sorted(by: { $0.key < $1.key }) {
                list.append(Setting("learning rate \(rate) chosen by", names.joined(separator: ", ")))
            }
        }
        list.append(Setting("time of all training steps, earlier runs included", Human.duration(trainingSeconds)))
        return list
    }

    private func emptyCells() -> [TransferCell] {
        plan.tasks.flatMap { task in
            plan.languages.compactMap { language in
                data.tasks[task]?[language].map { data in
                    let gold = GoldLabels(data.test, names: data.labels)
                    var cell = TransferCell(
                        task: task, language: language, classes: gold.names.count,
                        gold: gold.classes.compactMap { $0 }, groups: data.test.map(\.group))
                    cell.metric = data.definition.metric
                    cell.unknownLabels = gold.unknown
                    for (reason, count) in (data.skipped[.test] ?? []).counts { cell.skipped[reason.rawValue] = count }
                    return cell
                }
            }
        }
    }

    func metric(_ task: TaskData) -> any Metric.Type { Metrics.standard[task.definition.metric] ?? Accuracy.self }

    // MARK: - Without an encoder

    private func baselines(_ cells: inout [TransferCell]) throws {
        let wanted = plan.methods.filter { !$0.isTrained }
        guard !wanted.isEmpty else { return }
        environment.progress.stage("majority and TF-IDF", total: cells.count, unit: "cells")
        var ofSource: [String: TFIDFLogisticRegression] = [:]
        for i in cells.indices {
            guard let source = data.tasks[cells[i].task]?[plan.source],
                let own = data.tasks[cells[i].task]?[cells[i].language]
            else { continue }
            func fitted(_ task: TaskData) -> TFIDFLogisticRegression? {
                TFIDFLogisticRegression(
                    train: task.train, dev: task.dev, classes: task.labels.count, metric: metric(task))
            }
            for method in wanted {
                switch method {
                case .majority, .ownMajority:
                    let train = method == .majority ? source.train : own.train
                    cells[i].predictions[method] =
                        MajorityClass(fitting: train, classes: own.labels.count).predict(own.test)
                case .tfidf:
                    let model = ofSource[cells[i].task] ?? fitted(source)
                    ofSource[cells[i].task] = model
                    cells[i].predictions[method] = model?.predict(own.test)
                case .ownTFIDF: cells[i].predictions[method] = fitted(own)?.predict(own.test)
                default: break
                }
            }
            environment.progress.update(done: i + 1)
        }
        environment.progress.finish()
    }

    // MARK: - Trainings

    func keeping(_ name: String, key: String) throws -> CheckpointSettings {
        CheckpointSettings(
            try store.checkpointFile(name, key: key), every: environment.checkpointEvery, resumes: true,
            stops: environment.stops)
    }

    func show(_ event: TrainingEvent, _ label: String) {
        switch event {
        case .started(let steps, _): environment.progress.stage(label, total: steps)
        case .step(let done, _, let loss, let tokens):
            environment.progress.update(done: done, loss: loss, tokens: tokens)
        case .finished: environment.progress.finish()
        case .resumed(let done, let steps):
            environment.progress.message("\(label): resuming after step \(done) of \(steps)")
        case .warning(let text): environment.progress.message("\(label): warning: \(text)")
        case .skipped, .epoch: break
        }
    }

    func note(rate: Double, of name: String) { chosenRates[name] = rate }

    func count(seconds: Double) { trainingSeconds += seconds }

    /// What every key has: the program, the base and the machine's way to multiply.
    func identity(_ session: Session, _ settings: TrainingSettings, _ configuration: AdapterConfiguration?) -> String {
        "\(BundleFile.creator) \(session.identity) \(session.kernels) \(settings.json) \(settings.seed) "
            + "\(configuration?.json ?? "")"
    }

    static func hash(_ examples: [Example], labels: [String]) -> String {
        CanonicalData.bytes(of: examples, labels: labels).withUnsafeBytes { Digest.sha256($0) }
    }
}
