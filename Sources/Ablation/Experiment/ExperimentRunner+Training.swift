import Bundles
import Foundation
import Tasks
import Training

/// One training of an experiment, which this process has claimed.
extension ExperimentRunner {
    /// Trains and scores, or continues from a checkpoint, and keeps the result.
    /// - Parameters:
    ///   - inputs: the bundles that it builds on
    ///   - sharing: what the session's trainings keep of its frozen layers
    func train(_ trial: Trial, on inputs: [AdapterBundle], sharing: SharedActivations?) throws -> CellResult {
        let cell = trial.cell
        let trained = try cell.training.train(
            on: inputs,
            CellRun(
                session: cell.session, settings: trial.settings,
                keeping: CheckpointSettings(
                    store.checkpointFile(trial.name, key: trial.key), every: environment.checkpointEvery,
                    resumes: true, stops: environment.stops),
                memoryLimit: environment.memoryLimit, sharing: sharing
            ) { [environment] in
                if let news = ExperimentNews($0, trial.label) { environment.tell(news) }
            })
        var result = CellResult(trained, key: trial.key, rate: trial.settings.learningRate)
        result.answers = try answers(trial, trained.bundle)
        result.attention = try attention(trial, trained.bundle)
        try store.save(&result, bundle: trial.keepsBundle ? trained.bundle : nil, trial.name)
        store.removeCheckpoint(trial.name, key: trial.key)
        return result
    }

    /// What a fusion attends to on the first texts that are scored.
    private func attention(_ trial: Trial, _ bundle: AdapterBundle) throws -> [String: Double]? {
        guard trial.cell.showsAttention, let scored = trial.cell.scored.first else { return nil }
        let predictor = try Predictor(
            trial.cell.session, bundle: bundle, head: scored.head, precision: trial.settings.precision)
        return try predictor.meanAttention(Array(scored.task.data[scored.split].prefix(Self.attentionTexts))).means
    }

    private static let attentionTexts = 128

    /// Answers to all that the cell scores.
    private func answers(_ trial: Trial, _ bundle: AdapterBundle) throws -> [String: StoredAnswers] {
        let cell = trial.cell
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
                    precision: trial.settings.precision)
                last = scored.language == nil ? (scored.head, predictor) : nil
            }
            let evaluation = predictor.evaluate(scored.task.data[scored.split], metric: scored.task.metric)
            answers[scored.name] = evaluation.answers.map { StoredAnswers($0) }
        }
        if cell.scored.count > 1 {
            try environment.stage("\(trial.label): tests", count: cell.scored.count, unit: "cells") {
                try answer(cell.scored[$0])
            }
        } else {
            try cell.scored.forEach(answer)
        }
        return answers
    }
}
