import Foundation
import Testing

/// `tune`, and `generate` with what it made.
@Suite(.timeLimit(.minutes(5))) struct TuneCommandTests {
    private let lab: Lab

    init() throws {
        lab = try Lab()
        let source = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("Golden/decoders/qwen2")
        try FileManager.default.copyItem(at: source, to: lab.folder.appendingPathComponent("qwen2"))
        let words = [("the cat", " sat"), ("the mat", " on it"), ("one two", " three")]
        try lab.write(
            "rows.jsonl",
            (0..<60).map { i in
                "{\"prompt\": \"\(words[i % 3].0) \(i / 3 % 5)\", \"answer\": \"\(words[i % 3].1)\"}"
            })
    }

    private func tune(_ words: [String], out: String = "@a.h5") throws -> Lab.Run {
        try lab.run(
            [
                "tune", "--model", "@qwen2", "--data", "@rows.jsonl", "--out", out, "--quiet", "--set", "targets=all",
                "--lr", "2e-2",
            ] + words)
    }

    @Test func learnsAndWrites() throws {
        let result = try tune(["--json", "--epochs", "6"]).json()
        let (before, after) = (result["loss_before"] as? Double ?? 0, result["loss"] as? Double ?? .infinity)
        #expect(after < 0.5 * before && (result["answer_tokens"] as? Int ?? 0) > 0, "\(result)")
        let options = ["generate", "--model", "@qwen2", "--prompt", "the cat 1", "--max-tokens", "8"]
        let (bare, tuned) = (try lab.run(options), try lab.run(options + ["--bundle", "@a.h5"]))
        #expect(bare.status == 0 && tuned.status == 0 && bare.output != tuned.output, "\(tuned.words)")
        #expect(tuned.output.contains("sat"), "\(tuned.output)")
        let inspected = try lab.run(["inspect", "@a.h5", "--verify"])
        #expect(inspected.status == 0 && inspected.output.contains("qwen2"), "\(inspected.words)")
        // Another model
        let other = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("Golden/decoders/qwen3").path
        let wrong = try lab.run(["generate", "--model", other, "--prompt", "x", "--bundle", "@a.h5"])
        #expect(wrong.status == 65 && wrong.errors.contains("a.h5"), "\(wrong.words)")
    }

    /// What is trained in the form of a conversation answers in one.
    @Test func learnsConversations() throws {
        let refused = try tune(["--chat"])
        #expect(refused.status == 64 && refused.errors.contains("a model without a chat template"), "\(refused.words)")
        try lab.write(
            "qwen2/chat_template.jinja",
            [
                "{% for m in messages %}{{ m.role }} : {{ m.content }} . {% endfor %}"
                    + "{% if add_generation_prompt %}assistant :{% endif %}"
            ])
        let result = try tune(["--json", "--epochs", "6", "--chat", "--system", "be kind"]).json()
        let (before, after) = (result["loss_before"] as? Double ?? 0, result["loss"] as? Double ?? .infinity)
        #expect(after < 0.5 * before, "\(result)")
        let options = ["generate", "--model", "@qwen2", "--bundle", "@a.h5", "--max-tokens", "8"]
        let chat = try lab.run(options + ["--chat", "--system", "be kind", "--prompt", "the cat 1"]).json()
        #expect((chat["text"] as? String ?? "").contains("sat"), "\(chat)")
        // The same tokens as the text that the template makes
        let text = try lab.run(
            options + ["--prompt", "system : be kind . user : the cat 1 . assistant :"]
        ).json()
        #expect(chat["tokens"] as? [Int] == text["tokens"] as? [Int], "\(chat) \(text)")
    }

    /// On a base in NF4: the bundle says so, and stands on the model in float32, too.
    @Test func tunesOnNF4() throws {
        let wrong = try tune(["--quantize", "int3"])
        #expect(wrong.status == 64 && wrong.errors.contains("expected nf4 or none"), "\(wrong.words)")
        let result = try tune(["--json", "--epochs", "6", "--quantize", "nf4"]).json()
        let (before, after) = (result["loss_before"] as? Double ?? 0, result["loss"] as? Double ?? .infinity)
        #expect(after < 0.6 * before, "\(result)")
        let inspected = try lab.run(["inspect", "@a.h5", "--json"])
        #expect(inspected.output.contains("base_weights") && inspected.output.contains("NF4"), "\(inspected.words)")
        for words in [[], ["--quantize", "nf4"], ["--quantize", "none"]] {
            let written = try lab.run(
                ["generate", "--model", "@qwen2", "--prompt", "the cat 1", "--max-tokens", "8", "--bundle", "@a.h5"]
                    + words)
            #expect(written.status == 0 && written.output.contains("sat"), "\(written.words)")
        }
    }

    /// Merged into the model as a folder that writes the same; and as a folder of peft. `check_decoder_export.py` loads both in
    /// Python.
    @Test func exports() throws {
        try #require(try tune(["--epochs", "6"]).status == 0)
        let merged = try lab.run(
            ["export", "@a.h5", "--format", "hf", "--merge", "--model", "@qwen2", "--out", "@merged"])
        try #require(merged.status == 0, "\(merged.words)")
        func written(_ words: [String]) throws -> (tokens: [Int], probabilities: [Double]) {
            let result = try lab.run(
                ["generate", "--prompt", "the cat 1", "--max-tokens", "6", "--logprobs", "--json"] + words
            ).json()
            return (result["tokens"] as? [Int] ?? [], result["logprobs"] as? [Double] ?? [])
        }
        let (ours, theirs) = (
            try written(["--model", "@qwen2", "--bundle", "@a.h5"]), try written(["--model", "@merged"])
        )
        #expect(ours.tokens == theirs.tokens && !ours.tokens.isEmpty)
        #expect(zip(ours.probabilities, theirs.probabilities).allSatisfy { abs($0 - $1) < 1e-4 })
        let peft = try lab.run(["export", "@a.h5", "--format", "peft", "--out", "@peft"])
        try #require(peft.status == 0, "\(peft.words)")
        let configuration = try String(
            contentsOf: lab.folder.appendingPathComponent("peft/adapter_config.json"), encoding: .utf8)
        #expect(configuration.contains("CAUSAL_LM") && configuration.contains("gate_proj"), "\(configuration)")
    }

    /// The same bytes for any number of threads.
    @Test func sameBytes() throws {
        for (threads, out) in [("1", "@a.h5"), ("3", "@b.h5")] {
            let run = try tune(["--epochs", "1", "--threads", threads, "--name", "x"], out: out)
            try #require(run.status == 0, "\(run.words)")
        }
        #expect(
            try Data(contentsOf: lab.folder.appendingPathComponent("a.h5"))
                == Data(contentsOf: lab.folder.appendingPathComponent("b.h5")))
    }

    @Test func oneLineForBadInput() throws {
        try lab.write("bad.jsonl", ["{\"prompt\": \"a\", \"answer\": \"b\"}", "{\"prompt\": \"a\"}"])
        for (words, status, found) in [
            (["--data", "@bad.jsonl"], 65, "bad.jsonl:2: no 'answer' (found 'prompt')"),
            (["--data", "@none.jsonl"], 66, "none.jsonl"), (["--config", "prompt_tuning"], 64, "tokens of their own"),
            (["--model", "@tiny"], 65, "found an encoder (bert)"), (["--pooling", "mean"], 64, "--pooling"),
        ] as [([String], Int32, String)] {
            var command = ["tune", "--model", "@qwen2", "--data", "@rows.jsonl", "--out", "@x.h5", "--quiet"]
            if let place = command.firstIndex(of: words[0]) {
                command[place + 1] = words[1]
            } else {
                command += words
            }
            let run = try lab.run(command)
            #expect(run.status == status && run.errors.contains(found), "\(run.words)")
            #expect(run.errors.split(separator: "\n").count == 1, "\(run.errors)")
        }
    }
}
