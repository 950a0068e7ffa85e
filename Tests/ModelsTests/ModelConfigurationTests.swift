import Foundation
import Numerics
import Testing

@testable import Models

@Suite struct ModelConfigurationTests {
    private func read(_ data: Data) throws -> ModelConfiguration {
        try Fixture.withFolder { folder in
            let file = folder.appendingPathComponent("config.json")
            try data.write(to: file)
            return try ModelConfiguration(file: file)
        }
    }

    private func read(_ change: (inout [String: Any]) -> Void) throws -> ModelConfiguration {
        var json = try Fixture.configuration()
        change(&json)
        return try read(JSONSerialization.data(withJSONObject: json))
    }

    @Test func readsTheFixture() throws {
        let c = try read { _ in }
        #expect(c.family == "bert" && c.hidden == 48 && c.layers == 3 && c.firstPosition == 0)
        let roberta = try read {
            $0["model_type"] = "xlm-roberta"
            $0["pad_token_id"] = 1
        }
        #expect(roberta.firstPosition == 2 && roberta.longestSequence == c.positions - 2)
    }

    static let needed = [
        "hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size", "vocab_size",
        "max_position_embeddings",
    ]

    @Test(arguments: needed) func namesTheFieldThatIsWrong(_ field: String) throws {
        let wrong: [Any?] = [nil, NSNull(), "48", -1, 0, 1.5, 1e300, [48], 1_000_000_000_000]
        for value in wrong {
            do {
                _ = try read { $0[field] = value }
                Issue.record("\(field) = \(value ?? "nothing") was taken")
            } catch let error as ModelError {
                guard case .field(_, let named, _, _) = error else {
                    Issue.record("\(error)")
                    continue
                }
                #expect(named == field)
                #expect(error.description.contains("config.json: \(field): found"))
            }
        }
    }

    @Test func refusesWhatItCannotCompute() throws {
        let wrong: [(String, Any)] = [
            ("num_attention_heads", 5), ("hidden_act", "quick_gelu"), ("hidden_act", 5), ("layer_norm_eps", 0),
            ("layer_norm_eps", "x"), ("hidden_dropout_prob", 1), ("attention_probs_dropout_prob", -0.1),
            ("position_embedding_type", "relative_key"), ("type_vocab_size", 0), ("is_decoder", true),
            ("add_cross_attention", true), ("pruned_heads", ["1": [0]]), ("quantization_config", ["bits": 4]),
        ]
        for (field, value) in wrong {
            do {
                _ = try read { $0[field] = value }
                Issue.record("\(field) = \(value) was taken")
            } catch ModelError.field(_, let named, _, _) {
                #expect(named == field)
            } catch let error as ModelError {
                guard case .unsupported(_, field, _, _) = error else {
                    Issue.record("\(error)")
                    continue
                }
                #expect(error.description.contains("not supported") && !error.description.contains("download"))
            }
        }
        for (field, value) in [("is_decoder", false as Any), ("pruned_heads", [:]), ("quantization_config", NSNull())] {
            #expect(try read { $0[field] = value }.hidden > 0, "\(field)")
        }
        do {
            _ = try read { $0["model_type"] = "gpt2" }
            Issue.record("gpt2 was taken")
        } catch ModelError.architecture(_, let found, _) {
            #expect(found == "gpt2")
        }
    }

    /// Every truncation, every flipped bit, and seeded damage: a configuration or a `ModelError` of one line.
    @Test func fuzz() throws {
        let data = [UInt8](try Data(contentsOf: Fixture.tiny.appendingPathComponent("config.json")))
        var inputs = (0..<data.count).map { Array(data.prefix($0)) }
        for index in data.indices {
            for bit in 0..<8 {
                var changed = data
                changed[index] ^= 1 << UInt8(bit)
                inputs.append(changed)
            }
        }
        let spice = Array("{}[]:,\"\\u-+.eE019 \ntfn".utf8) + [0, 0x80, 0xFF]
        for seed in 0..<3000 {
            var changed = data
            for i in 0..<3 {
                let key = Randomness.key(UInt64(seed), UInt64(i))
                let place = Randomness.integer(key, 0, below: changed.count)
                let byte = spice[Randomness.integer(key, 1, below: spice.count)]
                switch Randomness.integer(key, 2, below: 3) {
                case 0: changed[place] = byte
                case 1: changed.insert(byte, at: place)
                default: changed.remove(at: place)
                }
            }
            inputs.append(changed)
        }
        var taken = 0
        for input in inputs {
            do {
                _ = try ModelConfiguration(input, name: "config.json")
                taken += 1
            } catch let error as ModelError {
                let text = error.description
                if !text.hasPrefix("config.json: ") || text.contains(where: \.isNewline) { Issue.record("\(text)") }
            }
        }
        #expect(taken > 100)
    }

    /// Files of strangers: each is refused for its own reason, in one line that says where.
    @Test func hostile() throws {
        let good =
            #""model_type":"bert","hidden_size":8,"num_hidden_layers":1,"num_attention_heads":2,"#
            + #""intermediate_size":8,"vocab_size":9,"max_position_embeddings":9"#
        #expect(try ModelConfiguration(Array("{\(good)}".utf8), name: "c").hidden == 8)
        let cases: [([UInt8], String)] = [
            ([], "byte 0: found the file ends"), (Array("[]".utf8), "the whole file: found a list of 0"),
            (Array("{\(good)".utf8), "found the file ends, expected ',' or '}'"),
            (Array("{\(good),\"hidden_size\":16}".utf8), "hidden_size: found a duplicate key, expected one"),
            (Array("{\(good),\"x\":\"\\ud800\"}".utf8), "no lone surrogate"),
            (Array("{\"x\":\"".utf8) + [0xFF] + Array("\"}".utf8), "a string that is not UTF-8"),
            (Array("{\"x\":\(String(repeating: "[", count: 100_000))".utf8), "at most 128 levels"),
            (Array("{\(good),\"hidden_act\":\"a\\nb\\u001b[2J\"}".utf8), "hidden_act"),
            (Array("{\(good),\"layer_norm_eps\":1e999}".utf8), "a number that is too large"),
            (Array("{\(good.replacingOccurrences(of: ":8,", with: ":1152921504606846976,"))}".utf8), "hidden_size"),
            ([UInt8](repeating: UInt8(ascii: "x"), count: 10 << 20), "byte 0: found 'x', expected a value"),
        ]
        for (bytes, word) in cases {
            do {
                _ = try ModelConfiguration(bytes, name: "c")
                Issue.record("taken: \(word)")
            } catch {
                let text = "\(error)"
                #expect(
                    text.hasPrefix("c: ") && text.contains(word) && text.contains("expected")
                        && !text.contains { $0.isNewline || $0 == "\u{1B}" } && text.count < 300, "\(text.prefix(400))")
            }
        }
        #expect(throws: ModelError.self) {
            try SentenceSettings.pooling(Array(#"{"pooling_mode_mean_tokens":1}"#.utf8), file: "p")
        }
        #expect(throws: ModelError.self) {
            try SentenceSettings.pooling(
                Array(#"{"pooling_mode_mean_tokens":true,"pooling_mode_mean_tokens":false}"#.utf8), file: "p")
        }
    }
}
