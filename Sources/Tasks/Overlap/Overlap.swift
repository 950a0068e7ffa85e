/// Texts that stand in two sets of data, of which a model learns from one and is scored on the other.
package struct Overlap: Sendable, Equatable {
    /// How two examples are alike. An example counts once, with the first kind that fits.
    package enum Kind: String, Sendable, CaseIterable {
        /// All words of all texts are equal (`FoldedWords`).
        case exact
        /// The shingles have at least the threshold's Jaccard similarity (`Shingles`).
        case near
        /// A run of 13 words is shared (Brown et al. 2020, appendix C).
        case ngram13
    }

    /// An example with the one that is most like it in another set.
    package struct Pair: Sendable, Equatable {
        /// Where the example stands.
        package var a: String
        /// Where the other one stands: a place, or a bundle.
        package var b: String
        package var kind: Kind
        /// 1 for `exact`, the Jaccard similarity for `near`, the share of the example's runs that the other set has for
        /// `ngram13`.
        package var similarity: Double
    }

    /// Two sets that were compared.
    package struct Comparison: Sendable, Equatable {
        /// Names of the sets, such as `game test`.
        package var a: String
        package var b: String
        /// Examples of each.
        package var aCount: Int
        package var bCount: Int
        /// Examples of `a` by kind.
        package var counts: [Kind: Int] = [:]
        /// Examples of `a` without a near duplicate among the first candidates, where there were too many to look at all.
        package var undecided = 0
    }

    /// In the order in which they were compared.
    package var comparisons: [Comparison] = []
    /// The worst pairs: exact ones, then near ones and runs of words, each by similarity.
    package var pairs: [Pair] = []
    /// How many more pairs there are.
    package var morePairs = 0

    /// Examples of this kind in all comparisons.
    package func count(_ kind: Kind) -> Int { comparisons.reduce(0) { $0 + ($1.counts[kind] ?? 0) } }

    package init() {}
}

/// How a check of overlaps goes.
package struct OverlapSettings: Sendable, Equatable {
    /// Jaccard similarity from which two examples are near duplicates, above 0 and at most 1.
    package var threshold = 0.8
    /// Pairs that are listed at most.
    package var mostPairs = 10_000
    /// Threads; they do not change the result.
    package var threads = 1

    package init() {}
}
