import Foundation
import Numerics
import Testing

@testable import Training

/// How a token is chosen from logits.
@Suite struct TokenChooserTests {
    private let workspace = Workspace(threads: 1)

    /// Shares of the tokens that are drawn, of 4,000.
    private func shares(
        _ logits: [Float], seen: Set<Int32> = [], _ change: (inout GenerationSettings) -> Void
    ) -> [Double] {
        let settings = GeneratorTests.settings(change)
        var chooser = TokenChooser(vocabulary: logits.count)
        var counts = [Double](repeating: 0, count: logits.count)
        for position in 0..<4000 {
            let choice = logits.withUnsafeBufferPointer {
                chooser.choose($0, settings, seen: seen, key: 77, position: position, workspace)
            }
            counts[Int(choice.token)] += 1 / 4000
        }
        return counts
    }

    private func softmax(_ logits: [Double]) -> [Double] {
        let sum = logits.reduce(0) { $0 + exp($1) }
        return logits.map { exp($0) / sum }
    }

    /// Four standard deviations of a share of 4,000.
    private func expectShares(_ found: [Double], _ expected: [Double], _ comment: String) {
        for (i, (a, b)) in zip(found, expected).enumerated() {
            #expect(abs(a - b) <= 4 * (b * (1 - b) / 4000).squareRoot() + (b == 0 ? 0 : 1e-9), "\(comment), token \(i)")
        }
    }

    private static let logits: [Float] = [0.5, 2, -1, 1.5, 0, -30]

    @Test func drawsByTheDistribution() {
        let wide = Self.logits.map(Double.init)
        expectShares(shares(Self.logits) { $0.temperature = 1 }, softmax(wide), "as it is")
        expectShares(shares(Self.logits) { $0.temperature = 0.5 }, softmax(wide.map { 2 * $0 }), "colder")
        #expect(shares(Self.logits) { _ in } == [0, 1, 0, 0, 0, 0].map { $0 * shares(Self.logits) { _ in }[1] })
    }

    @Test func drawsFromAPart() {
        let p = softmax(Self.logits.map(Double.init))
        func among(_ tokens: Set<Int>) -> [Double] {
            let sum = tokens.reduce(0) { $0 + p[$1] }
            return p.enumerated().map { tokens.contains($0.offset) ? $0.element / sum : 0 }
        }
        expectShares(shares(Self.logits) { ($0.temperature, $0.topK) = (1, 2) }, among([1, 3]), "top-k")
        // .52 + .31 = .83 is below .9; with the third it is .95
        expectShares(shares(Self.logits) { ($0.temperature, $0.topP) = (1, 0.9) }, among([0, 1, 3]), "top-p")
        expectShares(shares(Self.logits) { ($0.temperature, $0.topP) = (1, 1e-6) }, among([1]), "the first alone")
        // Of the most likely one .22 and .14 are the shares of tokens 0 and 4
        expectShares(shares(Self.logits) { ($0.temperature, $0.minP) = (1, 0.2) }, among([0, 1, 3]), "min-p")
        // Top-p counts what top-k has left: of .52 + .31, .62 is over .6
        expectShares(
            shares(Self.logits) { ($0.temperature, $0.topK, $0.topP) = (1, 2, 0.6) }, among([1]), "top-k, then top-p")
        // A part that holds nearly all: far below the first bound
        expectShares(
            shares(Self.logits) { ($0.temperature, $0.topP) = (1, 0.9999999) }, among([0, 1, 2, 3, 4]), "nearly all")
        expectShares(shares(Self.logits) { ($0.temperature, $0.topK) = (1, 6) }, p, "all of them")
    }

    @Test func repetitionPenalty() {
        let changed = [0.5, 1, -2, 1.5, 0, -30]
        expectShares(
            shares(Self.logits, seen: [1, 2]) { ($0.temperature, $0.repetitionPenalty) = (1, 2) }, softmax(changed),
            "two tokens that the text has")
    }

    @Test func logProbabilitiesAreTheModelsOwn() {
        var chooser = TokenChooser(vocabulary: 6)
        let settings = GeneratorTests.settings { ($0.logProbabilities, $0.repetitionPenalty) = (true, 9) }
        let choice = Self.logits.withUnsafeBufferPointer {
            chooser.choose($0, settings, seen: [1], key: 0, position: 0, workspace)
        }
        let p = softmax(Self.logits.map(Double.init))
        #expect(choice.token == 3 && abs((choice.logProbability ?? 0) - log(p[3])) < 1e-6)
    }

    @Test func refusesNumbersOutOfRange() throws {
        let changes: [(String, (inout GenerationSettings) -> Void)] = [
            ("--max-tokens", { $0.maxTokens = 0 }), ("--temperature", { $0.temperature = -1 }),
            ("--top-k", { $0.topK = -1 }), ("--top-p", { $0.topP = 0 }), ("--min-p", { $0.minP = 1.5 }),
            ("--repetition-penalty", { $0.repetitionPenalty = .nan }),
            ("--temperature", { $0.temperature = .infinity }),
        ]
        for (name, change) in changes {
            let error = try #require(throws: TrainingError.self) { try GeneratorTests.settings(change).validate() }
            #expect(error.description.hasPrefix("\(name): found"))
        }
    }

    @Test func stopStrings() {
        func run(_ pieces: [String], _ stops: [String]) -> (pieces: [String], isFound: Bool) {
            var matcher = StopStrings(stops)
            var given = pieces.map { matcher.append($0) }
            given.append(matcher.finish())
            return (given, matcher.isFound)
        }
        #expect(run(["ab", "c"], []).pieces == ["ab", "c", ""])
        #expect(run(["ab", "c#", "#d"], ["##"]) == (["ab", "c", "", ""], true))
        #expect(run(["ab#", "c#"], ["##"]) == (["ab", "#c", "#"], false))
        // The earliest of those that are there, and none that only may come
        #expect(run(["xab"], ["abc", "b"]) == (["xa", ""], true))
        #expect(run(["é", "è\n", "\nq"], ["\n\n"]) == (["é", "è", "", ""], true))
        #expect(run(["aaab"], ["aab", ""]) == (["a", ""], true))
    }
}
