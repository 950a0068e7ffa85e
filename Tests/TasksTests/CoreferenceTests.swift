import Foundation
import Testing

@testable import Tasks

struct CoreferenceTests {
    private let scratch: ScratchFolder

    init() throws { scratch = try ScratchFolder() }

    @Test func readsClusters() throws {
        let data = try scratch.load(
            """
            {"tokens": ["Ada", "saw", "a", "dog"], "clusters": [[[2, 3]], [[0, 0]]]}
            {"sentences": [["Ada", "slept"], [], ["She", "woke"]], "clusters": [[[2, 2], [0, 0]]], "doc_key": "x"}
            {"sentences": ["Ada slept", "She woke"], "clusters": []}
            """)
        #expect(data.definition.kind == "coreference" && data.definition.metric == "conll_f1" && data.labels.isEmpty)
        #expect(
            data.train[0].clustered
                == ClusteredTokens(
                    sentences: [["Ada", "saw", "a", "dog"]], clusters: [[Mention(0, 0)], [Mention(2, 3)]]))
        let second = try #require(data.train[1].clustered)
        #expect(second.clusters == [[Mention(0, 0), Mention(2, 2)]] && second.sentences == [2, 0, 2])
        #expect(second.sentenceOfWord == [0, 0, 2, 2] && data.train[1].text == "Ada slept She woke")
        #expect(data.train[2].clustered?.clusters == [])
        #expect(data.train[2].clustered?.tokens == ["Ada", "slept", "She", "woke"])
        #expect(data.train.allSatisfy(\.isScored) && data.warnings.isEmpty)
        try FileManager.default.removeItem(at: scratch.url.appendingPathComponent("d"))
        let listed = try scratch.load("tokens\tclusters\nAda saw  her\t[[[0,0],[2,2]]]\n", file: "tsv")
        #expect(listed.train[0].clustered?.clusters == [[Mention(0, 0), Mention(2, 2)]])
    }

    @Test func refusesRowsThatDoNotFit() {
        func message(_ clusters: String, tokens: String = #""tokens": ["a", "b", "c"]"#) -> String {
            scratch.message { _ = try scratch.load("{\(tokens), \"clusters\": \(clusters)}") }
        }
        let place = "d/train.jsonl:1: 'clusters' is"
        let expected =
            "expected a list of clusters, each a list of mentions such as [0, 2], the places of the first and the last word "
            + "from 0"
        let range = "expected the first and the last word of a mention, from 0 to 2"
        #expect(message("[[[0, 3]]]") == "\(place) a list with [0, 3]; \(range)")
        #expect(message("[[[2, 1]]]") == "\(place) a list with [2, 1]; \(range)")
        #expect(message("[[[-1, 1]]]") == "\(place) a list with [-1, 1]; \(range)")
        #expect(message("[[[0, 1, 2]]]") == "\(place) a cluster with a list; \(expected)")
        #expect(message("[[[0, 1.5]]]") == "\(place) a cluster with a list; \(expected)")
        #expect(message("[[0, 1]]") == "\(place) a cluster with an integer; \(expected)")
        #expect(message("[0]") == "\(place) a list with an integer; \(expected)")
        #expect(message(#"{"a": 1}"#) == "\(place) an object; \(expected)")
        #expect(
            message("[[[1, 2]]]", tokens: #""sentences": [["a", "b"], ["c"]]"#)
                == "\(place) a list with [1, 2], which is in two sentences; expected mentions within a sentence")
        #expect(
            message("[]", tokens: #""sentences": [["a", 1]]"#)
                == "d/train.jsonl:1: 'sentences' is a list with a list with an integer; expected a list of sentences, each a "
                + "list of strings")
        #expect(message("[[[0, 0]]]", tokens: #""tokens": []"#).hasSuffix("expected no mention where there is no word"))
        #expect(message("[[[0, 1]]]", tokens: #""words": ["a"]"#).contains("coreference"))
    }

    @Test func rowsWithoutClustersAreSkippedWhereTheyAreNeeded() throws {
        let data = try scratch.load(
            """
            {"tokens": ["a", "b"], "clusters": [[[0, 0], [1, 1]]]}
            {"tokens": ["a", "b"], "clusters": null}
            {"tokens": ["a", "b"]}
            """)
        #expect(data.train.count == 1)
        #expect(data.skipped[.train]?.map(\.reason) == [.nullLabel, .missingLabel])
        let bare = try Coreference.example(
            from: FieldRow(file: "f", row: Row(line: 1, values: ["text": .string("a  b")]), columns: [:]), id: 0,
            labels: LabelIndex([], source: .training(file: "")), needsTarget: false)
        #expect(bare.clustered == ClusteredTokens(sentences: [["a", "b"]]) && !bare.isScored)
    }

    /// A mention in two clusters makes them one, and is told.
    @Test func sharedMentions() throws {
        let data = try scratch.load(
            """
            {"tokens": ["a", "b", "c", "d"], "clusters": [[[0, 0], [1, 1]], [[3, 3], [3, 3]], [[1, 1], [2, 2]]]}
            """)
        #expect(
            data.train[0].clustered?.clusters == [[Mention(0, 0), Mention(1, 1), Mention(2, 2)], [Mention(3, 3)]])
        #expect(data.warnings.count == 1 && data.warnings[0].contains("[1, 1] is in two clusters"), "\(data.warnings)")
    }

    @Test func contentDecidesTheBytes() {
        let base = ClusteredTokens(sentences: [["a", "bc"], ["d"]], clusters: [[Mention(0, 1)], [Mention(2, 2)]])
        var others = [ClusteredTokens](repeating: base, count: 5)
        others[0].tokens = ["ab", "c", "d"]
        others[1].sentences = [1, 2]
        others[2].clusters = [[Mention(0, 1), Mention(2, 2)]]
        others[3].clusters = []
        others[4].clusters = nil
        #expect(Set((others + [base]).map(\.canonicalBytes)).count == 6)
        let changed = base.mapTexts { $0.uppercased() } as? ClusteredTokens
        #expect(changed?.tokens == ["A", "BC", "D"] && changed?.clusters == base.clusters)
    }

    /// Rows of strangers: mentions within their sentences, each once, or a message of one line.
    @Test func changedRows() throws {
        let sample =
            #"{"sentences": [["Ada", "saw", "a"], [], ["dog", "."]], "clusters": [[[0, 0], [1, 2]], [[3, 4], [0, 0]], []]}"#
        let spice = ["[", "]", ",", "[0, 1]", "9", "-", "null", "\"", "{", "}", "1.5", "\"[[0,0]]\"", " "]
        var read = 0
        for seed in UInt64(1)...4000 {
            var dice = Dice(seed)
            var bytes = Array(sample.utf8)
            for _ in 0...Int.random(in: 0..<3, using: &dice) {
                let place = Int.random(in: 0..<bytes.count, using: &dice)
                if dice.next() % 2 == 0 {
                    bytes.remove(at: place)
                } else {
                    bytes.insert(contentsOf: (spice.randomElement(using: &dice) ?? "").utf8, at: place)
                }
            }
            do {
                for row in try JSONLReader.read(bytes, file: "f", limit: nil).rows {
                    let example = try Coreference.example(
                        from: FieldRow(file: "f", row: row, columns: [:]), id: 0,
                        labels: LabelIndex([], source: .training(file: "f")), needsTarget: seed % 2 == 0)
                    let document = try #require(example.clustered)
                    let mentions = (document.clusters ?? []).joined()
                    let sentences = document.sentenceOfWord
                    #expect(
                        mentions.allSatisfy {
                            0 <= $0.first && $0.first <= $0.last && $0.last < sentences.count
                                && sentences[$0.first] == sentences[$0.last]
                        } && Set(mentions).count == mentions.count, "seed \(seed)")
                    read += 1
                }
            } catch let error as TaskError {
                let message = "\(error)"
                #expect(!message.contains { $0.isNewline }, "seed \(seed): \(message)")
            }
        }
        #expect(read > 400)
    }

    /// Texts that are mentions as often as not are found, the longest first; in one cluster, or linked where they are alike.
    @Test func baselines() throws {
        let data = try scratch.load(
            """
            {"tokens": ["Ada", "saw", "the", "dog", "."], "clusters": [[[0, 0]], [[2, 3]]]}
            {"tokens": ["The", "dog", "saw", "Ada", "and", "the", "cat", "."], "clusters": [[[0, 1]], [[3, 3]]]}
            """)
        let model = try #require(KnownMentions(fitting: data.train))
        let document = ClusteredTokens(
            sentences: [["Ada", "and", "the", "dog", "saw", "the", "cat", "dog", "the"], ["dog", "ada"]], clusters: [])
        #expect(model.mentions(document) == [Mention(0, 0), Mention(2, 3), Mention(10, 10)])
        var other = data
        other.test = [Example(id: 0, words: document.tokens, unknown: [:], line: 1, payload: document)]
        let one = try #require(KnownMentions.answers(other, metric: CoNLLF1.self) as? ClusterAnswers)
        #expect(one.predicted == [[[Mention(0, 0), Mention(2, 3), Mention(10, 10)]]])
        let linked = try #require(RepeatedMentions.answers(other, metric: CoNLLF1.self) as? ClusterAnswers)
        #expect(linked.predicted == [[[Mention(0, 0), Mention(10, 10)]]])
        #expect(KnownMentions(fitting: []) == nil)
    }
}

