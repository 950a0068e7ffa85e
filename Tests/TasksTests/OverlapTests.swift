import Foundation
import Testing

@testable import Tasks
@testable import Text

/// The overlaps between sets of texts, against a comparison of every pair in Python (`overlap_golden.py`).
@Suite struct OverlapTests {
    private struct Golden: Decodable {
        struct Words: Decodable {
            let text: String
            let words: [String]
        }
        struct Match: Decodable {
            let held: String
            let line: Int
            let other: String
            let kind: String
            let similarity: Double
            let lines: [Int]
        }
        let seed: Int
        let splits: [String: [[String]]]
        let expected: [Match]
        let words: [Words]
    }

    private func documents(_ rows: [[String]], _ split: Split, task: String = "t") -> DocumentSet {
        var set = DocumentSet(task: task, split: split, file: "\(task)-\(split.rawValue)")
        for (place, texts) in rows.enumerated() {
            set.append(
                Example(id: place, text: texts[0], pair: texts.count > 1 ? texts[1] : nil, line: place + 1))
        }
        return set
    }

    @Test func everyPairIsFound() throws {
        let golden = try golden("overlap", as: Golden.self)
        func set(_ name: String) -> DocumentSet {
            documents(golden.splits[name] ?? [], Split(rawValue: name) ?? .train, task: name == "other" ? "o" : "t")
        }
        let files = ["t-train": "train", "t-dev": "dev", "t-test": "test", "o-train": "other"]
        var expected: [String: Golden.Match] = [:]
        for match in golden.expected { expected["\(match.held):\(match.line) \(match.other)"] = match }
        #expect(Set(golden.expected.map(\.kind)).count == 3)
        for threads in [1, 3] {
            var settings = OverlapSettings()
            settings.threads = threads
            let overlap = OverlapCheck.run(
                [set("train"), set("dev"), set("test")], against: [set("other")], settings: settings)
            #expect(overlap.pairs.count == expected.count && overlap.morePairs == 0, "seed \(golden.seed)")
            for pair in overlap.pairs {
                let (a, b) = (pair.a.split(separator: ":"), pair.b.split(separator: ":"))
                let key = "\(files[String(a[0])] ?? ""):\(a[1]) \(files[String(b[0])] ?? "")"
                let match = try #require(expected[key], "seed \(golden.seed): \(pair)")
                #expect(pair.kind.rawValue == match.kind, "seed \(golden.seed): \(pair), \(match)")
                #expect(abs(pair.similarity - match.similarity) < 1e-6, "seed \(golden.seed): \(pair), \(match)")
                #expect(match.lines.contains(Int(b[1]) ?? 0), "seed \(golden.seed): \(pair), \(match)")
            }
            for kind in Overlap.Kind.allCases {
                #expect(overlap.count(kind) == golden.expected.count { $0.kind == kind.rawValue })
            }
        }
    }

    /// Texts are equal where Python's words are.
    @Test func words() throws {
        let cases = try golden("overlap", as: Golden.self).words
        for a in cases {
            #expect(FoldedWords.hashes(a.text).count == a.words.count, "\(a.text)")
            for b in cases {
                #expect(
                    (FoldedWords.hashes(a.text) == FoldedWords.hashes(b.text)) == (a.words == b.words),
                    "\(a.text), \(b.text)")
            }
        }
    }

    /// Sets with the same role are not compared: a text that two tasks learn from is no leak.
    @Test func equalRolesAreNoLeak() {
        let rows = [["One text that stands in all of the sets."]]
        let own = [documents(rows, .train), documents(rows, .dev), documents(rows, .test)]
        let overlap = OverlapCheck.run(
            own, against: [documents(rows, .train, task: "o"), documents(rows, .test, task: "o")])
        #expect(
            overlap.comparisons.map { "\($0.a) in \($0.b)" } == [
                "t test in t train", "t test in t dev", "t test in o train", "o test in t train", "o test in t dev",
                "t dev in t train", "t dev in o train",
            ])
        #expect(overlap.count(.exact) == 7 && overlap.pairs.allSatisfy { $0.similarity == 1 })
    }

    /// More texts of one template than are compared with each other: each is decided, or counted as undecided.
    @Test func templates() {
        func rows(_ count: Int, _ last: String) -> [[String]] {
            (0..<count).map { ["the package number \($0) of the list has its files in the folder of the user \(last)"] }
        }
        let overlap = OverlapCheck.run([documents(rows(500, "a"), .train), documents(rows(100, "b"), .test)])
        let comparison = overlap.comparisons[0]
        let near = comparison.counts[.near] ?? 0
        #expect(near > 0 && comparison.counts[.exact] == nil)
        #expect(near + comparison.undecided + (comparison.counts[.ngram13] ?? 0) == 100)
        var settings = OverlapSettings()
        settings.mostPairs = 7
        let few = OverlapCheck.run(
            [documents(rows(500, "a"), .train), documents(rows(100, "b"), .test)], settings: settings)
        #expect(few.pairs == Array(overlap.pairs.prefix(7)) && few.morePairs == overlap.pairs.count - 7)
    }

    /// Runs that do not fit into one table, in tables of several parts.
    @Test func runsInTables() {
        var table = RunTable(capacity: 100)
        for key in UInt64(1)...100 { table.insert(FoldedWords.mixed(key)) }
        for key in UInt64(50)...150 { table.note(FoldedWords.mixed(key), UInt32(key)) }
        table.note(FoldedWords.mixed(60), 7)
        #expect(table.count == 100)
        for key in UInt64(1)...150 {
            #expect(table[FoldedWords.mixed(key)] == ((50...100).contains(key) ? UInt32(key) : nil))
        }
    }

    /// Texts of which only the numbers are known.
    @Test func knownTexts() {
        let train = documents((0..<50).map { ["text number \($0)"] } + [["..."], [""], ["Text, number 3!"]], .train)
        let keys = Set(train.keys)
        #expect(keys.count == 52 && keys.contains(0))
        let test = documents([["TEXT number 7"], ["another text"], [""], ["text number 49."]], .test, task: "o")
        let overlap = OverlapCheck.run([test], known: [KnownTexts(name: "a.h5", count: 51, contains: keys.contains)])
        #expect(overlap.pairs.map { "\($0.a) \($0.b)" } == ["o-test:1 a.h5", "o-test:4 a.h5"])
        #expect(
            overlap.comparisons == [.init(a: "o test", b: "a.h5", aCount: 4, bCount: 51, counts: [.exact: 2])])
        #expect(Example(id: 0, text: "Text number 7.").textKey == test.keys[0])
    }
}
