import Files
import Foundation
import Testing

@testable import Models

/// Decoders in GGUF against what `transformers` loads from the same files (Tests/Golden/gguf_model_golden.py).
@Suite struct GGUFModelTests {
    static let folder = Fixture.golden.appendingPathComponent("gguf_models")

    static func compare(_ gguf: URL, _ golden: URL) throws {
        let model = try GGUFModel(GGUFFile(gguf))
        let expected = try SafetensorsFile(golden.appendingPathExtension("safetensors"))
        #expect(model.names == expected.names)
        for name in expected.names {
            let tensor = try #require(model[name])
            #expect(try tensor.shape == expected.tensor(name).shape, "\(name)")
            let (made, wanted) = (try tensor.floats(), try expected.floats(name))
            let wrong = zip(made, wanted).enumerated().first { $1.0.bitPattern != $1.1.bitPattern }
            #expect(made.count == wanted.count && wrong == nil, "\(name): \(String(describing: wrong))")
        }
        let numbers = try JSONReader.read([UInt8](Data(contentsOf: golden.appendingPathExtension("json"))))
        guard case .object(let wanted) = numbers, case .object(let made) = model.configuration else {
            throw CocoaError(.fileReadCorruptFile)
        }
        #expect(wanted.count == 13)
        for (key, value) in wanted {
            let own = try #require(made.first { $0.key == key }?.value, "\(key)")
            switch (own, value) {
            case (.integer(let a), .integer(let b)): #expect(a == b, "\(key)")
            case (.number(let a), .number(let b)): #expect(Float(a) == Float(b), "\(key)")
            case (.string(let a), .string(let b)): #expect(a == b, "\(key)")
            case (.bool(let a), .bool(let b)): #expect(a == b, "\(key)")
            default: Issue.record("\(key): \(own.summary), expected \(value.summary)")
            }
        }
        // What is written is what is read
        #expect(try JSONReader.read(Array(model.configuration.json.utf8)).json == model.configuration.json)
    }

    @Test(arguments: ["llama", "llama-untied", "qwen2"])
    func tensorsAndNumbersAreTheReferences(_ name: String) throws {
        try Self.compare(
            Self.folder.appendingPathComponent(name + ".gguf"), Self.folder.appendingPathComponent(name))
    }

    private static let whole = ProcessInfo.processInfo.environment["AMALGAM_TEST_GGUF_MODEL"]

