/// Unlabeled attachment score: the share of words with the right head, over all examples together; punctuation counts.
package enum UnlabeledAttachment: Metric {
    package static let name = "uas"

    package static func value(_ counts: TreeCounts) -> Double {
        counts.sum.words > 0 ? Double(counts.sum.rightHeads) / Double(counts.sum.words) : .nan
    }
}
