import Files
import Foundation
import Testing

@testable import Text

/// What a GGUF file's vocabulary and a `tokenizer.json` with a `Split` are refused for: one line that names the field.
@Suite struct GGUFTokenizerRefusalTests {
    /// A file with metadata alone.
    private struct Builder {
        var fields: [(key: String, bytes: [UInt8])] = []

        static func number(_ number: some FixedWidthInteger) -> [UInt8] {
            withUnsafeBytes(of: number.littleEndian) { Array($0) }
        }

        static func text(_ text: String) -> [UInt8] { number(UInt64(text.utf8.count)) + Array(text.utf8) }

        mutating func add(_ key: String, _ text: String) {
            fields.append((key, Self.number(UInt32(8)) + Self.text(text)))
        }

        mutating func add(_ key: String, _ texts: [String]) {
            let start = Self.number(UInt32(9)) + Self.number(UInt32(8)) + Self.number(UInt64(texts.count))
            fields.append((key, start + texts.flatMap(Self.text)))
        }

        mutating func add(_ key: String, _ numbers: [Int32]) {
            let start = Self.number(UInt32(9)) + Self.number(UInt32(5)) + Self.number(UInt64(numbers.count))
            fields.append((key, start + numbers.flatMap { Self.number($0) }))
        }

        mutating func add(_ key: String, _ number: UInt32) {
            fields.append((key, Self.number(UInt32(4)) + Self.number(number)))
        }

        mutating func add(_ key: String, _ flag: Bool) { fields.append((key, Self.number(UInt32(7)) + [flag ? 1 : 0])) }

        var bytes: [UInt8] {
            var bytes = Array("GGUF".utf8) + Self.number(UInt32(3)) + Self.number(UInt64(0))
            bytes += Self.number(UInt64(fields.count))
            for field in fields { bytes += Self.text("tokenizer.ggml." + field.key) + field.bytes }
            return bytes
        }

        static func small() -> Builder {
            var file = Builder()
            file.add("model", "gpt2")
            file.add("pre", "smollm")
            file.add("tokens", ["<end>", "a", "b", "Ġ", "ab"])
            file.add("token_type", [3, 1, 1, 1, 1])
            file.add("merges", ["a b"])
            return file
        }

        mutating func remove(_ key: String) { fields.removeAll { $0.key == key } }
    }

    private func tokenizer(_ file: Builder) throws -> any Tokenizer {
        let folder = try Golden.temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        try Data(file.bytes).write(to: folder.appendingPathComponent("m.gguf"))
        return try TokenizerFolder.load(folder)
    }

    @Test func readsTheSmallFile() throws {
        var file = Builder.small()
        #expect(try tokenizer(file).encode("ab a<end>c", pair: nil, maxLength: 9).ids == [4, 3, 1, 0])
        file.add("add_bos_token", true)
        file.add("bos_token_id", 0)
        file.add("add_eos_token", true)
        file.add("eos_token_id", 4)
        let made = try tokenizer(file)
        #expect(made.encode("a", pair: nil, maxLength: 9).ids == [0, 1, 4])
        #expect(made.encode("a", pair: "b", maxLength: 9).ids == [0, 1, 4, 0, 2, 4])
        #expect(made.vocabularySize == 5 && made.decoder?.isSpecial(0) == true && made.decoder?.isSpecial(4) == false)
    }

    @Test func namesWhatIsWrong() throws {
        let cases: [(change: (inout Builder) -> Void, message: String)] = [
            ({ $0.remove("model") }, "tokenizer.ggml.model: nothing, expected gpt2"),
            (
                { $0.fields[0] = ("model", Builder.number(UInt32(8)) + Builder.text("llama")) },
                "model: \"llama\" is not"
            ),
            ({ $0.fields[0] = ("model", Builder.number(UInt32(7)) + [1]) }, "tokenizer.ggml.model: one value"),
            ({ $0.remove("pre") }, "tokenizer.ggml.pre: nothing is not supported, only gpt-2"),
            ({ $0.fields[1] = ("pre", Builder.number(UInt32(8)) + Builder.text("viking")) }, "pre: \"viking\""),
            ({ $0.remove("tokens") }, "tokenizer.ggml.tokens: nothing"),
            (
                {
                    $0.remove("tokens")
                    $0.add("tokens", ["a", "b", "a"])
                }, "tokens: a duplicate token ('a')"
            ),
            (
                {
                    $0.remove("token_type")
                    $0.add("token_type", [1])
                }, "token_type: 1 kinds, expected 5"
            ),
            (
                {
                    $0.remove("merges")
                    $0.add("merges", ["a b", "a c"])
                }, "merges[1]: \"c\", which is missing"
            ),
            (
                {
                    $0.remove("merges")
                    $0.add("merges", ["ab"])
                }, "merges[0]: 1 tokens"
            ),
            ({ $0.add("add_bos_token", true) }, "bos_token_id: nothing, expected an id below 5"),
            (
                {
                    $0.add("add_eos_token", true)
                    $0.add("eos_token_id", 5)
                }, "eos_token_id: 5, expected an id below 5"
            ),
        ]
        for (change, message) in cases {
            var file = Builder.small()
            change(&file)
            let error = #expect(throws: TextError.self) { _ = try tokenizer(file) }
            let text = error?.description ?? ""
            #expect(text.contains("m.gguf: ") && text.contains(message) && !text.contains("\n"), "\(text)")
        }
        let folder = try Golden.temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        for name in ["a.gguf", "b.gguf"] { try Data().write(to: folder.appendingPathComponent(name)) }
        let error = #expect(throws: TextError.self) { _ = try TokenizerFolder.load(folder) }
        #expect(error?.description.contains("a.gguf, b.gguf, expected one GGUF file") == true)
    }

    /// Only the known expressions, and only where every scalar is kept.
    @Test func splitsByKnownExpressionsAlone() throws {
        func load(_ split: String) throws -> any Tokenizer {
            let text =
                #"{"pre_tokenizer":{"type":"Split",\#(split)},"model":{"type":"BPE","vocab":{"a":0},"merges":[]}}"#
            return try TokenizerFile.tokenizer(TextFile.object(Array(text.utf8), file: "t"))
        }
        func pattern(_ regex: String) -> String { #""pattern":{"Regex":\#(JSONText.quoted(regex))}"# }
        for known in WordPattern.allCases {
            for rest in [#""behavior":"Isolated","invert":false"#, #""behavior":"Removed","invert":true"#] {
                #expect(try load(pattern(known.regex) + "," + rest).encode("a", pair: nil, maxLength: 3).ids == [0])
            }
        }
        for (split, message) in [
            (pattern(#"\d+"#) + #","behavior":"Isolated","invert":false"#, "pattern.Regex: \"\\d+\" is not supported"),
            (#""pattern":{"String":"x"},"behavior":"Isolated""#, "pattern.Regex: nothing"),
            (pattern(WordPattern.llama3.regex) + #","behavior":"Removed","invert":false"#, "behavior: \"Removed\""),
            (pattern(WordPattern.llama3.regex) + #","behavior":"MergedWithNext","invert":true"#, "behavior"),
        ] {
            let error = #expect(throws: TextError.self) { _ = try load(split) }
            #expect(error?.description.contains("t: pre_tokenizer." + message) == true, "\(String(describing: error))")
        }
    }
}
