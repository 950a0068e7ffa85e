import Foundation
import Numerics
import Testing

@testable import Models

@Suite struct EncoderConfigurationTests {
    private func read(_ data: Data) throws -> EncoderConfiguration {
        try Fixture.withFolder { folder in
            let file = folder.appendingPathComponent("config.json")
            try data.write(to: file)
            return try EncoderConfiguration(file: file)
        }
    }

    private func read(_ change: (inout [String: Any]) -> Void) throws -> EncoderConfiguration {
        var json = try Fixture.configuration()
        change(&json)
        return try read(JSONSerialization.data(withJSONObject: json))
    }

    @Test func readsTheFixture() throws {
        let c = try read { _ in }
        #expect(c.architecture == "bert" && c.hidden == 48 && c.layers == 3 && c.firstPosition == 0)
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
            ("num_attention_heads", 5), ("hidden_act", "gelu_new"), ("hidden_act", 5), ("layer_norm_eps", 0),
            ("layer_norm_eps", "x"), ("hidden_dropout_prob", 1), ("attention_probs_dropout_prob", -0.1),
            ("position_embedding_type", "relative_key"), ("type_vocab_size", 0),
        ]
        for (field, value) in wrong {
            do {
                _ = try read { $0[field] = value }
                Issue.record("\(field) = \(value) was taken")
            } catch ModelError.field(_, let named, _, _) {
                #expect(named == field)
            }
        }
        do {
            _ = try read { $0["model_type"] = "gpt2" }
            Issue.record("gpt2 was taken")
        } catch ModelError.architecture(_, let found) {
            #expect(found == "gpt2")
        }
    }

    /// Every truncation, and flipped bytes: a configuration or a `ModelError`.
    @Test func fuzz() throws {
        let data = try Data(contentsOf: Fixture.tiny.appendingPathComponent("config.json"))
        var inputs = (0..<data.count).map { Data(data.prefix($0)) }
        for seed in 0..<500 {
            var changed = data
            for i in 0..<3 {
                let key = Randomness.key(UInt64(seed), UInt64(i))
                changed[Randomness.integer(key, 0, below: data.count)] = UInt8(Randomness.integer(key, 1, below: 256))
            }
            inputs.append(changed)
        }
        for input in inputs {
            do { _ = try read(input) } catch is ModelError {}
        }
    }
}
