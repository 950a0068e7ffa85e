import Files
import Foundation
import Numerics
import Testing

@testable import Models

/// A folder with one GGUF file is a model like any other.
@Suite struct GGUFLoadingTests {
    private static let golden = Fixture.golden.appendingPathComponent("gguf_models")

    @Test(arguments: ["llama", "llama-untied", "qwen2"]) func loads(_ kind: String) throws {
        try Fixture.withFolder { folder in
            try FileManager.default.copyItem(
                at: Self.golden.appendingPathComponent("\(kind).gguf"), to: folder.appendingPathComponent("m.gguf"))
            let model = try EncoderModel(folder: folder)
            #expect(model.architecture.isDecoder)
            #expect(model.configuration.decoder?.isTied == (model.architecture.outputTable == "embed_tokens.weight"))
            let expected = try SafetensorsFile(Self.golden.appendingPathComponent("\(kind).safetensors"))
            for tensor in model.architecture.tensors {
                let weight = try #require(model.weight(tensor.name), "\(tensor.name)")
                let name = (tensor.standsApart ? "" : "model.") + tensor.name
                #expect(weight.values == (try expected.floats(name)), "\(tensor.name)")
            }
            #expect(model.fingerprint(cache: folder.appendingPathComponent("cache")) == model.computeFingerprint())
            let error = try #require(throws: ModelError.self) { try model.requireEncoder() }
            #expect(error.description.contains("found a decoder"))
        }
    }

    @Test func refusesSeveral() throws {
        try Fixture.withFolder { folder in
            for name in ["a.gguf", "b.gguf"] {
                try FileManager.default.copyItem(
                    at: Self.golden.appendingPathComponent("llama.gguf"), to: folder.appendingPathComponent(name))
            }
            let error = try #require(throws: FileError.self) { _ = try EncoderModel(folder: folder) }
            #expect(error.description.contains("a.gguf, b.gguf"))
        }
    }
}
