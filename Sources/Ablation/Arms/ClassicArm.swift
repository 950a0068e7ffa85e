import Tasks

/// What is classic for the task's kind: a linear model on TF-IDF features, BM25 and the like.
package enum ClassicArm: BaselineArm {
    package static let name = "tfidf"
    package static let label = "baseline"
    static func baseline(_ baselines: Baselines) -> (any Baseline.Type)? { baselines.classic }
}
