import Files
import Foundation
import Reporting
import Tasks
import Training

/// Trains and tests every method of a plan on every task and language, and reports.
package struct TransferExperiment {
    private let session: Session
    private let other: Session?
    private let plan: TransferPlan
    private let data: TransferData
    /// By task, then language.
    private let tasks: [String: [String: ExperimentTask]]

    /// - Parameters:
    ///   - session: the multilingual base.
    ///   - other: a base for one language; nil: its row is left out.
    package init(_ plan: TransferPlan, session: Session, other: Session?, data: TransferData) {
        var plan = plan
        if other == nil { plan.methods.removeAll { $0 == .otherBase } }
        self.session = session
        self.other = other
        self.plan = plan
        self.data = data
        tasks = data.tasks.mapValues { $0.mapValues { ExperimentTask($0) } }
    }

    /// Runs the matrix, and writes report.html, report.md and report.json into the folder.
    package func run(in folder: URL, _ environment: ExperimentEnvironment) throws -> TransferReport {
        let started = Date()
        environment.tell(.message(plan.budget))
        for warning in data.warnings { environment.tell(.warning(warning, stage: nil)) }
        let runner = ExperimentRunner(folder: folder, environment)
        let cells = TransferCells(session, other: other, plan: plan, tasks: tasks, texts: data.texts)
        var columns = plan.tasks.flatMap { task in
            plan.languages.compactMap { language in
                tasks[task]?[language].map { TransferColumn($0, task: task, language: language) }
            }
        }
        try runner.announce(
            [
                Human.count(plan.tasks.count, "task"), Human.count(plan.languages.count, "language"),
                Human.count(columns.count, "cell"), Human.count(plan.methods.count, "method"),
            ].joined(separator: ", "), cells.all)
        baselines(&columns, environment)
        let results = try runner.run(cells.all)
        for run in cells.runs {
            for i in columns.indices where columns[i].task == run.task {
                guard let name = run.names[columns[i].language] else { continue }
                columns[i].answers[run.method] = results[run.cell]?.result[name]
            }
        }
        var outcome = TransferOutcome(
            plan: plan, columns: columns,
            languages: plan.languages.compactMap { language in
                cells.languages[language].flatMap { results[$0] }.map { TransferLanguage(language, $0.result) }
            },
            base: session.model.name)
        outcome.otherBase = other?.model.name
        outcome.warnings = data.warnings
        outcome.facts = [
            Setting("base", session.model.name), Setting("tasks", "\(plan.tasks.count)"),
            Setting("languages", "\(plan.languages.count)"),
            Setting("training time", Human.duration(results.seconds)),
        ]
        outcome.provenance = environment.provenance(session) + provenance(results)
        outcome.provenance.append(Setting("this run", Human.duration(Date().timeIntervalSince(started))))
        let report = outcome.report()
        try report.write(to: folder)
        return report
    }

    private func provenance(_ results: ExperimentResults) -> [Setting] {
        var list: [Setting] = []
        for task in plan.tasks {
            if let words = data.samplingWords(task, plan.languages) {
                list.append(
                    Setting("sampled rows of \(task)", "\(words); stratified by label, seed \(plan.settings.seed)"))
            }
        }
        if let other { list.append(Setting("other base", other.baseWords)) }
        if plan.rates.count > 1 {
            let byRate = Dictionary(grouping: results.finished.filter { $0.cell.choosesRate }, by: \.result.rate)
            for (rate, cells) in byRate.sorted(by: { $0.key < $1.key }) {
                let names = cells.map(\.cell.name).sorted()
                list.append(Setting("learning rate \(rate) chosen by", names.joined(separator: ", ")))
            }
        }
        list.append(Setting("time of all training steps, earlier runs included", Human.duration(results.seconds)))
        return list
    }

    /// The methods without an encoder.
    private func baselines(_ columns: inout [TransferColumn], _ environment: ExperimentEnvironment) {
        let wanted = plan.methods.filter { !$0.isTrained }
        guard !wanted.isEmpty else { return }
        var ofSource: [String: TFIDFLogisticRegression] = [:]
        func fitted(_ task: ExperimentTask) -> TFIDFLogisticRegression? {
            TFIDFLogisticRegression(
                train: task.data.train, dev: task.data.dev, classes: task.data.labels.count, metric: task.metric)
        }
        environment.stage("majority and TF-IDF", count: columns.count, unit: "cells") { i in
            let task = columns[i].task
            guard let source = tasks[task]?[plan.source], let own = tasks[task]?[columns[i].language] else { return }
            let gold = GoldLabels(own.data.test, names: own.data.labels)
            for method in wanted {
                let predicted: [Int]?
                switch method {
                case .majority, .ownMajority:
                    let train = method == .majority ? source.data.train : own.data.train
                    predicted = MajorityClass(fitting: train, classes: own.data.labels.count).predict(own.data.test)
                case .tfidf:
                    let model = ofSource[task] ?? fitted(source)
                    ofSource[task] = model
                    predicted = model?.predict(own.data.test)
                case .ownTFIDF: predicted = fitted(own)?.predict(own.data.test)
                default: predicted = nil
                }
                columns[i].answers[method] = predicted.map { gold.answers($0) }
            }
        }
    }
}
