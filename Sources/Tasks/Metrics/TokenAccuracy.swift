/// The share of words whose tag is right, over all examples together; as seqeval's `accuracy_score`.
package enum TokenAccuracy: Metric {
    package static let name = "token_accuracy"

    package static func value(_ counts: TagCounts) -> Double {
        counts.sum.words > 0 ? Double(counts.sum.rightWords) / Double(counts.sum.words) : .nan
    }
}
