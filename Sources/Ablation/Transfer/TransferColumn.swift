import Tasks

/// A task in a language: what is tested, and what each method says of it.
package struct TransferColumn {
    package var task: String
    package var language: String
    /// The task's own.
    package var metric: any Metric.Type = Accuracy.self
    /// Group of each test text, such as its source package.
    package var groups: [String?]
    /// Test texts whose label the source's training split does not have; they count as wrong.
    package var unknownLabels = 0
    /// Test rows that could not be scored, by reason.
    package var skipped: [String: Int] = [:]
    /// Of each method that ran.
    package var answers: [TransferMethod: any Answers] = [:]

    package init(task: String, language: String, groups: [String?]) {
        self.task = task
        self.language = language
        self.groups = groups
    }

    init(_ data: ExperimentTask, task: String, language: String) {
        self.init(task: task, language: language, groups: data.testGroups)
        metric = data.metric
        unknownLabels = data.data.test.count { $0.unknownLabel != nil }
        for (reason, count) in (data.data.skipped[.test] ?? []).counts { skipped[reason.rawValue] = count }
    }
}

/// What a language adapter cost and what it does to masked language modelling.
package struct TransferLanguage: Sendable, Equatable, Codable {
    package var language: String
    /// Perplexity of masked tokens of held-out text without the adapter and with it; nil where there is no such text.
    package var before: Double?
    package var after: Double?
    /// Masked tokens that were scored.
    package var scored: Int
    /// Size of its file.
    package var bytes: Int
    package var parameters: Int
    /// Tokens that it was trained on.
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

    init(_ language: String, _ result: CellResult) {
        self.init(
            language: language, before: result.language?.before?.value, after: result.language?.after?.value,
            scored: result.language?.after?.scored ?? 0, bytes: result.bundleBytes ?? 0,
            parameters: result.trainableParameters, tokens: result.tokens, seconds: result.seconds)
    }
}
