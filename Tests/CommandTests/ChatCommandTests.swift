import Foundation
import Testing

/// Conversations in the form of a model's chat template.
@Suite(.timeLimit(.minutes(5))) struct ChatCommandTests {
    private let lab: Lab

    init() throws {
        lab = try Lab()
        let source = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("Golden/decoders/llama")
        try FileManager.default.copyItem(at: source, to: lab.folder.appendingPathComponent("llama"))
    }

    private func writeTemplate() throws {
        try lab.write(
            "llama/chat_template.jinja",
            [
                "{% for m in messages %}{{ m.role }} says {{ m.content }} . {% endfor %}"
                    + "{% if add_generation_prompt %}assistant says{% endif %}"
            ])
    }

    private func text(_ words: [String]) throws -> String {
        let run = try lab.run(["generate", "--model", "@llama", "--max-tokens", "6"] + words)
        return try #require(try run.json()["text"] as? String)
    }

    /// What the template writes is what the model reads: the same texts, a line for each message.
    @Test func conversationsAreTexts() throws {
        try writeTemplate()
        let first = try text(["--prompt", "user says the cat . assistant says"])
        #expect(try text(["--chat", "--prompt", "the cat"]) == first)
        let told = try text(["--prompt", "system says be kind . user says the cat . assistant says"])
        #expect(try text(["--chat", "--system", "be kind", "--prompt", "the cat"]) == told)
        let second = try text([
            "--prompt", "user says the cat . assistant says \(first) . user says the mat . assistant says",
        ])
        let talk = try lab.run(
            ["chat", "--model", "@llama", "--max-tokens", "6"],
            input: "the cat\n\nthe mat\n/new\nthe cat\n/quit\nthe mat\n")
        #expect(talk.status == 0 && talk.output == "\(first)\n\(second)\n\(first)\n", "\(talk.words)")
        let records = try lab.run(
            ["generate", "--model", "@llama", "--max-tokens", "6", "--chat", "--system", "be kind"],
            input: "{\"prompt\": \"the cat\"}\n")
        #expect(try records.json()["text"] as? String == told)
    }

    @Test func refused() throws {
        for command in [["chat"], ["generate", "--chat", "--prompt", "a"]] {
            let run = try lab.run(command + ["--model", "@llama"], input: "a\n")
            #expect(run.status == 64 && run.errors.contains("a model without a chat template"), "\(run.words)")
        }
        let alone = try lab.run(["generate", "--model", "@llama", "--prompt", "a", "--system", "b"])
        #expect(alone.status == 64 && alone.errors.contains("--system: needs --chat"), "\(alone.words)")
        try lab.write("llama/chat_template.jinja", ["{{ raise_exception('users first') }}"])
        let run = try lab.run(["chat", "--model", "@llama"], input: "a\n")
        #expect(run.status == 65 && run.errors.contains("users first"), "\(run.words)")
        #expect(run.errors.split(separator: "\n").count == 1, "\(run.errors)")
    }
}
