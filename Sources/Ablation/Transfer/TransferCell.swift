import Tasks

/// A task in a language: what is tested, and what each method says of it.
package struct TransferCell: Sendable {
    package var task: String
    package var language: String
    package var classes: Int
    /// True class of each test text.
    package var gold: [Int]
    /// Group of each test text, such as its source package.
    package var groups: [String?]
    /// Name of the task's own metric.
    package var metric = Accuracy.name
    /// Test texts whose label the source's training split does not have; they count as wrong.
    package var unknownLabels = 0
    /// Test rows that could not be scored, by reason.
    package var skipped: [String: Int] = [:]
    /// Class of each test text by each method that ran.
    package var predictions: [TransferMethod: [Int]] = [:]

    package init(task: String, language: String, classes: Int, gold: [Int], groups: [String?]) {
        self.task = task
        self.language = language
        self.classes = classes
        self.gold = gold
        self.groups = groups
    }
}

/// What a language adapter cost and what it does to masked language modelling.
package struct TransferLanguage: Sendable, Equatable, Codable {
    package var language: String
    /// Perplexity of masked pieces of held-out text without the adapter and with it; nil where there is no such text.
    package var before: Double?
    package var after: Double?
    /// Masked pieces that were scored.
    package var scored: Int
    /// Size of its file.
    package var bytes: Int
    package var parameters: Int
    /// Pieces that it was trained on.
    package var tokens: Int
    package var seconds: Double

    package init(
        language: String, before: Double?, after: Double?, scored: Int, bytes: Int, parameters: Int, tokens: Int,
        seconds: Double
    ) {
        self.language = language
        // JSON has no word for an infinite perplexity
        self.before = before.flatMap { $0.isFinite ? $0 : nil }
        self.after = after.flatMap { $0.isFinite ? $0 : nil }
        self.scored = scored
        self.bytes = bytes
        self.parameters = parameters
        self.tokens = tokens
        self.seconds = seconds
    }
}
