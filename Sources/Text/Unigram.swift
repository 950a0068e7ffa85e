/// Unigram (Kudo 2018, sentencepiece): of all ways to spell a word in tokens, the one whose log probabilities sum highest.
///
/// Viterbi over scalars, in `tokenizers`' order of comparison: of equal sums the way that was found first, by earlier start and
/// then by shorter token. What no token spells is unknown, scalar by scalar at a penalty; neighbours of it are one token.
struct Unigram: SubwordModel {
    static let name = "Unigram"
    /// How much less likely than the least likely token an unknown scalar is (sentencepiece's kUnkPenalty).
    private static let penalty = 10.0

    let vocabulary: Vocabulary
    /// Log probability of each token, by id.
    private let scores: [Double]
    private let unknown: Int32
    private let unknownScore: Double

    /// - Parameters:
    ///   - vocabulary: ids from 0 on, without holes
    ///   - scores: as many
    ///   - unknown: the id of the token for what cannot be spelled
    init(vocabulary: Vocabulary, scores: [Double], unknown: Int32) {
        self.vocabulary = vocabulary
        self.scores = scores
        self.unknown = unknown
        unknownScore = (scores.min() ?? 0) - Self.penalty
    }

    func write(to identity: inout TokenizerIdentity) {
        identity.add(Self.name)
        identity.add(Int(unknown))
        vocabulary.write(to: &identity)
        for score in scores { identity.add(score.bitPattern) }
    }

    /// The best way to the scalars before a border.
    private struct Way {
        var score = 0.0
        /// Where its last token starts; −1: there is none yet.
        var start: Int32 = -1
        var id: Int32 = 0
    }

    func appendTokens(of units: [NormalizedText.Unit], _ range: Range<Int>, to tokens: inout [SubwordToken]) {
        let count = range.count
        withUnsafeTemporaryAllocation(of: Way.self, capacity: count + 1) { ways in
            ways.initialize(repeating: Way())
            for start in 0..<count {
                let before = ways[start].score
                var node = ScalarTrie.root
                var spellsOne = false
                var end = start
                while end < count, let next = vocabulary.trie.next(node, units[range.lowerBound + end].scalar) {
                    node = next
                    end += 1
                    guard let id = vocabulary.trie.value(node) else { continue }
                    if end == start + 1 { spellsOne = true }
                    let score = scores[Int(id)] + before
                    if ways[end].start < 0 || score > ways[end].score {
                        ways[end] = Way(score: score, start: Int32(start), id: id)
                    }
                }
                if !spellsOne {
                    let score = unknownScore + before
                    if ways[start + 1].start < 0 || score > ways[start + 1].score {
                        ways[start + 1] = Way(score: score, start: Int32(start), id: unknown)
                    }
                }
            }
            let first = tokens.count
            var end = count
            while end > 0 {
                let way = ways[end]
                let start = Int(way.start)
                if way.id == unknown, let last = tokens.indices.last, last >= first, tokens[last].id == unknown {
                    tokens[last].range = range.lowerBound + start..<tokens[last].range.upperBound
                } else {
                    tokens.append(
                        SubwordToken(id: way.id, range: range.lowerBound + start..<range.lowerBound + end))
                }
                end = start
            }
            tokens[first...].reverse()
        }
    }
}
