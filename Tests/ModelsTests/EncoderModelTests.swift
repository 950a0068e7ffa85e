import Files
import Foundation
import Numerics
import Testing

@testable import Models

@Suite struct EncoderModelTests {
    @Test func readsTheFixture() throws {
        let model = try EncoderModel(folder: Fixture.tiny)
        #expect(try model.pooling() == .first)
        #expect(model.architecture.tensors.allSatisfy { model.weight($0.name)?.shape == $0.shape })
    }

    @Test func saysWhatIsMissing() throws {
        try Fixture.withFolder { folder in
            let absent = folder.appendingPathComponent("absent")
            #expect(throws: ModelError.noFolder(path: absent.path)) { try EncoderModel(folder: absent) }
            #expect(throws: ModelError.self) { try EncoderModel(folder: folder) }
            try Fixture.copy(to: folder, without: "model.safetensors")
            #expect(throws: ModelError.self) { try EncoderModel(folder: folder) }
        }
    }

    @Test func comparesTensorsWithTheConfiguration() throws {
        for (field, value) in [("num_hidden_layers", 4), ("intermediate_size", 7), ("vocab_size", 9_999_999)] {
            try Fixture.withFolder { folder in
                try Fixture.copy(to: folder, without: "config.json")
                var json = try Fixture.configuration()
                json[field] = value
                try JSONSerialization.data(withJSONObject: json).write(to: folder.appendingPathComponent("config.json"))
                do {
                    _ = try EncoderModel(folder: folder)
                    Issue.record("\(field) = \(value) was taken")
                } catch ModelError.tensor(_, let name, _, let expected) {
                    #expect(!name.isEmpty && expected.contains(value == 4 ? "[" : "\(value)"))
                }
            }
        }
    }

    @Test func refusesAWeightThatIsNoNumber() throws {
        let name = "encoder.layer.1.output.dense.bias"
        for bad in [Float.nan, -.infinity] {
            try Fixture.withFolder { folder in
                try Fixture.copy(to: folder, without: "model.safetensors")
                let good = try SafetensorsFile(Fixture.tiny.appendingPathComponent("model.safetensors"))
                let tensors = try good.names.map { tensor in
                    var values = try good.floats(tensor)
                    if tensor.hasSuffix(name) { values[5] = bad }
                    return (name: tensor, shape: try good.tensor(tensor).shape, value: SafetensorsValue.float32(values))
                }
                try SafetensorsWriter.data(tensors: tensors).write(
                    to: folder.appendingPathComponent("model.safetensors"))
                let error = #expect(throws: ModelError.self) { try EncoderModel(folder: folder) }
                let text = error?.description ?? ""
                #expect(text.contains("\(name): \(bad) at element 5, expected finite numbers"), "\(text)")
            }
        }
        var values = [Float](repeating: .greatestFiniteMagnitude, count: 10_000)
        #expect(values.withUnsafeBufferPointer { EncoderModel.firstNotFinite($0) } == nil)
        values[9_999] = .infinity
        #expect(values.withUnsafeBufferPointer { EncoderModel.firstNotFinite($0) } == 9_999)
    }

    @Test func readsThePooling() throws {
        for (text, kind) in [
            (#"{"pooling_mode_mean_tokens": true}"#, Pool.Kind.mean), (#"{"pooling_mode_cls_token": true}"#, .first),
        ] {
            try Fixture.withFolder { folder in
                try Fixture.copy(to: folder)
                let pooling = folder.appendingPathComponent("1_Pooling")
                try FileManager.default.createDirectory(at: pooling, withIntermediateDirectories: true)
                try Data(text.utf8).write(to: pooling.appendingPathComponent("config.json"))
                #expect(try EncoderModel(folder: folder).pooling() == kind)
                try Data("[".utf8).write(to: pooling.appendingPathComponent("config.json"))
                #expect(throws: ModelError.self) { try EncoderModel(folder: folder) }
                try Data(#"{"pooling_mode_max_tokens": true}"#.utf8).write(
                    to: pooling.appendingPathComponent("config.json"))
                #expect(throws: ModelError.self) { try EncoderModel(folder: folder).pooling() }
            }
        }
    }

    @Test func readsTheDefaultPrompt() throws {
        #expect(try EncoderModel(folder: Fixture.tiny).textPrefix.isEmpty)
        let cases: [(String, String?)] = [
            (#"{"prompts": {"query": "query: ", "passage": "p: "}, "default_prompt_name": "query"}"#, "query: "),
            (#"{"prompts": {"query": "query: "}, "default_prompt_name": null}"#, ""), ("{}", ""),
            (#"{"prompts": {"query": ""}, "default_prompt_name": "query"}"#, ""),
            (#"{"prompts": {"a": "x"}, "default_prompt_name": "query"}"#, nil),
            (#"{"prompts": {"query": 1}, "default_prompt_name": "query"}"#, nil),
            (#"{"prompts": {"query": "a", "query": "b"}, "default_prompt_name": "query"}"#, nil),
            (#"{"prompts": [], "default_prompt_name": "query"}"#, nil), (#"{"default_prompt_name": "query"}"#, nil),
            (#"{"default_prompt_name": 1}"#, nil), ("[", nil), ("", nil),
        ]
        for (text, expected) in cases {
            if let expected {
                #expect(try SentenceSettings.textPrefix(Array(text.utf8), file: "p") == expected, "\(text)")
            } else {
                let error = #expect(throws: ModelError.self, "\(text)") {
                    try SentenceSettings.textPrefix(Array(text.utf8), file: "p")
                }
                #expect(error?.description.hasPrefix("p: ") == true)
            }
        }
    }
}
