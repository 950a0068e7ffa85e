import Foundation
import Testing

@testable import Text

@Suite struct BPEPropertyTests {
    private static func random(_ seed: UInt64) -> (Int) -> Int {
        var state = seed
        return { bound in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % bound
        }
    }

    /// The definition: while any neighbors merge, merge those of the lowest rank, the leftmost first.
    private static func naive(_ word: [String], _ ranks: [[String]: Int]) -> [String] {
        var tokens = word
        while true {
            let candidates = zip(tokens, tokens.dropFirst()).enumerated().compactMap { place, pair in
                ranks[[pair.0, pair.1]].map { (rank: $0, place: place) }
            }
            guard let best = candidates.min(by: { ($0.rank, $0.place) < ($1.rank, $1.place) }) else { return tokens }
            tokens.replaceSubrange(best.place...best.place + 1, with: [tokens[best.place] + tokens[best.place + 1]])
        }
    }

    /// Random merges of which each gives a token of its own, so that the definition leaves no choice.
    @Test func mergesAsTheDefinitionSays() throws {
        let next = Self.random(3)
        for _ in 0..<60 {
            var tokens = ["a", "b", "c"]
            var ranks: [[String]: Int] = [:]
            var list: [[String]] = []
            for _ in 0..<next(30) {
                let pair = [tokens[next(tokens.count)], tokens[next(tokens.count)]]
                guard !tokens.contains(pair[0] + pair[1]), pair[0].count + pair[1].count < 12 else { continue }
                ranks[pair] = list.count
                list.append(pair)
                tokens.append(pair[0] + pair[1])
            }
            let vocabulary = try Vocabulary(tokens.enumerated().map { ($1, Int32($0)) })
            var merges = MergeList(vocabulary: vocabulary, prefix: "")
            for pair in list { try merges.append(pair) }
            let model = BPE(vocabulary: vocabulary, merges: MergeTable(merges.merges), options: BPE.Options())
            for _ in 0..<40 {
                let word = (0...next(40)).map { _ in ["a", "b", "c"][next(3)] }
                let scalars = word.joined().unicodeScalars.map(\.value)
                var made: [SubwordToken] = []
                model.appendTokens(of: NormalizedText(scalars, 0..<scalars.count).units, 0..<scalars.count, to: &made)
                #expect(made.compactMap { vocabulary.token($0.id) } == Self.naive(word, ranks), "\(word) \(list)")
                #expect(made.map(\.range.lowerBound) == [0] + made.dropLast().map(\.range.upperBound))
            }
        }
    }

    /// The words of a text cover it, and a text without a known character has no tokens but those around it.
    @Test func wordsCoverEveryText() {
        let next = Self.random(5)
        let scalars: [UInt32] = [0x20, 0x0A, 0x27, 0x73, 0x6C, 0x61, 0x31, 0x21, 0xA0, 0xE9, 0x2003, 0x10FFFF]
        for _ in 0..<2000 {
            let text = (0..<next(12)).map { _ in scalars[next(scalars.count)] }
            let words = ByteLevel.words(NormalizedText(text, 0..<text.count).units)
            #expect(words.allSatisfy { !$0.isEmpty } && words.flatMap { Array($0) } == Array(text.indices))
        }
    }

    /// Every byte has a character of its own, none of them white space.
    @Test func bytesAreDistinct() {
        #expect(Set(ByteLevel.scalars).count == 256)
        #expect(!ByteLevel.scalars.contains { ScalarTable.shared.flags[Int($0)].contains(.space) })
        #expect(ByteLevel.scalars[0x20] == ByteLevel.space)
    }

    /// A very long word does not take quadratic time.
    @Test func longWordsAreFast() throws {
        let tokenizer = try TokenizerFolder.load(BPEParityTests.folder.appendingPathComponent("roberta"))
        let start = ContinuousClock.now
        let count = tokenizer.encode(String(repeating: "thein", count: 100_000), pair: nil, maxLength: .max).ids.count
        #expect(count > 100_000)
        #expect(ContinuousClock.now - start < .seconds(5))
    }

    /// Set AMALGAM_TEST_SPEED to see the rate (release build).
    @Test(.enabled(if: ProcessInfo.processInfo.environment["AMALGAM_TEST_SPEED"] != nil, "set AMALGAM_TEST_SPEED"))
    func isFastEnough() throws {
        let tokenizer = try TokenizerFolder.load(BPEParityTests.folder.appendingPathComponent("roberta"))
        let lines = (0..<40_000).map {
            "The quick brown fox number \($0) wasn't jumping over 3 lazy dogs, unfortunately."
        }
        let bytes = lines.reduce(0) { $0 + $1.utf8.count }
        let start = ContinuousClock.now
        var tokens = 0
        for line in lines { tokens += tokenizer.encode(line, pair: nil, maxLength: 128).ids.count }
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        print("byte-level BPE: \(Double(bytes) / seconds / 1e6) MB/s, \(Double(tokens) / seconds) tokens/s")
        #expect(Double(bytes) / seconds > 1e6)
    }
}
