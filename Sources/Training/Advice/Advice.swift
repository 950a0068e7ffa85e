import Numerics

/// How well the features of some bundles suit a task, without training.
package struct Advice: Sendable {
    /// What the scores say of a bundle, or of the model alone.
    package struct Row: Sendable, Equatable {
        /// As the caller named the bundle; empty for the model alone.
        package var name: String
        /// By the score's name; those that are not defined here are missing.
        package var scores: [String: Double]
        /// For features and scores.
        package var seconds: Double
    }

    /// Of `TransferabilityScores`: the rows' order.
    package var method: String
    /// Best first; bundles without this score last, in the caller's order.
    package var ranking: [Row]
    /// The model alone.
    package var base: Row
    /// Texts that the scores were computed on, and those that the task's train split has.
    package var texts: Int
    package var allTexts: Int
    /// Bundles that were skipped, each with the reason.
    package var skipped: [(name: String, reason: String)]
}

/// All that shapes advice.
package struct AdviceSettings: Sendable {
    package var method = TransferabilityScores.names[0]
    /// Training texts at most; a sample is stratified by class.
    package var texts = 1000
    package var seed = 0
    package var maxLength = 128
    package var pooling = Pool.Kind.mean
    /// Stands before each text; nil: what the model was made for.
    package var prefix: String?
    package var precision = Precision.float32

    package init() {}

    /// - Throws: `TrainingError.setting`
    func validate() throws(TrainingError) {
        guard TransferabilityScores.named(method) != nil else {
            throw .setting(
                name: "--method", found: method, expected: TransferabilityScores.names.joined(separator: ", "))
        }
        guard texts > 1 else { throw .setting(name: "--texts", found: "\(texts)", expected: "2 or more") }
        guard seed >= 0 else { throw .setting(name: "--seed", found: "\(seed)", expected: "0 or more") }
        try TrainingSettings.validate(maxLength: maxLength)
        try precision.validate()
    }
}
