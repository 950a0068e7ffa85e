import Foundation
import Testing

/// `generate`: prompts in, texts out.
@Suite(.timeLimit(.minutes(5))) struct GenerateCommandTests {
    private let lab: Lab

    init() throws {
        lab = try Lab()
        let source = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("Golden/decoders/llama")
        try FileManager.default.copyItem(at: source, to: lab.folder.appendingPathComponent("llama"))
    }

    private func generate(_ words: [String], input: String = "", model: String = "@llama") throws -> Lab.Run {
        try lab.run(["generate", "--model", model] + words, input: input)
    }

    private func objects(_ run: Lab.Run) throws -> [[String: Any]] {
        try #require(run.status == 0, "\(run.words)")
        return try run.output.split(separator: "\n").map {
            try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any], "\($0)")
        }
    }

    @Test func onePrompt() throws {
        let result = try #require(
            try objects(generate(["--prompt", "The cat", "--max-tokens", "6", "--logprobs", "--threads", "1"])).first)
        #expect((result["tokens"] as? [Int])?.count == 6 && (result["logprobs"] as? [Double])?.count == 6)
        #expect(result["finish_reason"] as? String == "length" && result["line"] == nil)
        #expect((result["prompt_tokens"] as? Int ?? 0) > 0)
        let stream = try generate(["--prompt", "The cat", "--max-tokens", "6", "--stream"])
        #expect(stream.output == (result["text"] as? String ?? "") + "\n")
    }

    /// Records in any format, in their order; what one becomes does not depend on the others.
    @Test func manyPrompts() throws {
        let prompts = (0..<7).map { "the cat sat on mat \($0)" }
        let lines = prompts.map { "{\"id\": \"\($0.last ?? "x")\", \"prompt\": \"\($0)\"}\n" }.joined()
        let options = ["--max-tokens", "9", "--temperature", "1", "--top-p", "0.9", "--seed", "4", "--keep", "id"]
        let all = try objects(generate(options, input: lines))
        #expect(
            all.map { $0["line"] as? Int } == Array(1...7) && all.map { $0["id"] as? String } == (0..<7).map { "\($0)" }
        )
        let one = try objects(generate(options + ["--slots", "1", "--threads", "1"], input: lines))
        #expect(all.map { $0["text"] as? String } == one.map { $0["text"] as? String })
        #expect(Set(all.compactMap { $0["text"] as? String }).count == 7)
        try lab.write("prompts.txt", prompts)
        let plain = try objects(generate(["--max-tokens", "9", "--input", "@prompts.txt"]))
        #expect(plain.count == 7 && plain[2]["line"] as? Int == 3)
        let stopped = try objects(
            generate([
                "--max-tokens", "9", "--input", "@prompts.txt", "--stop",
                String((plain[2]["text"] as? String ?? "").last ?? "x"),
            ]))
        #expect(stopped[2]["finish_reason"] as? String == "stop")
    }

    @Test func badRecords() throws {
        let lines =
            "{\"prompt\": \"the cat\"}\n{\"text\": 3}\n{\"other\": \"x\"}\n{\"prompt\": \"\(String(repeating: "x y ", count: 120))\"}\n"
        let skipped = try objects(generate(["--max-tokens", "2", "--on-error", "skip"], input: lines))
        #expect(skipped.map { $0["line"] as? Int } == [1, 2, 3, 4] && skipped[0]["text"] != nil)
        for (line, words) in [
            (1, "'text' is 3; expected a text"), (2, "no 'prompt' (found 'other')"), (3, "positions"),
        ] {
            #expect((skipped[line]["error"] as? String ?? "").contains(words), "\(skipped[line])")
        }
        let stopped = try generate(["--max-tokens", "2"], input: lines)
        #expect(stopped.status == 65 && stopped.output.split(separator: "\n").count == 1)
        #expect(stopped.errors.contains("standard input:2: 'text' is 3"))
    }

    @Test func wrongOptions() throws {
        for (words, found) in [
            (["--prompt", "a", "--top-p", "2"], "--top-p: found 2.0"),
            (["--prompt", "a", "--max-tokens", "0"], "--max-tokens: found 0"),
            (["--prompt", "a", "--slots", "0"], "--slots: found 0"), (["--stream"], "--stream: needs --prompt"),
            (["--prompt", "a", "--input", "b"], "--prompt, --input: give one of the two"),
            (["--format", "conll"], "--format: found conll, expected text, jsonl, json, csv, tsv"),
        ] {
            let run = try generate(words)
            #expect(run.status == 64 && run.errors.contains(found) && run.output.isEmpty, "\(run.words)")
        }
    }

    /// Each kind of model where the other is needed: one line.
    @Test func theOtherKindOfModel() throws {
        try lab.task("game", seed: 1)
        let encoder = try generate(["--prompt", "a"], model: "@tiny")
        #expect(encoder.status == 65 && encoder.errors.contains("found an encoder (bert), which only reads texts"))
        for command in [["train-adapter", "--task", "@game"], ["finetune", "--task", "@game"]] {
            let run = try lab.run(command + ["--model", "@llama", "--out", "@x.h5", "--quiet"])
            #expect(
                run.status == 65 && run.errors.contains("found a decoder (llama), which writes texts"), "\(run.words)")
            #expect(run.errors.split(separator: "\n").count == 1, "\(run.errors)")
        }
    }
}
