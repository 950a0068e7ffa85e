import Files
import Foundation
import Numerics
import Testing

@testable import Models

@Suite struct FingerprintTests {
    @Test func fingerprintIsOfTheContent() throws {
        let model = try EncoderModel(folder: Fixture.tiny)
        let fingerprint = model.computeFingerprint()
        #expect(fingerprint.count == 64 && fingerprint == model.computeFingerprint())
        func saved(prefix: String, change: Float) throws -> String {
            try Fixture.withFolder { folder in
                try Fixture.copy(to: folder, without: "model.safetensors")
                var tensors: [(name: String, shape: [Int], value: SafetensorsValue)] = []
                for tensor in model.architecture.tensors {
                    let values = model.weight(tensor.name)?.values ?? []
                    let changed = SafetensorsValue.float32(values.map { $0 + change })
                    tensors.append((name: prefix + tensor.name, shape: tensor.shape, value: changed))
                }
                tensors.append((name: "cls.bias", shape: [1], value: .float32([1])))
                try SafetensorsWriter.data(tensors: tensors, metadata: [:])
                    .write(to: folder.appendingPathComponent("model.safetensors"))
                let again = try EncoderModel(folder: folder)
                let first = again.fingerprint(cache: folder)
                // the second time from the cache
                #expect(again.fingerprint(cache: folder) == first && again.fingerprint(cache: nil) == first)
                return first
            }
        }
        #expect(try saved(prefix: "", change: 0) == fingerprint)
        #expect(try saved(prefix: "bert.", change: 0) == fingerprint)
        #expect(try saved(prefix: "bert.", change: 1) != fingerprint)
    }

    /// The value covers config.json, so the cache must see a change there.
    @Test func cacheFollowsTheConfiguration() throws {
        try Fixture.withFolder { folder in
            try Fixture.copy(to: folder)
            let first = try EncoderModel(folder: folder).fingerprint(cache: folder)
            var json = try Fixture.configuration()
            for (field, value) in [("hidden_act", "relu" as Any), ("layer_norm_eps", 1e-5), ("num_attention_heads", 1)]
            {
                json[field] = value
                try JSONSerialization.data(withJSONObject: json).write(to: folder.appendingPathComponent("config.json"))
                let model = try EncoderModel(folder: folder)
                #expect(model.fingerprint(cache: folder) == model.computeFingerprint(), "\(field)")
                #expect(model.fingerprint(cache: folder) != first, "\(field)")
            }
        }
    }

    /// Other weights of the same size, in place and with the old modification time: `cp -p` does so.
    @Test func cacheFollowsTheWeights() throws {
        try Fixture.withFolder { folder in
            try Fixture.copy(to: folder)
            let file = folder.appendingPathComponent("model.safetensors")
            let before = try FileManager.default.attributesOfItem(atPath: file.path)
            let first = try EncoderModel(folder: folder).fingerprint(cache: folder)
            var bytes = try Data(contentsOf: file)
            // The lowest bit of each number in the second half
            for i in stride(from: bytes.count / 8 * 4, to: bytes.count, by: 4) { bytes[i] ^= 1 }
            // The file system's clock ticks every few milliseconds
            Thread.sleep(forTimeInterval: 0.05)
            let handle = try FileHandle(forWritingTo: file)
            try handle.write(contentsOf: bytes)
            try handle.close()
            try FileManager.default.setAttributes(
                [.modificationDate: before[.modificationDate] ?? Date()], ofItemAtPath: file.path)
            let model = try EncoderModel(folder: folder)
            #expect(model.fingerprint(cache: folder) == model.computeFingerprint())
            #expect(model.fingerprint(cache: folder) != first)
        }
    }

    /// Where a RoBERTa's positions begin follows from pad_token_id alone.
    @Test func countsTheFirstPosition() throws {
        func fingerprint(_ pad: Int?) throws -> String {
            try Fixture.withFolder { folder in
                try Fixture.copy(to: folder, without: "config.json")
                var json = try Fixture.configuration()
                json["model_type"] = "roberta"
                json["pad_token_id"] = pad
                try JSONSerialization.data(withJSONObject: json).write(to: folder.appendingPathComponent("config.json"))
                return try EncoderModel(folder: folder).computeFingerprint()
            }
        }
        #expect(try fingerprint(nil) == fingerprint(1) && fingerprint(1) != fingerprint(0))
    }
}
