import Models
import Numerics
import Tasks
import Testing
import Text

@testable import Training

/// Windows of documents, mentions as a batch has them, and clusters read from results.
@Suite struct ClusterColumnTests {
    private let head = CoreferenceHead()

    private func document(_ sentences: [Int], _ clusters: [Cluster]?) -> Example {
        var word = 0
        let words = sentences.map { count in
            (0..<count).map { _ in
                word += 1
                return "w\(word % 5)"
            }
        }
        let payload = ClusteredTokens(sentences: words, clusters: clusters)
        return Example(id: 0, text: payload.tokens.joined(separator: " "), payload: payload)
    }

    private func encoded(_ examples: [Example], maxLength: Int) -> EncodedExamples {
        EncodedExamples(
            [(head, examples)], tokenizer: WordTokenizer(), maxLength: maxLength, prefix: "",
            pool: ThreadPool(threads: 2))
    }

    /// Sentences stay whole where they fit, and each word is in one window.
    @Test func windows() {
        func ranges(_ lengths: [Int], _ sentences: [Int], _ room: Int) -> [Range<Int>] {
            DocumentWindows.ranges(lengths, sentences: sentences, room: room)
        }
        let ones = [Int](repeating: 1, count: 9)
        #expect(ranges(ones, [3, 2, 4], 5) == [0..<5, 5..<9])
        #expect(ranges(ones, [3, 3, 3], 5) == [0..<3, 3..<6, 6..<9])
        #expect(ranges(ones, [1, 7, 1], 4) == [0..<1, 1..<5, 5..<9])
        #expect(ranges([2, 9, 0, 1], [4], 3) == [0..<1, 1..<2, 2..<4])
        #expect(ranges([], [0, 0], 3) == [0..<0])
        // The tokenizer has one special token
        let examples = encoded([document([3, 2, 4], nil), document([2], nil)], maxLength: 6)
        #expect(examples.sequences(of: 0).count == 2 && examples.sequences(of: 1).count == 1)
        #expect(examples.wordTokens(0, all: false, longest: .max).map(\.word) == Array(0..<9))
        #expect(examples.truncated == 0)
    }

    /// Mentions count words with a token; those of which an end has none are left out.
    @Test func targetsOfABatch() throws {
        let clusters: [Cluster] = [[Mention(0, 1), Mention(5, 5)], [Mention(4, 5), Mention(8, 8)]]
        let examples = encoded([document([3, 3, 3], clusters), document([2, 2], nil)], maxLength: 6)
        func targets(_ longest: Int, predicts: Bool = false) throws -> HeadTargets {
            try #require(
                examples.batch(
                    [0, 1], task: 0, heads: [BatchHead(index: 0, column: 0, input: .marked)], longest: longest,
                    predicts: predicts
                ).targets[0])
        }
        let whole = try targets(.max)
        guard case .mentions(let words) = whole.values else { return #expect(Bool(false)) }
        // Windows of 3 words and a special token each
        #expect(whole.marks == [1, 2, 3, 5, 6, 7, 9, 10, 11])
        #expect(words.map(\.isFirst) == (0..<9).map { $0 == 0 } && words.allSatisfy(\.hasClusters))
        #expect(words.map(\.sentence) == [0, 0, 0, 1, 1, 1, 2, 2, 2])
        #expect(words.map(\.form) == [0, 1, 2, 3, 4, 0, 1, 2, 3])
        #expect(
            words[0].mentions == [.init(length: 1, cluster: 0)] && words[5].mentions == [.init(length: 0, cluster: 0)])
        #expect(
            words[4].mentions == [.init(length: 1, cluster: 1)] && words[8].mentions == [.init(length: 0, cluster: 1)])
        #expect(words.map(\.mentions.count).reduce(0, +) == 4 && whole.normalizer == 9)
        // Two words of each window
        guard case .mentions(let cut) = try targets(3).values else { return #expect(Bool(false)) }
        #expect(cut.count == 6 && cut.map(\.mentions.count) == [1, 0, 0, 0, 0, 0])
        guard case .mentions(let all) = try targets(.max, predicts: true).values else { return #expect(Bool(false)) }
        #expect(all.count == 13 && all[9].isFirst && !all[9].hasClusters && all[12].sentence == 1)
    }

    /// Mentions of results are words of the document, in the order of clusters by their first mentions.
    @Test func clustersOfResults() {
        let examples = encoded([document([3, 3], [[Mention(0, 0), Mention(2, 2)]])], maxLength: 6)
        var results = Evaluator.empty(head, examples)
        let width = BestClusters.width
        func set(_ row: Int, _ slot: Int, _ length: Float, _ cluster: Float) {
            results = HeadResults(
                width: width,
                values: results.values.enumerated().map { i, value in
                    i == row * width + 2 * slot ? length : i == row * width + 2 * slot + 1 ? cluster : value
                }, offsets: results.offsets, words: results.words, losses: results.losses)
        }
        set(1, 0, 2, 7)
        set(1, 1, 1, 3)
        set(4, 0, 1, 7)
        set(0, 0, 1, 3)
        #expect(
            ClusterOutput.clusters(results, 0) == [
                [Mention(0, 0), Mention(1, 1)], [Mention(1, 2), Mention(4, 4)],
            ])
        let answers = examples.columns[0].answers(results)
        #expect((answers.answers as? ClusterAnswers)?.gold == [[[Mention(0, 0), Mention(2, 2)]]])
        #expect(answers.scored == [0])
    }
}
