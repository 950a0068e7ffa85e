import Tasks

/// Examples that stand in two sets of data, of which a model learns from one and is scored on the other: scores on them say
/// little about new texts.
///
/// Two sets are compared where their roles differ: train, dev and test. An example counts once in each comparison, with the
/// first kind that fits.
public struct DataOverlap: Sendable {
    /// How two examples are alike.
    public enum Kind: String, Sendable, CaseIterable {
        /// The same words in the same order; case, punctuation, white space and compatibility characters (NFKC) do not count.
        case exact
        /// The sets of words and pairs of adjacent words have a Jaccard similarity of the threshold or more.
        case near
        /// A run of 13 words is shared; of a text of 8 to 12 words, the whole text (Brown et al. 2020).
        case ngram13

        var stored: Overlap.Kind { Overlap.Kind(rawValue: rawValue) ?? .exact }
    }

    /// An example with the one that is most like it.
    public struct Pair: Sendable, Equatable {
        /// Where the example stands: `file:line`, or `file[place]` in a JSON array.
        public var a: String
        /// Where the other one stands, in the data that comes before: train before dev, dev before test. Of a bundle's training
        /// texts: the bundle.
        public var b: String
        /// How they are alike.
        public var kind: Kind
        /// 1 for exact pairs; the Jaccard similarity of near ones; for shared runs the share of the example's runs that the
        /// other data has.
        public var similarity: Double
    }

    /// Two sets that were compared.
    public struct Comparison: Sendable, Equatable {
        /// The set whose examples are counted, as `game test`.
        public var a: String
        /// The other set, as `game train`, or a bundle.
        public var b: String
        /// Examples of the first.
        public var aExamples: Int
        /// Examples of the second; of a bundle different training texts.
        public var bExamples: Int
        /// Examples of the first that are in the second, by kind.
        public var counts: [Kind: Int]
        /// Examples of the first that are like so many of the second that not all were compared, and not like the first of these.
        public var undecided: Int
    }

    /// The task's name.
    public var task: String
    /// In the order in which sets were compared, test before dev.
    public var comparisons: [Comparison]
    /// The worst pairs: exact ones, then near ones and shared runs, each by similarity.
    public var pairs: [Pair]
    /// Pairs that ``OverlapOptions/maxPairs`` left out.
    public var morePairs: Int
    /// Jaccard similarity from which examples are near duplicates.
    public var threshold: Double
    /// What a user should know: bundles without hashes of their texts.
    public var warnings: [Warning]

    /// How many examples overlap in this way, over all comparisons.
    public func count(_ kind: Kind) -> Int { comparisons.reduce(0) { $0 + ($1.counts[kind] ?? 0) } }

    /// How many examples overlap, over all comparisons and kinds.
    public var count: Int { Kind.allCases.reduce(0) { $0 + count($1) } }

    init(_ overlap: Overlap, task: String, threshold: Double, warnings: [Warning]) {
        self.task = task
        comparisons = overlap.comparisons.map { each in
            Comparison(
                a: each.a, b: each.b, aExamples: each.aCount, bExamples: each.bCount,
                counts: Dictionary(uniqueKeysWithValues: Kind.allCases.map { ($0, each.counts[$0.stored] ?? 0) }),
                undecided: each.undecided)
        }
        pairs = overlap.pairs.map {
            Pair(a: $0.a, b: $0.b, kind: Kind(rawValue: $0.kind.rawValue) ?? .exact, similarity: $0.similarity)
        }
        morePairs = overlap.morePairs
        self.threshold = threshold
        self.warnings = warnings
    }
}
