/// Labeled attachment score: the share of words with the right head and the right label, over all examples together.
///
/// As in the evaluation of the CoNLL 2018 shared task (Zeman et al. 2018) on true tokens: punctuation counts, and of a label
/// only the part before `:`, so that language-specific subtypes need not match.
package enum LabeledAttachment: Metric {
    package static let name = "las"

    package static func value(_ counts: TreeCounts) -> Double {
        counts.sum.words > 0 ? Double(counts.sum.rightArcs) / Double(counts.sum.words) : .nan
    }
}
