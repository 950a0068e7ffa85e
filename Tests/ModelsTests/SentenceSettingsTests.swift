import Foundation
import Numerics
import Testing

@testable import Models

/// What sentence-transformers writes into a model's folder: read, or refused by name.
@Suite struct SentenceSettingsTests {
    /// The tiny model with some files more.
    /// - Parameter encoder: the folder within it that gets config.json and the weights
    @discardableResult private func model<Result>(
        _ files: [String: String], encoder: String = "", _ body: (URL) throws -> Result
    ) throws -> Result {
        try Fixture.withFolder { folder in
            let inner = encoder.isEmpty ? folder : folder.appendingPathComponent(encoder)
            try FileManager.default.createDirectory(at: inner, withIntermediateDirectories: true)
            for name in ["config.json", "model.safetensors"] {
                try FileManager.default.copyItem(
                    at: Fixture.tiny.appendingPathComponent(name), to: inner.appendingPathComponent(name))
            }
            for (name, text) in files {
                let file = folder.appendingPathComponent(name)
                try FileManager.default.createDirectory(
                    at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
                try Data(text.utf8).write(to: file)
            }
            return try body(folder)
        }
    }

    private func modules(_ list: [(kind: String, path: String)]) -> String {
        "["
            + list.enumerated().map {
                "{\"idx\": \($0), \"name\": \"\($0)\", \"path\": \"\($1.path)\", "
                    + "\"type\": \"sentence_transformers.models.\($1.kind)\"}"
            }.joined(separator: ", ") + "]"
    }

    private let mean = #"{"embedding_dimension": 48, "pooling_mode": "mean", "include_prompt": true}"#

    /// Both libraries' spellings: the whole list is in SentenceSettings.former. A number of modes is what is refused.
    @Test func poolings() throws {
        let cases: [(String, Pool.Kind?, String)] = [
            (#"{"pooling_mode": "mean"}"#, .mean, ""), (#"{"pooling_mode": ["mean"]}"#, .mean, ""),
            (#"{"pooling_mode": "cls"}"#, .first, ""), (#"{"pooling_mode": ["cls"]}"#, .first, ""),
            (#"{"pooling_mode": ["cls", "mean"]}"#, nil, "\"cls\" and \"mean\""),
            (#"{"pooling_mode": "max"}"#, nil, "\"max\""), (#"{"pooling_mode": "lasttoken"}"#, nil, "\"lasttoken\""),
            (#"{"pooling_mode": "new"}"#, nil, "\"new\""),
            // The new field goes before the old ones
            (#"{"pooling_mode": "mean", "pooling_mode_cls_token": true}"#, .mean, ""),
            (#"{"pooling_mode_cls_token": true, "pooling_mode_mean_tokens": false}"#, .first, ""),
            (#"{"pooling_mode_weightedmean_tokens": true}"#, nil, "\"weightedmean\""),
            // The library's default
            (#"{"word_embedding_dimension": 48}"#, .mean, ""), (#"{"pooling_mode_mean_tokens": false}"#, .mean, ""),
        ]
        for (text, expected, word) in cases {
            let result = try SentenceSettings.pooling(Array(text.utf8), file: "p")
            if let expected {
                #expect(try result.get() == expected, "\(text)")
            } else {
                let error = #expect(throws: ModelError.self, "\(text)") { try result.get() }
                #expect(error?.description.contains(word) == true && error?.description.contains("--pooling") == true)
            }
        }
        for text in [#"{"pooling_mode": 1}"#, #"{"pooling_mode": [1]}"#, #"{"include_prompt": "no"}"#] {
            #expect(throws: ModelError.self, "\(text)") { try SentenceSettings.pooling(Array(text.utf8), file: "p") }
        }
        let noPrompt = Array(#"{"pooling_mode": "mean", "include_prompt": false}"#.utf8)
        #expect(try SentenceSettings.pooling(noPrompt, file: "p").get() == .mean)
        #expect(throws: ModelError.self) { try SentenceSettings.pooling(noPrompt, file: "p", hasPrompt: true).get() }
    }

    @Test func modulesDecide() throws {
        let transformer = (kind: "Transformer", path: "")
        // Another folder's name; the usual one is not looked at
        let elsewhere = [
            "modules.json": modules([transformer, ("Pooling", "pool")]), "pool/config.json": mean,
            "1_Pooling/config.json": #"{"pooling_mode": "cls"}"#,
        ]
        try model(elsewhere) { folder in
            let pooling = try EncoderModel(folder: folder).pooling()
            #expect(pooling == .mean)
        }
        let normalized = [
            "modules.json": modules([transformer, ("Pooling", "1_Pooling"), ("Normalize", "2_Normalize")]),
            "1_Pooling/config.json": mean,
        ]
        try model(normalized) { folder in
            let model = try EncoderModel(folder: folder)
            #expect(try model.pooling() == .mean && model.notes.count == 1)
            #expect(model.notes[0].contains("the module Normalize (2_Normalize) is skipped"))
        }
        for kind in ["Dense", "LayerNorm", "LSTM"] {
            let more = [
                "modules.json": modules([transformer, ("Pooling", "1_Pooling"), (kind, "2_More")]),
                "1_Pooling/config.json": mean,
            ]
            try model(more) { folder in
                let error = #expect(throws: ModelError.self) { try EncoderModel(folder: folder).pooling() }
                #expect(error?.description.contains("the module \(kind) (2_More)") == true)
            }
        }
        let between = [
            "modules.json": modules([transformer, ("WeightedLayerPooling", "1_W"), ("Pooling", "2_Pooling")]),
            "2_Pooling/config.json": mean,
        ]
        try model(between) { folder in
            #expect(throws: ModelError.self) { try EncoderModel(folder: folder).pooling() }
        }
        try model(["modules.json": modules([transformer])]) { folder in
            #expect(throws: ModelError.self) { try EncoderModel(folder: folder).pooling() }
        }
        // A pooling that modules.json names must be there
        try model(["modules.json": modules([transformer, ("Pooling", "1_Pooling")])]) { folder in
            #expect(throws: ModelError.self) { try EncoderModel(folder: folder) }
        }
    }

    @Test func formerLayout() throws {
        for encoder in ["0_BERT", "0_Transformer"] {
            let files = [
                "modules.json": modules([("Transformer", encoder), ("Pooling", "1_Pooling")]),
                "1_Pooling/config.json": #"{"pooling_mode_mean_tokens": true}"#,
                "\(encoder)/sentence_bert_config.json": #"{"max_seq_length": 128, "do_lower_case": true}"#,
            ]
            try model(files, encoder: encoder) { folder in
                let model = try EncoderModel(folder: folder)
                #expect(try model.pooling() == .mean && model.lowersText)
                #expect(model.encoderFolder.lastPathComponent == encoder && model.name == folder.lastPathComponent)
                #expect(try model.computeFingerprint() == EncoderModel(folder: Fixture.tiny).computeFingerprint())
            }
        }
    }

    @Test func refusesHostileModules() throws {
        let cases: [(String, String)] = [
            ("[]", "an empty list"), ("{}", "an object, expected a list"), ("[1]", "the whole file: found 1"),
            (#"[{"path": ""}]"#, "[0].type: found nothing"), (#"[{"type": 3}]"#, "[0].type: found 3"),
            (modules([("Pooling", "")]), "[0].type: found Pooling"),
            (modules([("CLIPModel", "")]), "[0].type: found CLIPModel"),
            (modules([("Transformer", "../x")]), "[0].path: found \"../x\""),
            (modules([("Transformer", "/etc")]), "[0].path: found \"/etc\""), ("[", "byte 1"),
        ]
        for (text, word) in cases {
            try model(["modules.json": text]) { folder in
                let error = #expect(throws: ModelError.self) { try EncoderModel(folder: folder) }
                #expect(error?.description.contains(word) == true, "\(error?.description ?? "")")
            }
        }
    }

    @Test func encoderSettings() throws {
        func lowers(_ text: String) throws -> Bool { try SentenceSettings.lowersText(Array(text.utf8), file: "s") }
        #expect(try !lowers(#"{"max_seq_length": 256, "do_lower_case": false}"#))
        #expect(try lowers(#"{"do_lower_case": true, "tokenizer_args": {}, "model_args": {"torch_dtype": "float16"}}"#))
        #expect(try !lowers(#"{"transformer_task": "feature-extraction", "module_output_name": "token_embeddings"}"#))
        for (text, field) in [
            (#"{"transformer_task": "fill-mask"}"#, "transformer_task"),
            (#"{"module_output_name": "sentence_embedding"}"#, "module_output_name"),
            (#"{"config_args": {"num_hidden_layers": 3}}"#, "config_args.num_hidden_layers"),
            (
                #"{"processing_kwargs": {"text": {"add_special_tokens": false}}}"#,
                "processing_kwargs.text.add_special_tokens"
            ),
            (#"{"do_lower_case": 1}"#, "do_lower_case"),
        ] {
            let error = #expect(throws: ModelError.self) { try lowers(text) }
            #expect(error?.description.contains("s: \(field): found") == true, "\(error?.description ?? "")")
        }
    }
}
