import Adapters
import Files
import Foundation
import Models
import Testing

@testable import Bundles

/// Prompt and prefix tuning in PEFT's folders (Tests/Golden/virtual_golden.py), both ways. `VirtualParityTests` compares what their
/// tensors compute.
@Suite struct PEFTTableTests {
    private static let golden = Golden.folder.deletingLastPathComponent().appendingPathComponent("virtual")
    private static let cases = ["prompt", "prefix", "prefix_projection"]
    private let folder: TemporaryFolder
    private let model: EncoderModel

    init() throws {
        folder = try TemporaryFolder()
        model = try EncoderModel(folder: Golden.url("tiny"))
    }

    private func family(_ name: String) throws -> EncoderModel {
        try EncoderModel(
            folder: Golden.folder.deletingLastPathComponent().appendingPathComponent("families/\(name)"))
    }

    private func read(_ name: String, _ model: EncoderModel? = nil) throws -> AdapterBundle {
        try ForeignImport.read(
            folder: Self.golden.appendingPathComponent(name), name: "t", model: model ?? self.model
        ).bundle
    }

    @Test func configurations() throws {
        #expect(
            try read("prompt").members[0].configuration
                == .resolve("prompt_tuning", overrides: ["prompt_length=5", "insert_into=word_embeddings"]))
        for name in ["prefix", "prefix_projection"] {
            let bundle = try read(name)
            #expect(
                try bundle.members[0].configuration
                    == .resolve("prefix_tuning_flat", overrides: ["prefix_length=5", "takes_positions=true"]))
            #expect(bundle.tensors.count { $0.name.hasSuffix("/prefix") } == 6 && bundle.heads.count == 1)
        }
    }

    /// Our bundles as the library's folders: tensors by name, shape and bits, and the fields of the configuration.
    @Test(arguments: cases) func exportReadsBack(_ name: String) throws {
        let bundle = try read(name)
        let out = folder.file(name)
        #expect(try PEFTExport.write(bundle, to: out).count == 1)
        #expect(try ForeignImport.read(folder: out, name: "t", model: model).bundle == bundle)
        let folders = [Self.golden.appendingPathComponent(name), out]
        let files = try folders.map { try SafetensorsFile($0.appendingPathComponent(PEFTModule.tensors)) }
        #expect(files[0].names.sorted() == files[1].names.sorted())
        for tensor in files[0].names {
            #expect(try files[0].tensor(tensor).shape == files[1].tensor(tensor).shape, "\(tensor)")
            #expect(try files[0].floats(tensor) == files[1].floats(tensor), "\(tensor)")
        }
        let fields = try folders.map { folder -> [String: ConfigurationValue] in
            let json = try Data(contentsOf: folder.appendingPathComponent(PEFTModule.configuration))
            guard case .map(let fields)? = ConfigurationValue(json: [UInt8](json)) else { return [:] }
            return fields
        }
        #expect(fields[0].keys.sorted() == fields[1].keys.sorted())
        for field in ["num_virtual_tokens", "token_dim", "num_layers", "num_attention_heads", "task_type", "peft_type"]
        {
            #expect(fields[0][field] == fields[1][field], "\(field)")
        }
    }

    /// An encoder's adapter alone: our export says the family, theirs does not.
    @Test func families() throws {
        for (name, family) in [
            ("prompt_roberta", "roberta"), ("prefix_electra", "electra"), ("prompt_modernbert", "modernbert"),
            ("prompt_distilbert", "distilbert"),
        ] {
            let model = try self.family(family)
            let bundle = try read(name, model)
            let out = folder.file(name)
            #expect(try PEFTExport.write(bundle, to: out).isEmpty)
            let alone = try ForeignImport.read(folder: out, name: "t", model: nil).bundle
            #expect(alone.tensors == bundle.tensors && alone.base.shape.family == family)
            let theirs = problem {
                try ForeignImport.read(folder: Self.golden.appendingPathComponent(name), name: "t", model: nil)
            }
            #expect(theirs.contains("nothing that tells its family") && theirs.hasSuffix("with --model"), "\(theirs)")
        }
        let other = problem { try read("prompt_roberta") }
        #expect(other.contains("token_dim: 32, expected 48, as tiny has"), "\(other)")
    }

    private func member(_ name: String, _ model: EncoderModel, _ overrides: [String], preset: String? = nil) throws
        -> AdapterBundle
    {
        let preset = preset ?? (name == "prompt" ? "prompt_tuning" : "prefix_tuning_flat")
        var bundle = AdapterBundle(
            name: "t", base: BaseIdentity(name: "tiny", fingerprint: nil, shape: model.configuration),
            members: [Member(name: "t", configuration: try .resolve(preset, overrides: overrides))],
            composition: .leaf("t"))
        bundle.tensors = try bundle.specs().map {
            NamedTensor($0.name, $0.shape, [Float](repeating: 0.5, count: $0.count))
        }
        return bundle
    }

    /// What the library would compute otherwise is refused, with what to do.
    @Test func refusesExports() throws {
        let prefix = ["takes_positions=true"]
        for (bundle, words) in [
            (
                try member("prompt", model, []),
                ["t: insert_into: hidden_states, expected word_embeddings", "adapterhub"]
            ),
            (
                try member("prompt", model, ["insert_into=word_embeddings", "combine=prefix_after_bos"]),
                [#"combine: "prefix_after_bos", expected "prefix""#]
            ),
            (try member("prefix", model, []), ["t: takes_positions: false, expected true", "adapterhub"]),
            (try member("prefix", model, prefix + ["leave_out=[1]"]), ["leave_out: [1], expected []"]),
            (try member("prefix", model, prefix + ["use_gating=true"]), ["use_gating"]),
            (try member("prefix", model, prefix, preset: "prefix_tuning"), ["flat: false, expected true"]),
            (try member("prefix", family("modernbert"), prefix), ["a model of the family modernbert"]),
            (try member("prefix", family("distilbert"), prefix), ["a model of the family distilbert"]),
        ] {
            let text = problem { try PEFTExport.write(bundle, to: folder.file("out")) }
            for word in words { #expect(text.contains(word), "\(text)") }
            #expect(!FileManager.default.fileExists(atPath: folder.file("out").path))
        }
        for name in ["prompt", "prefix"] {
            let text = problem { try AdapterHubExport.write(read(name), to: folder.file("hub")) }
            #expect(text.contains("expected") && text.hasSuffix("use --format peft"), "\(text)")
        }
    }

    /// peft's class for RoBERTa's classification model takes the prefix for the head's input.
    @Test func headsThatTheLibraryCannotRun() throws {
        let model = try family("roberta")
        var bundle = try member("prefix", model, ["takes_positions=true"])
        bundle.heads = [NamedHead("t", AdapterHubLabels.head(["a", "b"]))]
        bundle.tensors += bundle.heads[0].head.specs(hidden: 32, scope: "heads/t").map {
            NamedTensor($0.name, $0.shape, [Float](repeating: 0.5, count: $0.count))
        }
        let warnings = try PEFTExport.write(bundle, to: folder.file("out"))
        #expect(warnings.count == 1 && warnings[0].contains("peft 0.18 cannot run prefix tuning in"), "\(warnings)")
        #expect(try SafetensorsFile(folder.file("out").appendingPathComponent(PEFTModule.tensors)).names.count == 1)
    }

    private func changed(
        _ name: String, _ fields: [String: ConfigurationValue] = [:],
        tensors: (String, [Int], [Float]) -> (String, [Int], [Float])? = { ($0, $1, $2) }
    ) throws -> URL {
        try changedPEFT(
            Self.golden.appendingPathComponent(name), to: folder.file("changed"), fields, tensors: tensors)
    }

    @Test(arguments: ["prompt", "prefix"]) func refuses(_ name: String) throws {
        func text(
            _ fields: [String: ConfigurationValue] = [:],
            _ tensors: (String, [Int], [Float]) -> (String, [Int], [Float])? = { ($0, $1, $2) }
        ) -> String {
            problem { try ForeignImport.read(folder: changed(name, fields, tensors: tensors), name: "t", model: model) }
        }
        for (field, value, words) in [
            ("num_virtual_tokens", .number(6), "prompt_embeddings: shape [5, "),
            ("num_virtual_tokens", .number(0), "num_virtual_tokens: 0, expected an integer in 1...4096"),
            ("token_dim", .number(24), "token_dim: 24, expected 48"),
            ("num_layers", .number(4), "num_layers: 4, expected 3"),
            ("num_layers", .null, "num_layers: null"), ("num_transformer_submodules", .number(2), "expected 1"),
            ("task_type", .string("CAUSAL_LM"), #"task_type: "CAUSAL_LM", expected "SEQ_CLS" or "FEATURE_EXTRACTION""#),
            ("task_type", .null, "task_type: null"),
            ("surprise", .number(1), "expected only fields of"),
        ] as [(String, ConfigurationValue, String)] {
            let found = text([field: value])
            #expect(found.contains(words), "\(field): \(found)")
        }
        let missing = text { $0 == PEFTTable.name ? nil : ($0, $1, $2) }
        #expect(missing.contains("prompt_embeddings: missing, expected shape [5, "), "\(missing)")
        let extra = text { ($0.replacing("classifier", with: "other"), $1, $2) }
        #expect(extra.contains("only prompt_embeddings at"), "\(extra)")
        let foreign = text { ($0 == PEFTTable.name ? "prompts" : $0, $1, $2) }
        #expect(foreign.contains("prompts: a tensor, expected names that begin with"), "\(foreign)")
        let twice = text { ($0 == "base_model.classifier.bias" ? "base_model.model.classifier.weight" : $0, $1, $2) }
        #expect(twice.contains("classifier.weight: a tensor, expected one tensor of this module"), "\(twice)")
        let infinite = text { ($0, $1, $0 == PEFTTable.name ? $2.map { _ in .infinity } : $2) }
        #expect(infinite.contains("prompt_embeddings: inf at element 0"), "\(infinite)")
    }

    /// Damaged folders give a typed error or a bundle that can be written.
    @Test(arguments: ["adapter_config.json", "adapter_model.safetensors"], ["prompt", "prefix"]) func damaged(
        _ name: String, _ kind: String
    ) throws {
        let out = try changed(kind)
        try expectTypedErrors(damaging: out.appendingPathComponent(name), every: 5) {
            try ForeignImport.read(folder: out, name: "a", model: model).bundle
        }
    }
}
