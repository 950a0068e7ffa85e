import Foundation
import Testing

@testable import Tasks

struct RetrievalTests {
    private let scratch: ScratchFolder

    init() throws { scratch = try ScratchFolder() }

    private func message(_ row: String) -> String {
        scratch.message { _ = try scratch.load(row) }
    }

    @Test func readsTextsOfDocuments() throws {
        let data = try scratch.load(
            """
            {"question": "q1", "document": "one", "negatives": ["two", "three"]}
            {"question": "q2", "document": ["two", "four"], "negative": "one"}
            """, dev: "{\"question\": \"q3\", \"document\": \"one\", \"negatives\": [\"five\", \"one\"]}")
        #expect(data.definition.kind == "retrieval" && data.definition.metric == "ndcg_at_10")
        let queries = data.train.compactMap(\.retrieval)
        #expect(queries.map(\.query) == ["q1", "q2"] && queries.map(\.relevant) == [["one"], ["two", "four"]])
        #expect(queries.map(\.irrelevant) == [["two", "three"], ["one"]])
        // All texts of a split are its collection, each once, in the order in which they come
        #expect(queries[0].collection?.texts == ["one", "two", "three", "four"])
        #expect(queries.map(\.gold) == [[0: 1], [1: 1, 3: 1]])
        // A text that fits is never one that does not
        #expect(data.dev[0].retrieval?.irrelevant == ["five"] && data.dev[0].retrieval?.gold == [0: 1])
        #expect(data.train.allSatisfy { $0.isScored && $0.texts.count > 1 })
    }

