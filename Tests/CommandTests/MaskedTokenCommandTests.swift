import Foundation
import Testing

/// Masked language modeling from training to prediction, as scripts use it.
@Suite(.serialized, .timeLimit(.minutes(10))) struct MaskedTokenCommandTests {
    private static let sentences = ["ba be da de ga ge", "ko ku lo lu mo mu"]

    private func lab() throws -> Lab {
        let lab = try Lab()
        func rows(_ count: Int) -> [String] { (0..<count).map { "{\"text\": \"\(Self.sentences[$0 % 2])\"}" } }
        try lab.write("texts/train.jsonl", rows(96))
        try lab.write("texts/dev.jsonl", rows(10))
        try lab.write("texts/test.jsonl", rows(12))
        try lab.write("texts.yaml", ["name: texts", "kind: masked-language-modeling", "data: texts"])
        return lab
    }

    private func objects(_ text: String) throws -> [[String: Any]] {
        try text.split(separator: "\n").map {
            try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
        }
    }

    private func train(_ lab: Lab, _ more: String...) throws -> Lab.Run {
        try lab.run(
            [
                "train-adapter", "--model", "@tiny", "--task", "@texts.yaml", "--out", "@texts.h5", "--epochs", "12",
                "--lr", "1e-2", "--batch-size", "8",
            ] + more)
    }

    @Test func fromTrainingToPrediction() throws {
        let lab = try lab()
        let trained = try train(lab)
        try #require(trained.status == 0, "\(trained.words)")
        #expect(trained.output.contains("texts: dev perplexity "), "\(trained.words)")
        let result = try lab.run([
            "evaluate", "--model", "@tiny", "--task", "@texts.yaml", "--bundle", "@texts.h5", "--json",
        ]).json()
        #expect(result["kind"] as? String == "masked-language-modeling" && result["metric"] as? String == "perplexity")
        let metrics = try #require(result["metrics"] as? [String: Double])
        #expect(Set(metrics.keys) == ["perplexity", "masked_accuracy", "loss"])
        // The loss is the mean over the hidden tokens, and perplexity its exponential
        let (perplexity, loss) = (metrics["perplexity"] ?? 0, metrics["loss"] ?? 0)
        #expect(perplexity < 3 && abs(perplexity - exp(loss)) < 1e-9 * perplexity, "\(metrics)")
        #expect(result["examples"] as? Int == 12)

        let people = try lab.run([
            "evaluate", "--model", "@tiny", "--task", "@texts.yaml", "--bundle", "@texts.h5", "--report", "@r.html",
            "--predictions", "@p.jsonl",
        ])
        #expect(people.output.hasPrefix("texts test: perplexity "), "\(people.words)")
        let rows = try objects(String(decoding: try lab.data("p.jsonl"), as: UTF8.self))
        #expect(rows.count == 12)
        for row in rows {
            let gold = try #require(row["gold"] as? [String])
            #expect(!gold.isEmpty && gold.count == (row["tokens"] as? [String])?.count)
            #expect(gold.allSatisfy { (row["text"] as? String ?? "").contains($0) }, "\(row)")
        }
        // Equal texts hide equal tokens
        #expect(Set(rows.map { "\($0["gold"] ?? "")" }).count == 2)

        let input = """
            {"text": "ba be [MASK] de ga [MASK]", "id": 7}
            {"text": "ko ku lo lu mo mu"}
            {"text": "ko [MASK] lo"}
            """
        let run = try lab.run(
            ["predict", "--model", "@tiny", "--bundle", "@texts.h5", "--keep", "id", "--top-k", "3"], input: input)
        let found = try objects(run.output)
        #expect(found.map { $0["tokens"] as? [String] } == [["da", "ge"], [], ["ku"]], "\(run.words)")
        #expect(found.map { ($0["probabilities"] as? [Double])?.count } == [2, 0, 1])
        let top = try #require(found[0]["top"] as? [[[String: Any]]])
        #expect(top.map(\.count) == [3, 3] && top[0][0]["token"] as? String == "da", "\(run.words)")
        let csv = try lab.run(
            ["predict", "--model", "@tiny", "--bundle", "@texts.h5", "--output-format", "csv"], input: input)
        #expect(csv.output.hasPrefix("line,tokens,probabilities\n1,\"[\"\"da\"\",\"\"ge\"\"]\","), "\(csv.words)")
        let inspected = try lab.run(["inspect", "@texts.h5"])
        #expect(inspected.output.contains("gives the token that is hidden"), "\(inspected.words)")
    }

    /// What cannot be done says what can.
    @Test func refused() throws {
        let lab = try lab()
        let full = try lab.run([
            "finetune", "--model", "@tiny", "--task", "@texts.yaml", "--out", "@f.h5", "--epochs", "1",
        ])
        #expect(full.status != 0 && full.errors.contains("train an adapter instead"), "\(full.words)")
        let metric = try lab.run([
            "train-adapter", "--model", "@tiny", "--task", "@texts.yaml", "--out", "@p.h5", "--linear-probe",
        ])
        #expect(metric.status != 0, "\(metric.words)")
        try lab.write("bad/train.jsonl", ["{\"texts\": \"ba\"}"])
        try lab.write("bad.yaml", ["name: bad", "kind: masked-language-modeling", "data: bad"])
        let bad = try lab.run(["train-adapter", "--model", "@tiny", "--task", "@bad.yaml", "--out", "@b.h5"])
        #expect(
            bad.status == 65 && bad.errors.contains("train.jsonl:1") && bad.errors.contains("no column 'text'")
                || bad.errors.contains("'text'"), "\(bad.words)")
    }
}
