import Foundation
import Testing

/// Retrieval, entity linking and sentence similarity from training to prediction, as scripts use them.
@Suite(.serialized, .timeLimit(.minutes(10))) struct RetrievalCommandTests {
    private func objects(_ text: String) throws -> [[String: Any]] {
        try text.split(separator: "\n").map {
            try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
        }
    }

    private static let topics = ["ba", "de", "fi", "go", "hu", "ka", "le", "mi"]

    /// Pairs of a query and a document that share two of eight words, in any order, among others.
    private func pairs(_ count: Int, seed: UInt64) -> [(query: String, document: String)] {
        var dice = Dice(seed)
        return (0..<count).map { i in
            let first = Self.topics[i % 8]
            let second = Self.topics[(i / 8 + i + 1) % 8]
            func text(_ words: [String]) -> String { words.shuffled(using: &dice).joined(separator: " ") }
            return (text([first, second, "ra"]), text([second, first, ["so", "tu", "vo"][i % 3], "ze"]))
        }
    }

    private func retrieval(_ lab: Lab) throws {
        func rows(_ count: Int, _ seed: UInt64) -> [String] {
            pairs(count, seed: seed).map { "{\"query\": \"\($0.query)\", \"document\": \"\($0.document)\"}" }
        }
        try lab.task("search", train: rows(160, 1), dev: rows(30, 2))
        let found = pairs(40, seed: 3)
        try lab.write(
            "held/corpus.jsonl", found.enumerated().map { "{\"id\": \"p\($0)\", \"text\": \"\($1.document)\"}" })
        try lab.write(
            "held/test.jsonl",
            found.enumerated().map { "{\"id\": \($0), \"question\": \"\($1.query)\", \"relevant\": [\"p\($0)\"]}" })
        let run = try lab.run([
            "train-adapter", "--model", "@tiny", "--task", "@search", "--out", "@search.h5", "--epochs", "8", "--lr",
            "1e-2", "--batch-size", "16", "--no-base-dropout",
        ])
        try #require(run.status == 0, "\(run.words)")
        #expect(run.output.contains("search: dev nDCG at 10 "), "\(run.words)")
    }

    @Test func retrieval() throws {
        let lab = try Lab()
        try retrieval(lab)
        let result = try lab.run(
            ["evaluate", "--model", "@tiny", "--task", "@held", "--bundle", "@search.h5", "--json"]
        ).json()
        #expect(result["kind"] as? String == "retrieval" && result["metric"] as? String == "ndcg_at_10")
        let metrics = try #require(result["metrics"] as? [String: Any])
        #expect(Set(metrics.keys) == ["ndcg_at_10", "recall_at_10", "mrr", "accuracy_at_1", "loss"])
        // A quarter of the documents are among ten by chance
        #expect((metrics["recall_at_10"] as? Double ?? 0) > 0.5, "\(metrics)")
        #expect(metrics["loss"] is NSNull && result["examples"] as? Int == 40)
        let people = try lab.run([
            "evaluate", "--model", "@tiny", "--task", "@held", "--bundle", "@search.h5", "--predictions", "@p.csv",
        ])
        #expect(people.output.hasPrefix("held test: nDCG at 10 "), "\(people.words)")
        #expect(!people.output.contains("NaN") && !people.errors.contains("labels"), "\(people.words)")
        let table = String(decoding: try lab.data("p.csv"), as: UTF8.self)
        #expect(table.hasPrefix("line,gold,rank,ranking,scores,query\n") && table.split(separator: "\n").count == 41)
        // A query by itself has an embedding of length 1
        let embedded = try objects(
            lab.run(["predict", "--model", "@tiny", "--bundle", "@search.h5"], input: "{\"query\": \"ba de\"}\n").output
        )
        let row = try #require(embedded.first?["embedding"] as? [Double])
        #expect(abs(row.reduce(0) { $0 + $1 * $1 } - 1) < 1e-5)
    }

    @Test func retrieve() throws {
        let lab = try Lab()
        try retrieval(lab)
        try lab.write("queries.txt", ["ba de ra", "", "go hu"])
        func retrieve(_ more: [String]) throws -> Lab.Run {
            try lab.run(["retrieve", "--documents", "@held/corpus.jsonl", "--quiet", "--top", "3"] + more)
        }
        for method in [["--bm25"], ["--model", "@tiny"], ["--model", "@tiny", "--bundle", "@search.h5"]] {
            let run = try retrieve(method + ["--input", "@queries.txt", "--texts"])
            let found = try objects(run.output)
            #expect(found.map { $0["query"] as? String } == ["ba de ra", "go hu"], "\(run.words)")
            for each in found {
                let documents = try #require(each["documents"] as? [[String: Any]])
                #expect(documents.count == 3 && Set(documents[0].keys) == ["id", "score", "text"])
                let scores = documents.compactMap { $0["score"] as? Double }
                #expect(scores == scores.sorted(by: >))
            }
        }
        // Words decide: a document with both comes first
        let words = try objects(retrieve(["--bm25", "--query", "ba de", "--texts"]).output)
        let first = try #require((words[0]["documents"] as? [[String: Any]])?.first?["text"] as? String)
        #expect(first.contains("ba") && first.contains("de"))
        try lab.write(
            "qa/train.jsonl",
            (0..<40).map { i in
                let word = Self.topics[i % 8]
                return i % 4 == 3
                    ? "{\"question\": \"ra\", \"context\": \"so tu\", \"answers\": []}"
                    : "{\"question\": \"ra\", \"context\": \"so \(word)\", \"answers\": [{\"text\": \"\(word)\", \"start\": 3}]}"
            })
        let reader = try lab.run([
            "train-adapter", "--model", "@tiny", "--task", "@qa", "--out", "@qa.h5", "--epochs", "1", "--quiet",
        ])
        try #require(reader.status == 0, "\(reader.words)")
        let answered = try retrieve([
            "--model", "@tiny", "--bm25", "--reader", "@qa.h5", "--query", "ba de", "--query", "go",
        ])
        let answers = try objects(answered.output)
        #expect(answers.count == 2, "\(answered.words)")
        for each in answers {
            let ids = (each["documents"] as? [[String: Any]] ?? []).compactMap { $0["id"] as? String }
            let probability = try #require(each["probability"] as? Double)
            #expect((0...1).contains(probability))
            // An answer has its source among the documents; no answer has none
            let source = each["source"] as? String
            #expect((each["answer"] as? String == "") == (source == nil))
            if let source { #expect(ids.contains(source)) }
        }
        for (more, expected) in [
            (["--query", "a"], "--model"), (["--bm25", "--bundle", "@search.h5", "--query", "a"], "--bm25, --bundle"),
            (["--bm25", "--query", "a", "--input", "@queries.txt"], "--query, --input"),
            (["--bm25", "--top", "0", "--query", "a"], "--top"),
        ] {
            let refused = try retrieve(more)
            #expect(refused.status == 64 && refused.errors.contains(expected), "\(refused.words)")
        }
        let other = try retrieve(["--model", "@tiny", "--bundle", "@qa.h5", "--query", "a"])
        #expect(other.status == 65 && other.errors.contains("predicts answers, not rankings"), "\(other.words)")
    }

    /// Two entities of one name; the text tells which is meant.
    @Test func linking() throws {
        let lab = try Lab()
        func rows(_ count: Int, _ seed: UInt64) -> [String] {
            var dice = Dice(seed)
            return (0..<count).map { _ in
                let right = Int.random(in: 0..<2, using: &dice)
                let words = [["ba", "de", "fi"], ["ka", "le", "mi"]]
                let context = ["so", words[right].randomElement(using: &dice) ?? "", "tu"].joined(separator: " ")
                let candidates = (0..<2).map {
                    "{\"id\": \"\($0)\", \"description\": \"\(words[$0].joined(separator: " "))\"}"
                }
                return
                    "{\"text\": \"ra \(context)\", \"start\": 0, \"end\": 2, \"candidates\": [\(candidates.joined(separator: ", "))], \"entity\": \(right)}"
            }
        }
        try lab.task("names", train: rows(80, 1), dev: rows(20, 2), test: rows(40, 3))
        let run = try lab.run([
            "train-adapter", "--model", "@tiny", "--task", "@names", "--out", "@names.h5", "--epochs", "8", "--lr",
            "1e-2",
            "--no-base-dropout",
        ])
        try #require(run.status == 0 && run.output.contains("names: dev accuracy at 1 "), "\(run.words)")
        let result = try lab.run(
            ["evaluate", "--model", "@tiny", "--task", "@names", "--bundle", "@names.h5", "--json"]
        ).json()
        let metrics = try #require(result["metrics"] as? [String: Any])
        #expect((metrics["accuracy_at_1"] as? Double ?? 0) > 0.8, "\(metrics)")
        let input =
            "{\"text\": \"ra so de\", \"mention\": \"ra\", \"candidates\": [{\"id\": \"x\", \"description\": \"ka le mi\"}, {\"id\": \"y\", \"description\": \"ba de fi\"}]}\n"
        let predicted = try lab.run(
            ["predict", "--model", "@tiny", "--bundle", "@names.h5", "--top-k", "2"], input: input)
        let found = try objects(predicted.output)
        #expect(found.first?["entity"] as? String == "y", "\(predicted.words)")
        let listed = (found.first?["entities"] as? [[String: Any]])?.compactMap { $0["id"] as? String }
        #expect(listed == ["y", "x"])
    }

    @Test func similarity() throws {
        let lab = try Lab()
        func rows(_ count: Int, _ seed: UInt64) -> [String] {
            var dice = Dice(seed)
            return (0..<count).map { _ in
                let words = Self.topics.shuffled(using: &dice)
                let shared = Int.random(in: 0...3, using: &dice)
                let second = words.prefix(shared) + words.dropFirst(3).prefix(3 - shared)
                return
                    "{\"text_a\": \"\(words.prefix(3).joined(separator: " "))\", \"text_b\": \"\(second.joined(separator: " "))\", \"score\": \(1 + shared)}"
            }
        }
        try lab.write("alike/train.jsonl", rows(160, 1))
        try lab.write("alike/test.jsonl", rows(60, 2))
        try lab.write("alike/task.yaml", ["kind: sentence-similarity", "data: {train: train.jsonl, test: test.jsonl}"])
        let run = try lab.run([
            "train-adapter", "--model", "@tiny", "--task", "@alike/task.yaml", "--out", "@alike.h5", "--epochs", "8",
            "--lr",
            "1e-2", "--no-base-dropout",
        ])
        try #require(run.status == 0, "\(run.words)")
        let result = try lab.run(
            ["evaluate", "--model", "@tiny", "--task", "@alike/task.yaml", "--bundle", "@alike.h5", "--json"]
        ).json()
        let metrics = try #require(result["metrics"] as? [String: Double])
        #expect(result["metric"] as? String == "spearman" && (metrics["spearman"] ?? 0) > 0.5, "\(metrics)")
        let predicted = try objects(
            lab.run(
                ["predict", "--model", "@tiny", "--bundle", "@alike.h5"],
                input:
                    "{\"text_a\": \"ba de fi\", \"text_b\": \"ba de fi\"}\n{\"text_a\": \"ba\", \"text_b\": \"mi\"}\n"
            ).output)
        // Equal texts have the cosine 1, which stands for the largest score
        #expect(abs((predicted[0]["score"] as? Double ?? 0) - 4) < 1e-4)
        #expect((predicted[1]["score"] as? Double ?? 9) < 4)
    }

    /// The same bundle with any number of threads: a batch whose rows are compared is one slice, which all threads share.
    @Test func sameBytes() throws {
        let lab = try Lab()
        try lab.task(
            "search", train: pairs(48, seed: 5).map { "{\"query\": \"\($0.query)\", \"document\": \"\($0.document)\"}" }
        )
        func bytes(_ name: String, _ more: [String]) throws -> Data {
            let run = try lab.run(
                [
                    "train-adapter", "--model", "@tiny", "--task", "@search", "--out", "@\(name).h5", "--epochs", "2",
                    "--name", "q", "--quiet",
                ] + more)
            try #require(run.status == 0, "\(run.words)")
            return try lab.data("\(name).h5")
        }
        let one = try bytes("a", ["--threads", "1"])
        #expect(try bytes("b", ["--threads", "3"]) == one)
        #expect(try bytes("c", ["--threads", "2", "--activation-cache", "off"]) == one)
    }
}
