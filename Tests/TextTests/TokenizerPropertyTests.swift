import Foundation
import Testing

@testable import Text

@Suite struct TokenizerPropertyTests {
    let tokenizer: any Tokenizer

    init() throws {
        tokenizer = try TokenizerFolder.load(Golden.folder.appendingPathComponent("uncased"))
    }

    @Test func keepsSpecialTokensWhateverTheLength() {
        for length in [Int.min, -1, 0, 1, 2] {
            let single = tokenizer.encode("the cat sat", pair: nil, maxLength: length)
            #expect(single.ids.compactMap(tokenizer.token) == ["[CLS]", "[SEP]"])
            let pair = tokenizer.encode("the cat", pair: "sat", maxLength: length)
            #expect(pair.ids.compactMap(tokenizer.token) == ["[CLS]", "[SEP]", "[SEP]"])
            #expect(pair.typeIDs == [0, 0, 1])
        }
    }

    /// Shorter encodings of one text begin like longer ones; all fit; offsets lie within the text.
    @Test func cutsOnTheRight() throws {
        for one in try Golden.cases("uncased.json").prefix(400) {
            let whole = tokenizer.encode(one.text, pair: nil, maxLength: .max)
            let count = Int32(one.text.unicodeScalars.count)
            #expect(whole.offsets.allSatisfy { $0.lowerBound >= 0 && $0.upperBound <= count })
            for length in 2...6 {
                let cut = tokenizer.encode(one.text, pair: nil, maxLength: length)
                #expect(cut.ids.count == min(length, whole.ids.count))
                // A text of exactly that length is whole
                #expect(cut.isTruncated == (whole.ids.count > length))
                #expect(cut.ids.dropLast().elementsEqual(whole.ids.prefix(cut.ids.count - 1)))
            }
        }
    }

    /// Against the rule spelled out: take from the longer while both together are too long.
    @Test func sharesThePairsLength() {
        for first in 0..<12 {
            for second in 0..<12 {
                for most in 0..<24 {
                    let keep = Truncation.lengths(first, second, most: most)
                    #expect(keep.first + keep.second == min(most, first + second))
                    #expect(keep.first <= first && keep.second <= second)
                    if keep.first < first && keep.second < second { #expect(abs(keep.first - keep.second) <= 1) }
                    if keep.first < first && keep.second == second { #expect(keep.first >= second - 1) }
                }
            }
        }
    }

    /// Swift's own string keys would take these two for one.
    @Test func distinguishesComposedFromDecomposedTokens() throws {
        let vocabulary = try Vocabulary([("\u{E9}", 0), ("e\u{301}", 1), ("", 2)])
        #expect(vocabulary.id(of: "\u{E9}") == 0)
        #expect(vocabulary.id(of: "e\u{301}") == 1)
        #expect(vocabulary.id(of: "e") == nil)
        #expect(vocabulary.token(2) == "")
        #expect(vocabulary.token(3) == nil && vocabulary.token(-1) == nil)
        #expect(vocabulary.size == 3)
    }

    /// Tables are complete: a word of them that did not parse would be passed over.
    @Test func readsAllTables() {
        let table = ScalarTable()
        func count(_ flag: ScalarTable.Flags) -> Int { table.flags.reduce(0) { $0 + ($1.contains(flag) ? 1 : 0) } }
        #expect(count(.removed) == 137_681)
        #expect(count(.space) == 25)
        #expect(count(.punctuation) == 726)
        #expect(count(.nonspacing) == 1549)
        #expect(count(.lowers) == 1488)
        #expect(count(.decomposes) == 2060 + 11_172)
        #expect(count(.ideograph) == 81_264)
        #expect(table.combiningClass(0x345) == 240 && table.combiningClass(0x323) == 220)
    }

    /// A million bytes a second and core are asked for; set AMALGAM_TEST_SPEED to see the rate (release build).
    @Test(.enabled(if: ProcessInfo.processInfo.environment["AMALGAM_TEST_SPEED"] != nil, "set AMALGAM_TEST_SPEED"))
    func isFastEnough() throws {
        let texts = try Golden.cases("uncased.json").map(\.text)
        let english = (0..<40_000).map {
            "The quick brown fox number \($0) wasn't jumping over 3 lazy dogs, unfortunately."
        }
        for (name, lines) in [("hard strings", texts + texts + texts), ("English", english)] {
            let bytes = lines.reduce(0) { $0 + $1.utf8.count }
            let start = ContinuousClock.now
            var tokens = 0
            for line in lines { tokens += tokenizer.encode(line, pair: nil, maxLength: 128).ids.count }
            let seconds = (ContinuousClock.now - start) / .seconds(1)
            print("\(name): \(Double(bytes) / seconds / 1e6) MB/s, \(Double(tokens) / seconds) tokens/s")
            #expect(Double(bytes) / seconds > 1e6)
        }
    }
}
