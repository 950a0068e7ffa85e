import Foundation
import Tasks
import Training

/// What is kept of a finished training: all that a report needs of it.
package struct CellResult: Codable, Sendable {
    /// A task's dev score in the epoch that was kept.
    package struct Dev: Codable, Sendable, Equatable {
        /// Name of the metric; empty for running text.
        package var metric: String
        /// Larger is better; −∞ if the metric is undefined.
        package var score: Double
    }

    /// Digest of its `CellKey`.
    package var key: String
    package var rate: Double
    /// By task.
    package var dev: [String: Dev]
    /// By the name of what is scored.
    package var answers: [String: StoredAnswers] = [:]
    package var trainableParameters: Int
    /// Size of the bundle's file, if it was kept.
    package var bundleBytes: Int?
    package var tokens: Int
    package var seconds: Double
    /// Loss of each step.
    package var losses: [Double]
    /// The mean share of a fusion's attention that each adapter gets, over layers and tokens; nil: nobody asked.
    package var attention: [String: Double]?
    /// Nil where tasks were trained.
    package var language: LanguageScores?

    init(_ trained: Session.Trained, key: String, rate: Double) {
        self.key = key
        self.rate = rate
        dev = trained.result.dev.mapValues { Dev(metric: $0.metric, score: $0.score) }
        trainableParameters = trained.trainable
        tokens = trained.result.tokens
        seconds = trained.result.seconds
        losses = trained.result.losses
        language = trained.language
    }

    /// The answers that were scored under a name.
    package subscript(name: String) -> (any Answers)? { answers[name]?.answers }
}

/// Answers in the JSON of a finished training.
package struct StoredAnswers: Codable, Sendable {
    package let answers: any Answers

    package init(_ answers: any Answers) { self.answers = answers }

    package init(from decoder: any Decoder) throws {
        let box = try decoder.singleValueContainer()
        guard let answers = AnswerForms.answers(try box.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(in: box, debugDescription: "not stored answers")
        }
        self.answers = answers
    }

    package func encode(to encoder: any Encoder) throws {
        var box = encoder.singleValueContainer()
        try box.encode(AnswerForms.text(answers))
    }
}
