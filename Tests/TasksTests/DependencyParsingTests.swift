import Foundation
import Testing

@testable import Tasks

struct DependencyParsingTests {
    private let scratch: ScratchFolder

    init() throws { scratch = try ScratchFolder() }

    /// Rows with tags, too, are parsed: the kind with the most matching fields wins.
    @Test func readsTrees() throws {
        let data = try scratch.load(
            """
            {"tokens": ["He", "sleeps", "."], "tags": ["A", "B", "C"], "heads": [2, 0, 2], "deprels": ["nsubj", "root", "punct"]}
            {"tokens": [], "heads": [], "deprels": []}
            """, dev: #"{"tokens": ["Go", "home"], "heads": [0, 1], "deprels": ["root", "obl:tmod"]}"#)
        #expect(data.definition.kind == "dependency-parsing" && data.definition.metric == "las")
        #expect(data.labels == ["nsubj", "punct", "root"])
        #expect(data.train[0].text == "He sleeps .")
        #expect(
            data.train[0].parsed
                == ParsedTokens(tokens: ["He", "sleeps", "."], heads: [2, 0, 2], labels: [0, 2, 1]))
        #expect(
            data.train[0].parsed?.arcs(data.labels)?.last == Arc(head: 2, label: "punct"))
        #expect(data.train[1].parsed == ParsedTokens(tokens: [], heads: [], labels: []))
        #expect(
            data.dev[0].parsed
                == ParsedTokens(tokens: ["Go", "home"], heads: [0, 1], labels: [2, -1], unknown: [1: "obl:tmod"]))
        #expect(data.dev[0].parsed?.arcs(data.labels)?.last == Arc(head: 1, label: "obl:tmod"))
        try FileManager.default.removeItem(at: scratch.url.appendingPathComponent("d"))
        let listed = try scratch.load("tokens\theads\tdeprels\nGo  home\t0 1\troot obj\n", file: "tsv")
        #expect(listed.train[0].parsed == ParsedTokens(tokens: ["Go", "home"], heads: [0, 1], labels: [1, 0]))
    }

    @Test func refusesRowsThatDoNotFit() {
        func message(_ heads: String, _ labels: String = #"["x", "y"]"#) -> String {
            scratch.message {
                _ = try scratch.load(#"{"tokens": ["a", "b"], "heads": \#(heads), "deprels": \#(labels)}"#)
            }
        }
        let range = "expected 0 for the root, or the number of another word, from 1 to 2"
        #expect(message("[0, 3]") == "d/train.jsonl:1: 'heads' is a list with 3 for word 2; \(range)")
        #expect(message("[0, 2]") == "d/train.jsonl:1: 'heads' is a list with 2 for word 2; \(range)")
        #expect(message("[-1, 0]") == "d/train.jsonl:1: 'heads' is a list with -1 for word 1; \(range)")
        #expect(
            message("[0]")
                == "d/train.jsonl:1: 'heads' is a list of 1 item; expected 2 items, one for each element of 'tokens'")
        #expect(
            message("[0, 1]", #"["x"]"#).hasPrefix("d/train.jsonl:1: 'deprels' is a list of 1 item; expected 2 items"))
        #expect(
            message(#"[0, "one"]"#) == "d/train.jsonl:1: 'heads' is a list with 'one'; expected a list of integers")
        #expect(message("[0, 1.5]") == "d/train.jsonl:1: 'heads' is a list with a number; expected a list of integers")
        #expect(message("[0, null]") == "d/train.jsonl:1: 'heads' is a list with null; expected a list of integers")
    }

    @Test func rowsWithoutTreesAreSkippedWhereTheyAreNeeded() throws {
        let data = try scratch.load(
            """
            {"tokens": ["a", "b"], "heads": [0, 1], "deprels": ["x", "y"]}
            {"tokens": ["a", "b"], "heads": null, "deprels": null}
            {"tokens": ["a", "b"]}
            {"tokens": ["a", "b"], "heads": [0, 1], "deprels": ["x", ""]}
            """)
        #expect(data.train.count == 1)
        #expect(data.skipped[.train]?.map(\.reason) == [.nullLabel, .missingLabel, .emptyLabel])
        try scratch.write("d/test.jsonl", #"{"tokens": ["a", "b"]}"#)
        var definition = data.definition
        definition.data[.test] = "test.jsonl"
        let bare = try TaskData.load(
            definition, splits: [.test], labels: KnownLabels(["x", "y"], source: .bundle(file: "b.h5")),
            needsTargets: false)
        #expect(bare.test[0].parsed == ParsedTokens(tokens: ["a", "b"]))
    }

    /// What is no tree with one root is used, and told.
    @Test func treesThatAreNone() throws {
        func doubt(_ heads: [Int]) -> String? {
            ParsedTokens(
                tokens: heads.map { "\($0)" }, heads: heads, labels: [Int](repeating: 0, count: heads.count)
            ).doubt
        }
        #expect(doubt([2, 0, 2]) == nil && doubt([]) == nil && doubt([0]) == nil && doubt([3, 1, 0, 3, 2]) == nil)
        #expect(doubt([0, 0, 2]) == "2 roots")
        #expect(doubt([2, 1]) == "no root")
        #expect(doubt([0, 3, 2]) == "a cycle")
        #expect(doubt([2, 3, 4, 2, 0]) == "a cycle")
        let data = try scratch.load(
            """
            {"tokens": ["a", "b"], "heads": [0, 1], "deprels": ["x", "y"]}
            {"tokens": ["a", "b"], "heads": [0, 0], "deprels": ["x", "y"]}
            {"tokens": ["a", "b", "c"], "heads": [0, 3, 2], "deprels": ["x", "y", "x"]}
            """)
        #expect(data.train.count == 3)
        #expect(
            data.warnings.map { $0.replacingOccurrences(of: scratch.url.standardizedFileURL.path + "/", with: "") }
                == [
                    "d: 2 of 3 rows of train have a doubtful answer (the first is d/train.jsonl:2: 2 roots); they are used as "
                        + "they are"
                ])
    }

    @Test func contentDecidesTheBytes() {
        let base = ParsedTokens(tokens: ["a", "bc"], heads: [0, 1], labels: [0, -1], unknown: [1: "z"])
        var others = [ParsedTokens](repeating: base, count: 5)
        others[0].tokens = ["ab", "c"]
        others[1].heads = [2, 0]
        others[2].labels = [1, -1]
        others[3].unknown = [1: "y"]
        (others[4].heads, others[4].labels) = (nil, nil)
        for other in others { #expect(other.canonicalBytes != base.canonicalBytes) }
    }

    /// Both baselines on trees that they can know, and fit to nothing.
    @Test func baselines() throws {
        let data = try scratch.load(
            """
            {"tokens": ["the", "dog", "sleeps"], "heads": [2, 3, 0], "deprels": ["det", "nsubj", "root"]}
            {"tokens": ["a", "cat", "creeps"], "heads": [2, 3, 0], "deprels": ["det", "nsubj", "root"]}
            {"tokens": ["all", "the", "end"], "heads": [2, 3, 0], "deprels": ["det", "det", "root"]}
            """)
        let chain = try #require(ChainTree(fitting: data.train, labels: data.labels.count))
        #expect(chain.offset == 1)
        #expect(chain.arcs(of: 3, labels: data.labels).map(\.head) == [2, 3, 0])
        #expect(chain.arcs(of: 3, labels: data.labels).map(\.label) == ["det", "det", "det"])
        #expect(chain.arcs(of: 0, labels: data.labels).isEmpty)
        let words = try #require(WordArcs(fitting: data.train))
        // "weeps" by its suffix, "fox" by all words, and an offset over the end
        let arcs = words.arcs(["the", "fox", "weeps", "the"], labels: data.labels)
        #expect(arcs.map(\.head) == [2, 3, 0, 3])
        #expect(arcs.map(\.label) == ["det", "det", "root", "det"])
        #expect(ChainTree(fitting: [], labels: 2) == nil && WordArcs(fitting: []) == nil)
        let before = try scratch.load(
            #"{"tokens": ["go", "home", "now"], "heads": [0, 1, 2], "deprels": ["r", "x", "x"]}"#)
        let after = try #require(ChainTree(fitting: before.train, labels: 2))
        #expect(after.arcs(of: 3, labels: before.labels).map(\.head) == [0, 1, 2])
    }
}

/// Attachment scores against `trees_golden.py`, and the bytes of answers.
struct TreeMetricParityTests {
    private struct File: Decodable {
        struct ArcItem: Decodable {
            var arc: Arc

            init(from decoder: Decoder) throws {
                var box = try decoder.unkeyedContainer()
                arc = Arc(head: try box.decode(Int.self), label: try box.decode(String.self))
            }
        }
        struct Scores: Decodable {
            var rows: [Int]
            var uas: Double?
            var las: Double?
        }
        struct Case: Decodable {
            var gold: [[ArcItem]]
            var predicted: [[ArcItem]]
            var uas: Double?
            var las: Double?
            var resamples: [Scores]
        }
        var scores: [Case]
    }

    @Test func scoresEqualTheDefinition() throws {
        for (number, one) in try golden("trees", as: File.self).scores.enumerated() {
            let answers = TreeAnswers(
                predicted: one.predicted.map { $0.map(\.arc) }, gold: one.gold.map { $0.map(\.arc) })
            #expect(UnlabeledAttachment.value(of: answers) == one.uas, "case \(number)")
            #expect(LabeledAttachment.value(of: answers) == one.las, "case \(number)")
            var sums = TreeCounts(for: answers)
            for resample in one.resamples {
                sums.removeAll()
                for row in resample.rows { sums.add(row, of: answers, times: 1) }
                let found = (UnlabeledAttachment.value(sums), LabeledAttachment.value(sums))
                #expect(found.0.isNaN ? resample.uas == nil : found.0 == resample.uas, "case \(number)")
                #expect(found.1.isNaN ? resample.las == nil : found.1 == resample.las, "case \(number)")
            }
            let back = try #require(AnswerForms.answers(AnswerForms.text(answers)) as? TreeAnswers)
            #expect(back == answers && back.bytes == answers.bytes)
            for count in answers.bytes.indices {
                #expect(TreeAnswers(bytes: Array(answers.bytes.prefix(count))) == nil, "first \(count) bytes")
            }
        }
    }

    /// An arc is right with its head and its relation; subtypes do not count.
    @Test func relations() throws {
        func arcs(_ items: (Int, String)...) -> [Arc] { items.map { Arc(head: $0.0, label: $0.1) } }
        let answers = TreeAnswers(
            predicted: [arcs((0, "root"), (1, "obj"), (1, "acl")), arcs((0, "root"), (0, "obj"))],
            gold: [arcs((0, "root"), (1, "acl:relcl"), (1, "acl:relcl")), arcs((0, "root"), (1, "obj"))])
        let scores = RelationScores.of(answers, known: ["obj", "root", "x:y"])
        #expect(scores.map(\.label) == ["acl", "obj", "root", "x"])
        #expect(scores.map(\.support) == [2, 1, 2, 0] && scores.map(\.predicted) == [1, 2, 2, 0])
        #expect(scores.map(\.precision) == [1, 0, 1, 0] && scores.map(\.recall) == [0.5, 0, 1, 0])
        #expect(scores.map(\.isKnown) == [false, true, true, true])
        let counts = TreeCounts(for: answers)
        #expect(counts.wrongArcs(0) == 1 && counts.wrongArcs(1) == 1)
    }

    @Test func nothingToScoreIsUndefined() {
        let none = TreeAnswers(predicted: [[]], gold: [[]])
        #expect(LabeledAttachment.value(of: none).isNaN && UnlabeledAttachment.value(of: none).isNaN)
    }
}
