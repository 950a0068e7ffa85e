import Files
import Foundation
import Numerics
import Testing

@testable import Models

/// Where a model's parts may lie, and what is said of a path that holds none.
@Suite struct ModelFolderTests {
    private func write(_ text: String, to file: URL) throws {
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: file)
    }

    private func fingerprint(_ folder: URL) throws -> String { try EncoderModel(folder: folder).computeFingerprint() }

    private let usual: String

    init() throws { usual = try EncoderModel(folder: Fixture.tiny).computeFingerprint() }

    @Test func readsTheHubsCache() throws {
        try Fixture.withFolder { root in
            let cache = root.appendingPathComponent("models--org--some-model")
            let snapshot = cache.appendingPathComponent("snapshots/0123abc")
            try Fixture.copy(to: cache.appendingPathComponent("blobs"))
            try FileManager.default.createDirectory(at: snapshot, withIntermediateDirectories: true)
            for name in ["config.json", "model.safetensors"] {
                try FileManager.default.createSymbolicLink(
                    atPath: snapshot.appendingPathComponent(name).path, withDestinationPath: "../../blobs/\(name)")
            }
            // One snapshot needs no reference; with two, refs/main decides
            #expect(try EncoderModel(folder: cache).name == "some-model")
            #expect(try fingerprint(cache) == usual)
            #expect(try EncoderModel(folder: snapshot).name == "some-model")
            try write("{}", to: cache.appendingPathComponent("snapshots/456def/config.json"))
            #expect(problem(cache).contains("2 snapshots and no refs/main"))
            try write("0123abc\n", to: cache.appendingPathComponent("refs/main"))
            #expect(try fingerprint(cache) == usual)
            for hostile in ["../../blobs", "none", "", "0123abc/../456def"] {
                try write(hostile, to: cache.appendingPathComponent("refs/main"))
                #expect(problem(cache).contains("refs/main: content: found"), "\(hostile)")
            }
        }
    }

    @Test func readsGammaAndBeta() throws {
        let model = try EncoderModel(folder: Fixture.tiny)
        func stored(_ rename: (String) -> [String]) throws -> String {
            try Fixture.withFolder { folder in
                try Fixture.copy(to: folder, without: "model.safetensors")
                let tensors = model.architecture.tensors.flatMap { tensor in
                    rename(tensor.name).map {
                        (
                            name: $0, shape: tensor.shape,
                            value: SafetensorsValue.float32(model.weight(tensor.name)?.values ?? [])
                        )
                    }
                }
                try SafetensorsWriter.data(tensors: tensors).write(
                    to: folder.appendingPathComponent("model.safetensors"))
                return problem(folder, else: { $0.computeFingerprint() })
            }
        }
        func former(_ name: String) -> String {
            name.replacingOccurrences(of: "LayerNorm.weight", with: "LayerNorm.gamma")
                .replacingOccurrences(of: "LayerNorm.bias", with: "LayerNorm.beta")
        }
        #expect(try stored { [former($0)] } == usual)
        #expect(try stored { ["bert." + former($0)] } == usual)
        #expect(try stored { former($0) == $0 ? [$0] : [$0, former($0)] }.contains("also stored as"))
    }

    @Test func readsShards() throws {
        try Fixture.withFolder { folder in
            try Fixture.copy(to: folder, without: "model.safetensors")
            let names = try shard(to: folder)
            #expect(try fingerprint(folder) == usual)
            let first = try EncoderModel(folder: folder).fingerprint(cache: folder)
            #expect(first == usual)
            // A change of the second file alone is seen by the fingerprint's cache
            let second = folder.appendingPathComponent("b.safetensors")
            var bytes = try Data(contentsOf: second)
            bytes[bytes.count - 1] ^= 1
            try bytes.write(to: second)
            #expect(try EncoderModel(folder: folder).fingerprint(cache: folder) != usual)
            // model.safetensors goes before the index
            try FileManager.default.copyItem(
                at: Fixture.tiny.appendingPathComponent("model.safetensors"),
                to: folder.appendingPathComponent("model.safetensors"))
            #expect(try fingerprint(folder) == usual)
            #expect(names.count > 10)
        }
    }

    /// Two files, a and b, with an index; returns the tensors' files.
    @discardableResult private func shard(to folder: URL) throws -> [String: String] {
        let model = try EncoderModel(folder: Fixture.tiny)
        var places: [String: String] = [:]
        for (i, file) in ["a.safetensors", "b.safetensors"].enumerated() {
            let part = model.architecture.tensors.enumerated().filter { $0.offset % 2 == i }.map(\.element)
            for tensor in part { places[tensor.name] = file }
            let values = part.map {
                (name: $0.name, shape: $0.shape, value: SafetensorsValue.float32(model.weight($0.name)?.values ?? []))
            }
            try SafetensorsWriter.data(tensors: values).write(to: folder.appendingPathComponent(file))
        }
        let map = places.sorted { $0.key < $1.key }.map { "\"\($0.key)\": \"\($0.value)\"" }.joined(separator: ", ")
        try write(
            "{\"metadata\": {\"total_size\": 1}, \"weight_map\": {\(map)}}",
            to: folder.appendingPathComponent("model.safetensors.index.json"))
        return places
    }

    @Test func refusesHostileIndices() throws {
        try Fixture.withFolder { folder in
            try Fixture.copy(to: folder, without: "model.safetensors")
            try shard(to: folder)
            let index = folder.appendingPathComponent("model.safetensors.index.json")
            let good = try String(contentsOf: index, encoding: .utf8)
            let words = "\"embeddings.word_embeddings.weight\": \"a.safetensors\""
            #expect(good.contains(words))
            func changed(_ to: String) throws -> String {
                try write(good.replacingOccurrences(of: words, with: to), to: index)
                return problem(folder)
            }
            let name = "\"embeddings.word_embeddings.weight\": "
            #expect(try changed(name + "\"b.safetensors\"").contains("which does not contain this tensor"))
            #expect(try changed(name + "\"c.safetensors\"").contains("c.safetensors, which is missing"))
            for path in ["../x.safetensors", "/etc/x.safetensors", ".x.safetensors", "a", "", "x\\\\y.safetensors"] {
                #expect(try changed(name + "\"\(path)\"").contains("the name of a .safetensors file"), "\(path)")
            }
            #expect(try changed(name + "3").contains("weight_map.embeddings.word_embeddings.weight: 3"))
            #expect(try changed("\(words), \(words)").contains("a duplicate entry"))
            #expect(try changed("\"other\": \"a.safetensors\"").contains("which does not contain this tensor"))
            for (text, word) in [
                ("{}", "weight_map: 0 of them"), ("[]", "a list of 0"), ("{\"weight_map\": {}}", "no tensor"),
                ("{\"weight_map\": [1]}", "a list of 1"), ("", "the file ends"),
                ("version https://git-lfs.github.com/spec/v1\n", "git-lfs pointer"),
            ] {
                try write(text, to: index)
                #expect(problem(folder).contains(word), "\(text)")
            }
            // A tensor in a second file, which the index does not name for it
            try write(good, to: index)
            try FileManager.default.removeItem(at: folder.appendingPathComponent("b.safetensors"))
            try FileManager.default.copyItem(
                at: Fixture.tiny.appendingPathComponent("model.safetensors"),
                to: folder.appendingPathComponent("b.safetensors"))
            #expect(problem(folder).contains("contains this tensor too"))
        }
    }

    /// What is given as a model and is none: the true cause, and something that helps.
    @Test func saysWhatAPathHolds() throws {
        let cases: [([(String, String)], [String])] = [
            ([], ["no config.json"]),
            (
                [("config.json", "{}"), ("pytorch_model.bin", "PK\u{3}\u{4}")],
                ["pytorch_model.bin but", "save_pretrained"]
            ),
            ([("config.json", "{}"), ("tf_model.h5", "x")], ["tf_model.h5 but", "from_tf=True"]),
            ([("pytorch_model.bin", "x")], ["without config.json"]),
            ([("model.safetensors", "x")], ["weights but no config.json"]),
            (
                [("adapter_config.json", "{\"peft_type\": \"LORA\"}"), ("adapter_model.safetensors", "x")],
                ["PEFT adapter (LoRA)", "amalgam import"]
            ),
            ([("adapter_config.json", "{\"config\": {}}")], ["the adapters library", "amalgam import"]),
            (
                [
                    (
                        "adapter_config.json",
                        #"{"peft_type": "LOHA", "task_type": "SEQ_CLS", "base_model_name_or_path": "org/x"}"#
                    )
                ], ["AutoModelForSequenceClassification.from_pretrained('org/x')"]
            ),
            ([("adapter_config.json", #"{"peft_type": "PREFIX_TUNING"}"#)], ["--config prefix_tuning"]),
            ([("adapter_config.json", #"{"peft_type": "P_TUNING"}"#)], ["cannot be merged"]),
            ([("adapter_fusion_config.json", "{}")], ["AdapterFusion", "amalgam import"]),
            ([("0_BERT/config.json", "{}")], ["the folder 0_BERT", "modules.json"]),
        ]
        for (files, words) in cases {
            try Fixture.withFolder { folder in
                for (name, text) in files { try write(text, to: folder.appendingPathComponent(name)) }
                // A configuration that is right, or that would be the fault
                if files.contains(where: { $0.0 == "config.json" }) {
                    try FileManager.default.removeItem(at: folder.appendingPathComponent("config.json"))
                    try Fixture.copy(to: folder, without: "model.safetensors")
                }
                let text = problem(folder)
                #expect(words.allSatisfy(text.contains) && !text.contains(where: \.isNewline), "\(text)")
            }
        }
        try Fixture.withFolder { folder in
            try Fixture.copy(to: folder)
            let file = folder.appendingPathComponent("model.safetensors")
            #expect(problem(file).contains("found a file") && problem(file).contains("give its folder"))
            let bundle = folder.appendingPathComponent("bundle.h5")
            try (Data("amalgam.bundle".utf8) + Data(count: 64)).write(to: bundle)
            #expect(problem(bundle).contains("an Amalgam bundle"))
            for (bytes, word) in [
                (Data("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n".utf8), "git-lfs pointer"),
                (Data([0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 0xFF, 1, 2]), "gzip bytes"),
                (Data([0x50, 0x4B, 3, 4, 0x14, 0, 0, 8, 8, 0]), "zip archive"),
                (Data("<!DOCTYPE html><html>not found</html>".utf8), "HTML"),
            ] {
                try bytes.write(to: file)
                #expect(problem(folder).contains(word), "\(word): \(problem(folder))")
            }
            try Data("version https://git-lfs.github.com/spec/v1\n".utf8).write(
                to: folder.appendingPathComponent("config.json"))
            #expect(problem(folder).contains("config.json: found a git-lfs pointer"))
        }
    }

    /// The length of a good header may begin with another format's mark.
    @Test func aGoodHeaderIsNotForeign() throws {
        try Fixture.withFolder { folder in
            let file = folder.appendingPathComponent("x.safetensors")
            for length in [0x3C, 0x8B1F] {
                var text = #"{"x":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}"#
                text += String(repeating: " ", count: length - text.utf8.count)
                var data = Data()
                withUnsafeBytes(of: UInt64(length).littleEndian) { data.append(contentsOf: $0) }
                try (data + Data(text.utf8) + Data([7])).write(to: file)
                #expect(try SafetensorsFile(file).names == ["x"])
            }
        }
    }

    private func problem(_ folder: URL, else use: (EncoderModel) -> String = { _ in "taken" }) -> String {
        do { return use(try EncoderModel(folder: folder)) } catch { return "\(error)" }
    }
}
