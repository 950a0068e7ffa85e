import Bundles
import Files
import Foundation
import Tasks
import Training

/// Trains and scores the cells of an experiment.
///
/// Each result is kept in the folder under a key of all that shapes it: an experiment that is started again trains what is
/// missing, and continues inside the training that was under way.
package final class ExperimentRunner {
    let environment: ExperimentEnvironment
    private let store: CellStore
    private var results = ExperimentResults()
    /// Cells whose bundles others need.
    private var needed: Set<ObjectIdentifier> = []
    /// `Session.identity`, which reads files.
    private var bases: [ObjectIdentifier: String] = [:]

    /// - Parameter folder: of the finished trainings.
    package init(folder: URL, _ environment: ExperimentEnvironment) {
        self.environment = environment
        store = CellStore(folder: folder)
        let outdated = store.outdated
        if outdated > 0 {
            environment.tell(
                .message(
                    "\(folder.path)/trainings: \(counted(outdated, "result")) of an earlier version of amalgam cannot be used; trains "
                        + "again (you may delete that folder)"))
        }
    }

    /// Runs cells in order, before each what it needs.
    /// - Throws: what the trainings throw; `TrainingError.stopped` after a signal
    package func run(_ cells: [Cell]) throws -> ExperimentResults {
        let all = Cell.closure(cells)
        for cell in all { needed.formUnion(cell.inputs.compactMap(\.cell).map { ObjectIdentifier($0) }) }
        environment.tell(.planned(trainings: all.reduce(0) { $0 + $1.trainings }))
        for cell in all where results[cell] == nil { results.add(try finish(cell)) }
        return results
    }

    /// A training at one learning rate.
    private struct Trial {
        var name: String
        var result: CellResult
    }

    private func finish(_ cell: Cell) throws -> FinishedCell {
        let rates: [Double] =
            switch cell.rates {
            case .settings: [cell.settings.learningRate]
            case .grid(let rates): rates
            case .same(let other): [results[other]?.result.rate].compactMap { $0 }
            }
        let trials = try rates.map { try trial(cell, rate: $0, isOnly: rates.count == 1) }
        guard let best = RateChoice.best(trials.map(\.result.dev)) else {
            throw TrainingError.mismatch("\(cell.name) has no learning rate to try")
        }
        let chosen = trials[best]
        return FinishedCell(
            cell: cell, result: chosen.result, seconds: trials.reduce(0) { $0 + $1.result.seconds },
            bundleFile: keepsBundle(cell) ? store.bundleFile(chosen.name, key: chosen.result.key) : nil)
    }

    private func keepsBundle(_ cell: Cell) -> Bool { cell.keepsBundle || needed.contains(ObjectIdentifier(cell)) }

    private func trial(_ cell: Cell, rate: Double, isOnly: Bool) throws -> Trial {
        var settings = cell.settings
        settings.learningRate = rate
        let name = cell.choosesRate ? "\(cell.name).lr\(rate)" : cell.name
        let key = try CellKey(cell, settings, base: base(cell.session), input: key).digest
        if let result = store.load(name, key: key, needsBundle: keepsBundle(cell)) {
            environment.tell(.message("\(name): already finished"))
            return Trial(name: name, result: result)
        }
        let label = isOnly ? cell.label : "\(cell.label), learning rate \(rate)"
        let trained = try cell.training.train(
            on: cell.training.inputs.map(bundle),
            CellRun(
                session: cell.session, settings: settings,
                keeping: CheckpointSettings(
                    try store.checkpointFile(name, key: key), every: environment.checkpointEvery, resumes: true,
                    stops: environment.stops),
                memoryLimit: environment.memoryLimit
            ) { [environment] in
                if let news = ExperimentNews($0, label) { environment.tell(news) }
            })
        var result = CellResult(trained, key: key, rate: rate)
        result.answers = try answers(cell, trained.bundle, settings, label)
        try store.save(&result, bundle: keepsBundle(cell) ? trained.bundle : nil, name)
        store.removeCheckpoint(name, key: key)
        return Trial(name: name, result: result)
    }

    private func base(_ session: Session) -> String {
        if let known = bases[ObjectIdentifier(session)] { return known }
        let base = session.identity
        bases[ObjectIdentifier(session)] = base
        return base
    }

    private func key(_ input: CellInput) throws -> String {
        switch input {
        case .cell(let cell): try finished(cell).result.key
        case .bundle(let bundle): Digest.sha256(try BundleFile.data(bundle))
        }
    }

    private func bundle(_ input: CellInput) throws -> AdapterBundle {
        switch input {
        case .cell(let cell): try finished(cell).bundle()
        case .bundle(let bundle): bundle
        }
    }

    private func finished(_ cell: Cell) throws -> FinishedCell {
        guard let finished = results[cell] else { throw TrainingError.mismatch("\(cell.name) has not been trained") }
        return finished
    }

    /// Answers to all that the cell scores.
    private func answers(
        _ cell: Cell, _ bundle: AdapterBundle, _ settings: TrainingSettings, _ label: String
    ) throws -> [String: StoredAnswers] {
        var answers: [String: StoredAnswers] = [:]
        /// For splits in a row that one head answers on the bare base.
        var last: (head: String, predictor: Predictor)?
        func answer(_ scored: Cell.Scored) throws {
            let predictor: Predictor
            if scored.language == nil, let last, last.head == scored.head {
                predictor = last.predictor
            } else {
                predictor = try Predictor(
                    cell.session, bundle: bundle,
                    language: scored.language.map { try LanguageAdapter(self.bundle($0)) }, head: scored.head,
                    precision: settings.precision)
                last = scored.language == nil ? (scored.head, predictor) : nil
            }
            let evaluation = predictor.evaluate(scored.task.data[scored.split], metric: scored.task.metric)
            answers[scored.name] = evaluation.answers.map { StoredAnswers($0) }
        }
        if cell.scored.count > 1 {
            try environment.stage("\(label): tests", count: cell.scored.count, unit: "cells") {
                try answer(cell.scored[$0])
            }
        } else {
            try cell.scored.forEach(answer)
        }
        return answers
    }
}
