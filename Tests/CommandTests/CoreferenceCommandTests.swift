import Foundation
import Testing

/// Coreference from documents to clusters, as scripts use it.
@Suite(.serialized, .timeLimit(.minutes(10))) struct CoreferenceCommandTests {
    private func rows(_ text: String) throws -> [[String: Any]] {
        try text.split(separator: "\n").map {
            try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
        }
    }

    private struct Document {
        var sentences: [[String]] = []
        var clusters: [[[Int]]] = []

        var row: String {
            func list(_ items: [String]) -> String { "[\(items.joined(separator: ", "))]" }
            let words = list(sentences.map { list($0.map { "\"\($0)\"" }) })
            let mentions = list(clusters.map { list($0.map { "[\($0[0]), \($0[1])]" }) })
            return "{\"sentences\": \(words), \"clusters\": \(mentions)}"
        }

        /// CoNLL-2012 columns, without empty sentences.
        func conll(_ name: String) -> [String] {
            var lines = ["#begin document (\(name)); part 000"]
            var place = 0
            for sentence in sentences where !sentence.isEmpty {
                for (number, word) in sentence.enumerated() {
                    let parts = clusters.enumerated().flatMap { cluster, mentions -> [String] in
                        mentions.compactMap { mention in
                            mention == [place, place]
                                ? "(\(cluster))"
                                : mention[0] == place ? "(\(cluster)" : mention[1] == place ? "\(cluster))" : nil
                        }
                    }
                    let cell = parts.isEmpty ? "-" : parts.joined(separator: "|")
                    lines.append("\(name) 0 \(number) \(word) X * - - - - * \(cell)")
                    place += 1
                }
                lines.append("")
            }
            return lines + ["#end document"]
        }
    }

    /// Documents of a small language: `lo` and `be` are names, `ba ma` and `ba du` things; `ri` is who was named last, and `gi`
    /// the thing that was.
    /// - Parameters:
    ///   - long: every how many documents one is longer than the model reads; 0: none is
    ///   - fewest: mentions of a cluster at least
    private func documents(_ count: Int, seed: UInt64, long: Int = 0, fewest: Int = 2) -> [Document] {
        var state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
        func draw(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int((state >> 33) % UInt64(bound))
        }
        return (0..<count).map { number in
            var document = Document()
            var clusters: [String: [[Int]]] = [:]
            var (person, thing): (String, String?) = (["lo", "be"][draw(2)], nil)
            var place = 0
            let sentences = long > 0 && number % long == 0 ? 12 : 2 + draw(3)
            for i in 0..<sentences {
                var words: [String] = []
                func add(_ text: String, _ key: String) {
                    let own = text.split(separator: " ").map(String.init)
                    clusters[key, default: []].append([place + words.count, place + words.count + own.count - 1])
                    words += own
                }
                if i > 0, draw(3) > 0 {
                    add("ri", person)
                } else {
                    person = ["lo", "be"][draw(2)]
                    add(person, person)
                }
                words.append(["ka", "ku"][draw(2)])
                if let thing, draw(2) == 0 {
                    add("gi", thing)
                } else {
                    let noun = ["ba ma", "ba du"][draw(2)]
                    thing = noun
                    add(noun, noun)
                }
                document.sentences.append(words)
                place += words.count
            }
            document.clusters = clusters.values.filter { $0.count >= fewest }.sorted { $0[0][0] < $1[0][0] }
            return document
        }
    }

    private func lab() throws -> Lab {
        let lab = try Lab()
        try lab.task(
            "coref", train: documents(160, seed: 1, long: 16).map(\.row), dev: documents(24, seed: 2).map(\.row),
            test: documents(24, seed: 3, long: 8).map(\.row))
        return lab
    }

    private func train(_ lab: Lab, _ arguments: [String]) throws -> Lab.Run {
        let run = try lab.run(
            [
                "train-adapter", "--model", "@tiny", "--task", "@coref", "--out", "@c.h5", "--max-length", "24",
            ] + arguments)
        try #require(run.status == 0, "\(run.words)")
        return run
    }

    @Test func fromDocumentsToClusters() throws {
        let lab = try lab()
        let training = try train(lab, ["--epochs", "12", "--lr", "1e-2"])
        #expect(training.output.contains("coref: dev CoNLL F1 "), "\(training.words)")

        func evaluate(_ arguments: [String]) throws -> Lab.Run {
            try lab.run(["evaluate", "--model", "@tiny", "--task", "@coref", "--bundle", "@c.h5"] + arguments)
        }
        let result = try evaluate(["--json"]).json()
        #expect(result["kind"] as? String == "coreference" && result["metric"] as? String == "conll_f1")
        let metrics = try #require(result["metrics"] as? [String: Double])
        #expect(Set(metrics.keys) == ["conll_f1", "muc_f1", "bcub_f1", "ceafe_f1", "ceafm_f1", "loss"])
        #expect(Set((result["intervals"] as? [String: [Double]])?.keys.map { $0 } ?? []) == Set(metrics.keys))
        #expect((metrics["conll_f1"] ?? 0) > 0.8, "\(metrics)")
        let measures = try #require(result["per_measure"] as? [[String: Any]])
        #expect(measures.compactMap { $0["label"] as? String } == ["MUC", "B³", "CEAF-e", "CEAF-m", "mentions"])
        #expect(abs((measures[0]["f1"] as? Double ?? 0) - (metrics["muc_f1"] ?? 1)) < 1e-9)

        let people = try evaluate(["--report", "@r.html", "--predictions", "@p.jsonl"])
        #expect(people.output.hasPrefix("coref test: CoNLL F1 "), "\(people.words)")
        let listed = try rows(String(decoding: try lab.data("p.jsonl"), as: UTF8.self))
        #expect(listed.count == 24)
        #expect(
            listed.allSatisfy {
                Set($0.keys) == ["line", "gold_clusters", "clusters", "texts", "conll_f1", "tokens"]
            })
        // Documents in several windows, with links between them
        let long = try #require(listed.first { ($0["tokens"] as? [String])?.count ?? 0 > 30 })
        let clusters = try #require(long["clusters"] as? [[[Int]]])
        #expect(clusters.contains { ($0.last?[0] ?? 0) - $0[0][0] > 24 }, "\(clusters)")
        let shown = try lab.run(["inspect", "@c.h5"])
        #expect(shown.output.contains("clusters of mentions"), "\(shown.words)")
    }

    @Test func predictions() throws {
        let lab = try lab()
        _ = try train(lab, ["--epochs", "12", "--lr", "1e-2"])
        let input = """
            {"sentences": [["lo", "ka", "ba", "ma"], ["ri", "ku", "gi"]], "id": 7}
            {"tokens": ["be", "ka", "ba", "du"]}
            {"text": "lo  ka"}
            {"tokens": [], "clusters": "kept back"}
            """
        let predicted = try lab.run(
            ["predict", "--model", "@tiny", "--bundle", "@c.h5", "--keep", "id"], input: input)
        let found = try rows(predicted.output)
        try #require(found.count == 4, "\(predicted.words)")
        #expect(
            found[0]["clusters"] as? [[[Int]]] == [[[0, 0], [4, 4]], [[2, 3], [6, 6]]], "\(predicted.output)")
        #expect(found[0]["texts"] as? [[String]] == [["lo", "ri"], ["ba ma", "gi"]])
        #expect(found[0]["id"] as? Int == 7 && found[2]["tokens"] as? [String] == ["lo", "ka"])
        #expect(
            (found[1]["clusters"] as? [[[Int]]])?.isEmpty == true && (found[3]["clusters"] as? [Any])?.isEmpty == true)
        let table = try lab.run(
            ["predict", "--model", "@tiny", "--bundle", "@c.h5", "--output-format", "csv"],
            input: "{\"tokens\": [\"lo\"]}\n")
        #expect(table.output.contains("tokens,clusters,texts"), "\(table.words)")
        let wrong = try lab.run(
            ["predict", "--model", "@tiny", "--bundle", "@c.h5", "--top-k", "2"], input: "{\"tokens\": [\"lo\"]}\n")
        #expect(
            wrong.status == 64 && wrong.errors.contains("this head predicts clusters, not classes"), "\(wrong.words)")
    }

    /// Same seed, same bytes, on any number of threads and from both formats.
    @Test func sameBytes() throws {
        let lab = try lab()
        let splits = [("train", documents(160, seed: 1, long: 16)), ("dev", documents(24, seed: 2))]
        for (split, documents) in splits {
            try lab.write(
                "conll/\(split).v4_gold_conll", documents.enumerated().flatMap { $1.conll("x/\($0)") })
        }
        try lab.write(
            "coref.yaml",
            [
                "name: coref", "kind: coreference", "format: conll2012",
                "data: {train: conll/train.v4_gold_conll, dev: conll/dev.v4_gold_conll}",
            ])
        try FileManager.default.removeItem(at: lab.folder.appendingPathComponent("coref/test.jsonl"))
        for (name, task, threads) in [("1", "coref", "1"), ("2", "coref", "2"), ("3", "coref.yaml", "2")] {
            let run = try lab.run([
                "train-adapter", "--model", "@tiny", "--task", "@\(task)", "--out", "@\(name).h5", "--max-length", "24",
                "--epochs", "1", "--threads", threads,
            ])
            try #require(run.status == 0, "\(run.words)")
        }
        #expect(try lab.data("1.h5") == lab.data("2.h5"))
        #expect(try lab.data("1.h5") == lab.data("3.h5"))
    }

    /// A mention alone is a cluster only where the training has such.
    @Test func singletons() throws {
        let lab = try Lab()
        try lab.task(
            "coref", train: documents(160, seed: 1, fewest: 1).map(\.row),
            dev: documents(24, seed: 2, fewest: 1).map(\.row))
        _ = try train(lab, ["--epochs", "8", "--lr", "1e-2"])
        let predicted = try lab.run(
            ["predict", "--model", "@tiny", "--bundle", "@c.h5"],
            input: "{\"tokens\": [\"be\", \"ka\", \"ba\", \"du\"]}\n")
        #expect(try rows(predicted.output).first?["texts"] as? [[String]] == [["be"], ["ba du"]], "\(predicted.words)")
    }

    /// What clusters cannot be is refused in one line.
    @Test func refusals() throws {
        let lab = try lab()
        _ = try train(lab, ["--epochs", "1"])
        let taught = try lab.run([
            "distill", "--model", "@tiny", "--task", "@coref", "--bundle", "@c.h5", "--out", "@s.h5", "--epochs", "1",
        ])
        #expect(taught.status != 0 && taught.errors.contains("predicts clusters, expected classes"), "\(taught.words)")
        let probe = try lab.run([
            "finetune", "--model", "@tiny", "--task", "@coref", "--out", "@p.h5", "--linear-probe",
        ])
        #expect(probe.status != 0 && probe.errors.split(separator: "\n").count == 1, "\(probe.words)")
    }
}
