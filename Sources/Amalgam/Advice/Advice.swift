import Training

/// Which bundles' features suit a task, by scores that need no training.
///
/// A score compares features on the same texts only. It is a hint which adapter to start from, stack or fuse, not a promise of
/// a result: train the first few to know.
public struct Advice: Sendable {
    /// A bundle, or the model alone.
    public struct Entry: Sendable, Equatable {
        /// The bundle's file, or its name where it was not read from one; empty for the model alone.
        public var bundle: String
        /// The score that ranks; nil where it is not defined.
        public var score: Double?
        /// All scores that are defined, by name.
        public var scores: [String: Double]
        /// Seconds for features and scores.
        public var seconds: Double

        init(_ row: Training.Advice.Row, method: String) {
            bundle = row.name
            score = row.scores[method]
            scores = row.scores
            seconds = row.seconds
        }
    }

    /// The task's name.
    public var task: String
    /// The name of the score that ranks.
    public var method: String
    /// The bundles, best first.
    public var ranking: [Entry]
    /// The model alone: what a bundle should beat.
    public var base: Entry
    /// Training texts that the scores were computed on.
    public var texts: Int
    /// Texts of the train split.
    public var allTexts: Int
    /// Seconds in all.
    public var seconds: Double
    /// Bundles that were skipped, and what else a user should know.
    public var warnings: [Warning]

    init(_ advice: Training.Advice, task: String, seconds: Double, warnings: [Warning]) {
        self.task = task
        method = advice.method
        ranking = advice.ranking.map { Entry($0, method: advice.method) }
        base = Entry(advice.base, method: advice.method)
        texts = advice.texts
        allTexts = advice.allTexts
        self.seconds = seconds
        self.warnings = warnings + advice.skipped.map { Warning.of(.composition, "\($0.name): skipped: \($0.reason)") }
    }
}