    @Test(.enabled(if: whole != nil, "set AMALGAM_TEST_GGUF_MODEL to the folder of gguf_model_golden.py --whole"))
    func equalsWholeModel() throws {
        let folder = URL(fileURLWithPath: try #require(Self.whole))
        try Self.compare(folder.appendingPathComponent("model.gguf"), folder.appendingPathComponent("model"))
    }

    /// Both ways, for heads of any even width.
    @Test func rowsStandInPairs() {
        #expect((0..<8).map { GGUFModel.RowOrder(head: 4).storedRow($0) } == [0, 2, 1, 3, 4, 6, 5, 7])
        for head in [2, 6, 64] {
            #expect(Set((0..<3 * head).map { GGUFModel.RowOrder(head: head).storedRow($0) }) == Set(0..<3 * head))
        }
    }

    // MARK: What is refused

    /// A GGUF file of one tensor.
    private struct Builder {
        static func number(_ number: some FixedWidthInteger) -> [UInt8] {
            withUnsafeBytes(of: number.littleEndian) { Array($0) }
        }

        static func text(_ text: String) -> [UInt8] { number(UInt64(text.utf8.count)) + Array(text.utf8) }

        var fields: [(key: String, bytes: [UInt8])] = []
        var tensor = "token_embd.weight"

        mutating func set(_ key: String, _ value: UInt32) { set(key, Self.number(UInt32(4)) + Self.number(value)) }
        mutating func set(_ key: String, _ text: String) { set(key, Self.number(UInt32(8)) + Self.text(text)) }
        mutating func set(_ key: String, _ value: Float) {
            set(key, Self.number(UInt32(6)) + Self.number(value.bitPattern))
        }
        mutating func set(_ key: String, _ bytes: [UInt8]?) {
            fields.removeAll { $0.key == key }
            if let bytes { fields.append((key, bytes)) }
        }

        static func small() -> Builder {
            var file = Builder()
            file.set("general.architecture", "llama")
            for (key, value) in [
                ("embedding_length", 8), ("block_count", 1), ("attention.head_count", 2), ("feed_forward_length", 12),
                ("context_length", 16),
            ] as [(String, UInt32)] {
                file.set("llama." + key, value)
            }
            file.set("llama.attention.layer_norm_rms_epsilon", Float(1e-5))
            return file
        }

        func write(to url: URL) throws {
            var bytes = Array("GGUF".utf8) + Self.number(UInt32(3)) + Self.number(UInt64(1))
            bytes += Self.number(UInt64(fields.count))
            for field in fields { bytes += Self.text(field.key) + field.bytes }
            bytes += Self.text(tensor) + Self.number(UInt32(2)) + Self.number(UInt64(8)) + Self.number(UInt64(5))
            bytes += Self.number(UInt32(0)) + Self.number(UInt64(0))
            while bytes.count % 32 != 0 { bytes.append(0) }
            try Data(bytes + [UInt8](repeating: 0, count: 160)).write(to: url)
        }
    }

    @Test func namesWhatIsWrong() throws {
        let cases: [(change: (inout Builder) -> Void, message: String)] = [
            ({ $0.set("general.architecture", nil) }, "general.architecture: found nothing"),
            (
                { $0.set("general.architecture", "bert") },
                "found \"bert\", which is not supported; expected llama, qwen2"
            ),
            ({ $0.set("split.count", 3 as UInt32) }, "split.count: found 3 files"),
            ({ $0.set("llama.embedding_length", nil) }, "llama.embedding_length: found nothing"),
            (
                { $0.set("llama.embedding_length", "8") },
                "llama.embedding_length: one value (text), expected one integer"
            ),
            ({ $0.set("llama.attention.layer_norm_rms_epsilon", nil) }, "rms_epsilon: found nothing"),
            ({ $0.set("llama.attention.head_count", 0 as UInt32) }, "found 0, expected an even number"),
            ({ $0.set("llama.attention.key_length", 3 as UInt32) }, "key_length: found 3, expected an even number"),
            (
                {
                    $0.set("llama.rope.dimension_count", 2 as UInt32); $0.set("llama.attention.key_length", 4 as UInt32)
                },
                "rope.dimension_count: found 2"
            ),
            ({ $0.set("llama.attention.value_length", 2 as UInt32) }, "value_length: found 2"),
            ({ $0.set("llama.rope.scaling.type", "yarn") }, "scaling.type: found \"yarn\""),
            ({ $0.set("llama.expert_count", 8 as UInt32) }, "expert_count: found 8"),
            ({ $0.set("llama.attention.sliding_window", 8 as UInt32) }, "sliding_window: found 8"),
            ({ $0.tensor = "rope_freqs.weight" }, "rope_freqs.weight: found positions scaled"),
            ({ $0.tensor = "output.weight" }, "tensor token_embd.weight: found nothing"),
            ({ $0.tensor = "blk.00.attn_q.weight" }, "tensor token_embd.weight: found nothing"),
        ]
        try Fixture.withFolder { folder in
            let url = folder.appendingPathComponent("m.gguf")
            try Builder.small().write(to: url)
            let model = try GGUFModel(GGUFFile(url))
            #expect(model.names == ["model.embed_tokens.weight"])
            #expect(model.configuration.json.contains("\"head_dim\":4"))
            #expect(model.configuration.json.contains("\"num_key_value_heads\":2"))
            for (change, message) in cases {
                var file = Builder.small()
                change(&file)
                try file.write(to: url)
                let error = #expect(throws: (any Error).self) { _ = try GGUFModel(GGUFFile(url)) }
                let text = error.map { "\($0)" } ?? ""
                #expect(text.contains("m.gguf: ") && text.contains(message) && !text.contains("\n"), "\(text)")
            }
        }
        for (stored, name) in [
            ("blk.3.attn_q.bias", "model.layers.3.self_attn.q_proj.bias"), ("output.weight", "lm_head.weight"),
            ("blk.12.ffn_down.weight", "model.layers.12.mlp.down_proj.weight"), ("blk.01.ffn_up.weight", nil),
            ("blk.x.ffn_up.weight", nil), ("blk.1.ffn_up", nil), ("blk.1.ffn_up.scale", nil), ("", nil),
            ("blk.-1.ffn_up.weight", nil),
        ] as [(String, String?)] {
            #expect(GGUFFamily.name(of: stored) == name, "\(stored)")
        }
    }
}