    @Test func readsNamesOfDocuments() throws {
        try scratch.write(
            "d/corpus.jsonl",
            "{\"id\": \"a\", \"text\": \"one\"}\n{\"_id\": 7, \"title\": \"T\", \"text\": \"two\"}\n{\"id\": \"c\", \"text\": \"three\"}\n"
        )
        let data = try scratch.load(
            """
            {"query": "q1", "relevant": ["a", 7]}
            {"query": "q2", "relevant": {"c": 2, "a": 0}}
            {"query": "q3", "relevant": 7}
            """, dev: "{\"query\": \"q4\", \"relevant\": \"c\"}")
        let queries = data.train.compactMap(\.retrieval)
        #expect(queries[0].collection?.ids == ["a", "7", "c"])
        #expect(queries[0].collection?.texts == ["one", "T\ntwo", "three"])
        #expect(queries.map(\.gold) == [[0: 1, 1: 1], [2: 2], [1: 1]])
        // What is learned from are the texts
        #expect(queries.map(\.relevant) == [["T\ntwo", "one"], ["three"], ["T\ntwo"]])
        #expect(data.definition.documents == "corpus.jsonl")
        let other = try scratch.load("{\"query\": \"q1\", \"relevant\": [\"a\"]}")
        #expect(CanonicalData.bytes(of: other.train, labels: []) != CanonicalData.bytes(of: data.dev, labels: []))
        #expect(
            scratch.message { _ = try scratch.load("{\"query\": \"q1\", \"relevant\": [\"b\"]}") }
                == "d/train.jsonl:1: 'relevant' is 'b'; expected the name of one of the task's documents")
    }

    @Test func aYAMLNamesTheDocuments() throws {
        try scratch.write("train.jsonl", "{\"q\": \"q1\", \"relevant\": [\"x.txt#1\"]}\n")
        try scratch.write("docs/x.txt", "First.\n\nSecond.\n")
        try scratch.write(
            "t.yaml", "kind: retrieval\ndata: {train: train.jsonl}\ndocuments: docs\nfields: {query: q}\n")
        let definition = try TaskDefinition.load(scratch.url.appendingPathComponent("t.yaml"))
        #expect(try TaskData.load(definition).train[0].retrieval?.relevant == ["First.\n\nSecond."])
        #expect(definition.yaml.contains("documents: docs\n"))
        let again = try TaskDefinition.parse(yaml: definition.yaml, file: definition.source, folder: definition.folder)
        #expect(again.documents == "docs")
        try scratch.write("u.yaml", "kind: text-classification\ndata: {train: train.jsonl}\ndocuments: docs\n")
        let refused = scratch.message { _ = try TaskDefinition.load(scratch.url.appendingPathComponent("u.yaml")) }
        #expect(refused.contains("u.yaml:3: documents is set; expected no documents"), "\(refused)")
    }

    @Test func errorsNameTheField() {
        #expect(
            message("{\"query\": \"a\", \"document\": []}").contains(
                "train.jsonl:1: 'document' is an empty list; expected"))
        #expect(
            message("{\"query\": \"a\", \"document\": 3}").contains("'document' is an integer; expected a string"))
        #expect(
            message("{\"query\": \"a\", \"relevant\": [true]}").contains("'relevant' is a boolean; expected names"))
        #expect(
            message("{\"query\": \"a\", \"relevant\": [\"x\"]}").contains(
                "'relevant' is set, but the task has no documents; expected a file corpus.jsonl"))
    }

    // MARK: Documents

    @Test func plainTextsAreCutIntoPassages() throws {
        let long = String(repeating: "x", count: 600)
        let url = try scratch.write("notes/a.md", "# Title\n\n\(long)\n\n\(long)\nline\n\n\nend\n")
        try scratch.write("notes/deep/b.txt", "alone")
        try scratch.write("notes/.hidden/c.txt", "no")
        let one = try DocumentFiles.read(url)
        #expect(one.ids == ["a.md#1", "a.md#2"])
        #expect(one.texts == ["# Title\n\n\(long)", "\(long)\nline\n\nend"])
        let all = try DocumentFiles.read(scratch.url.appendingPathComponent("notes"))
        #expect(all.ids == ["a.md#1", "a.md#2", "deep/b.txt#1"] && all.number(of: "deep/b.txt#1") == 2)
        #expect(all.digest != one.digest)
    }

    @Test func badDocuments() throws {
        func read(_ name: String, _ text: String) -> String {
            scratch.message { _ = try DocumentFiles.read(try scratch.write(name, text)) }
        }
        #expect(
            read("c.jsonl", "{\"id\": 1, \"text\": \"a\"}\n{\"id\": 1, \"text\": \"b\"}\n").contains(
                "c.jsonl:2: a second document '1' (the first: "))
        #expect(read("c.jsonl", "{\"id\": 1}\n").contains("c.jsonl:1: "))
        #expect(read("c.jsonl", "{\"text\": \"a\"}\n").contains("c.jsonl:1: "))
        #expect(read("c.txt", " \n\n").contains("c.txt"))
        #expect(
            scratch.message { _ = try DocumentFiles.read(scratch.url.appendingPathComponent("none")) }.contains(
                "no such file or folder"))
        try scratch.write("d/corpus.csv", "id,text\n1,a\n")
        try scratch.write("d/documents.jsonl", "{}")
        #expect(
            scratch.message { _ = try scratch.load("{\"query\": \"a\", \"document\": \"b\"}") }.contains(
                "both corpus.csv and documents.jsonl have documents"))
    }

    // MARK: BM25

    private struct Golden: Decodable {
        let documents: [String]
        let queries: [String]
        let scores: [[Double]]
    }

    /// bm25s's method "lucene" (bm25_golden.py); in float64, so that only the order of sums differs.
    @Test func scoresEqualBM25s() throws {
        let golden = try golden("bm25", as: Golden.self)
        let index = BM25Index(golden.documents)
        for (query, expected) in zip(golden.queries, golden.scores) {
            let found = index.scores(query)
            #expect(zip(found, expected).allSatisfy { abs($0 - $1) < 1e-12 }, "\(query): \(found), \(expected)")
        }
        #expect(golden.scores.contains { $0.contains { $0 > 2 } })
    }

    @Test func rankings() throws {
        var dice = Dice(3)
        let scores = (0..<400).map { _ in Int.random(in: 0..<50, using: &dice) }
        let sorted = scores.indices.sorted { (-scores[$0], $0) < (-scores[$1], $1) }
        for top in [0, 1, 7, 100, 399, 400, 500] {
            #expect(Ranking.best(scores, top: top).map(\.document) == Array(sorted.prefix(top)))
        }
        #expect(Ranking.best(scores, top: 2, among: [5, 9, 5 + 1]).count == 2)
        #expect(Ranking.best([1, 3, 3], top: 3, among: [2, 0]).map(\.document) == [2, 0])
    }

    @Test func baselines() throws {
        let data = try scratch.load(
            """
            {"query": "red apple", "document": "the apple is red"}
            {"query": "blue sky", "document": "a sky so blue"}
            """)
        var tested = data
        tested.test = data.train
        let answers = try #require(BM25.answers(tested, metric: NDCGAt10.self) as? RankingAnswers)
        #expect(AccuracyAt1.value(of: answers) == 1 && answers.predicted == [[0, 1], [1, 0]])
        let order = try #require(FirstDocuments.answers(tested, metric: NDCGAt10.self) as? RankingAnswers)
        #expect(order.predicted == [[0, 1], [0, 1]] && AccuracyAt1.value(of: order) == 0.5)
    }
}