/// CoNLL-2012 columns as documents.
struct CoNLL2012DocumentTests {
    private let scratch: ScratchFolder

    init() throws { scratch = try ScratchFolder() }

    private func line(_ word: String, _ chain: String, document: String = "bc/x", part: Int = 0) -> String {
        "\(document) \(part) 1 \(word)  NN (NP* - - - Sam * (ARG0*) \(chain)\n"
    }

    private func table(_ text: String, limit: Int? = nil) throws -> RowTable {
        var options = ReadingOptions()
        options.rowsAreDocuments = true
        return try CoNLL2012Reader.read(Array(text.utf8), file: "f.conll2012", limit: limit, options: options)
    }

    private func list(_ mentions: [(Int, Int)]) -> FieldValue {
        .list(mentions.map { .list([.integer($0.0), .integer($0.1)]) })
    }

    @Test func bracketsAreMentions() throws {
        let first =
            "#begin document (bc/x); part 000\n" + line("the", "(12") + line("dog", "(3)|12)") + line("ran", "-") + "\n"
            + line("it", "(12)") + line("saw", "_") + line("a", "(7|(7") + line("b", "7)") + line("c", "7)|(3)")
            + "\n#end document\n"
        let second = "#begin document (bc/x); part 001\n" + line("so", "-", part: 1) + "#end document\n"
        let read = try table(first + second)
        #expect(read.rows.map(\.line) == [2, 14] && read.skippedLines == 6)
        #expect(read.rows[0].values["document"] == .string("bc/x 0"))
        #expect(
            read.rows[0].values["sentences"]
                == .list([
                    .list(["the", "dog", "ran"].map { .string($0) }),
                    .list(["it", "saw", "a", "b", "c"].map { .string($0) }),
                ]))
        // In the order in which mentions end; of two with one number the inner one ends first
        #expect(
            read.rows[0].values["clusters"]
                == .list([list([(1, 1), (7, 7)]), list([(0, 1), (3, 3)]), list([(5, 6), (5, 7)])]))
        #expect(read.rows[1].values["clusters"] == .list([]))
        #expect(try table(first + second, limit: 1).rows.count == 1)
        // Without lines around documents, the first two columns tell them apart
        #expect(try table(line("a", "-") + "\n" + line("b", "-", part: 1)).rows.map(\.line) == [1, 3])
    }

    @Test func badBrackets() {
        func message(_ text: String) -> String { scratch.message { _ = try table(text) } }
        let start = "#begin document (bc/x); part 000\n"
        let parts = "expected -, or parts such as (12, 12) and (12) with | between them"
        for cell in ["(", "12", "()", "(x)", "(1||2)", "|", "((1)", "(-1)"] {
            #expect(
                message(start + line("a", cell)) == "f.conll2012:2: the coreference is '\(cell)'; \(parts)", "\(cell)")
        }
        #expect(
            message(start + line("a", "-") + line("b", "12)"))
                == "f.conll2012:3: the coreference is '12)'; expected (12 before it in its sentence")
        let open = "f.conll2012:2: the coreference is '(12'; expected its end in the same sentence"
        #expect(message(start + line("a", "(12") + line("b", "-")) == open)
        #expect(message(start + line("a", "(12") + "\n" + line("b", "12)")) == open)
    }

    /// The kind decides whether rows are sentences or documents.
    @Test func kindsReadTheSameFile() throws {
        try scratch.write(
            "train.v4_gold_conll",
            "#begin document (a); part 000\n" + line("Ada", "(0)") + "\n" + line("She", "(0)") + "#end document\n")
        func load(_ kind: String) throws -> TaskData {
            try scratch.write("t.yaml", "kind: \(kind)\nformat: conll2012\ndata: {train: train.v4_gold_conll}\n")
            return try TaskData.load(try TaskDefinition.load(scratch.url.appendingPathComponent("t.yaml")))
        }
        let data = try load("coreference")
        #expect(data.train.count == 1 && data.train[0].clustered?.clusters == [[Mention(0, 0), Mention(1, 1)]])
        let again = try TaskDefinition.parse(
            yaml: data.definition.yaml, file: data.definition.source, folder: data.definition.folder)
        #expect(again == data.definition)
        try scratch.write(
            "t.yaml", "kind: tagging\nlabels: [O, X]\nformat: conll2012\ndata: {test: train.v4_gold_conll}\n")
        let sentences = try TaskData.load(try TaskDefinition.load(scratch.url.appendingPathComponent("t.yaml")))
        #expect(sentences.test.count == 2)
    }
}
