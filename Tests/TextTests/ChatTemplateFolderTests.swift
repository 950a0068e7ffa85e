import Files
import Foundation
import Testing

@testable import Text

/// Where a model's folder keeps its chat template.
@Suite struct ChatTemplateFolderTests {
    private func load(_ files: [String: String]) throws -> ChatTemplateFolder.Found? {
        let folder = try Golden.temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        for (name, text) in files { try Data(text.utf8).write(to: folder.appendingPathComponent(name)) }
        return try ChatTemplateFolder.load(folder)
    }

    private func text(_ files: [String: String]) throws -> String? {
        guard let found = try load(files) else { return nil }
        var values = ChatTemplate.Values()
        (values.first, values.last) = (found.first, found.last)
        return try found.template.render([], values)
    }

    @Test func findsTheTemplate() throws {
        let source = "<|x|>{{ bos_token }}{{ eos_token }}"
        #expect(try text([:]) == nil)
        #expect(try text(["tokenizer_config.json": "{}"]) == nil)
        #expect(try text(["chat_template.jinja": source]) == "<|x|>")
        let options = #"{"chat_template": "{{ eos_token }}", "bos_token": "<s>", "eos_token": {"content": "</s>"}}"#
        #expect(try text(["tokenizer_config.json": options]) == "</s>")
        #expect(try text(["tokenizer_config.json": options, "chat_template.jinja": source]) == "<|x|><s></s>")
        let list = #"{"chat_template": [{"name": "tools", "template": "t"}, {"name": "default", "template": "d"}]}"#
        #expect(try text(["tokenizer_config.json": list]) == "d")
    }

    @Test func namesTheFile() throws {
        for (files, message) in [
            (["chat_template.jinja": "\n{{ x"], "chat_template.jinja: chat template: line 2, column 5: found the end"),
            (
                ["tokenizer_config.json": #"{"chat_template": "{% do %}"}"#],
                "tokenizer_config.json: chat template: line 1"
            ),
            (["tokenizer_config.json": #"{"chat_template": 3}"#], "chat_template: 3, expected a string"),
            (
                ["tokenizer_config.json": #"{"chat_template": [{"name": "a", "template": ""}]}"#],
                "1 templates, expected one"
            ),
            (["tokenizer_config.json": #"{"chat_template": "", "eos_token": 2}"#], "eos_token: 2, expected a string"),
        ] {
            let error = #expect(throws: TextError.self) { _ = try load(files) }
            #expect(error?.description.contains(message) == true, "\(String(describing: error))")
            #expect(error?.description.contains("\n") == false)
        }
    }

    private static let whole = ProcessInfo.processInfo.environment["AMALGAM_TEST_GGUF"]

    @Test(.enabled(if: whole != nil, "set AMALGAM_TEST_GGUF to the folder that gguf_tokenizer_golden.py --whole made"))
    func findsTheTemplateOfAWholeModel() throws {
        let folder = URL(fileURLWithPath: try #require(Self.whole))
        let found = try #require(try ChatTemplateFolder.load(folder))
        #expect(found.first == "<|im_start|>" && found.last == "<|im_end|>")
        let messages: [JSONValue] = [.object([("role", .string("user")), ("content", .string("Hi!"))])]
        var values = ChatTemplate.Values()
        values.asksForAnswer = true
        let expected =
            "<|im_start|>system\nYou are a helpful AI assistant named SmolLM, trained by Hugging Face<|im_end|>\n"
            + "<|im_start|>user\nHi!<|im_end|>\n<|im_start|>assistant\n"
        #expect(try found.template.render(messages, values) == expected)
    }
}
