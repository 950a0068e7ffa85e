import Adapters
import Files
import Foundation
import Models
import Testing

@testable import Bundles

/// LN tuning in PEFT's folders (Tests/Golden/norm_golden.py), both ways. `NormParityTests` compares what its tensors compute.
@Suite struct PEFTLNTuningTests {
    private static let golden = Golden.folder.deletingLastPathComponent().appendingPathComponent("norms")
    private let folder: TemporaryFolder
    private let model: EncoderModel

    init() throws {
        folder = try TemporaryFolder()
        model = try EncoderModel(folder: Golden.url("tiny"))
    }

    private func read(_ name: String) throws -> AdapterBundle {
        try ForeignImport.read(folder: Self.golden.appendingPathComponent(name), name: nil, model: model).bundle
    }

    /// Ours are by how much the library's norms were moved from the model's.
    @Test func tensorsAreDifferences() throws {
        let bundle = try read("ln_tuning")
        let start = try SafetensorsFile(Self.golden.appendingPathComponent("ln_tuning.safetensors"))
        #expect(try bundle.members[0].configuration == .resolve("ln_tuning", overrides: [Self.all]))
        let own = bundle.tensors.filter { $0.name.hasPrefix("members/") }
        #expect(own.count == 14 && own.count == start.names.count { $0.hasPrefix("start.") })
        for tensor in own {
            let parts = tensor.name.split(separator: "/").map(String.init)
            let kind = try #require(Site.Kind(rawValue: parts[2]))
            let site = try #require(model.architecture[Site(kind, layer: parts.count == 5 ? Int(parts[3]) : nil)])
            let base = try #require(parts.last == "weight" ? site.weight : site.bias)
            let moved = try start.floats("start.bert.\(base)")
            // One rounding of a number around 1
            #expect(zip(tensor.values, moved).allSatisfy { abs($0 - $1) < 3e-7 }, "\(tensor.name)")
        }
        #expect(bundle.heads.count == 1)
    }

    private static let all = #"targets=["embedding_norm","attention_norm","output_norm"]"#

    @Test func someLayers() throws {
        let bundle = try read("ln_part")
        #expect(
            try bundle.members[0].configuration
                == .resolve("ln_tuning", overrides: [#"targets=["attention_norm","output_norm"]"#, "leave_out=[1]"]))
        #expect(bundle.tensors.count == 8 && bundle.heads.isEmpty)
    }

    /// The library's tensors by name, shape and value, and the fields of its configuration.
    @Test(arguments: ["ln_tuning", "ln_part"]) func exportReadsBack(_ name: String) throws {
        let bundle = try read(name)
        let out = folder.file(name)
        #expect(try PEFTExport.write(bundle, to: out, model: model).count == bundle.heads.count)
        let folders = [Self.golden.appendingPathComponent(name), out]
        let files = try folders.map { try SafetensorsFile($0.appendingPathComponent(PEFTModule.tensors)) }
        #expect(files[0].names.sorted() == files[1].names.sorted())
        for tensor in files[0].names {
            #expect(try files[0].tensor(tensor).shape == files[1].tensor(tensor).shape, "\(tensor)")
            let values = zip(try files[0].floats(tensor), try files[1].floats(tensor))
            // b + (x - b) is x but for the last bit
            #expect(values.allSatisfy { abs($0 - $1) <= 6e-8 }, "\(tensor)")
        }
        let fields = try folders.map { folder in
            let json = try Data(contentsOf: folder.appendingPathComponent(PEFTModule.configuration))
            guard case .map(let fields)? = ConfigurationValue(json: [UInt8](json)) else { return [String]() }
            return fields.keys.sorted()
        }
        #expect(fields[0] == fields[1] && !fields[0].isEmpty)
        let again = try ForeignImport.read(folder: out, name: nil, model: model).bundle
        #expect(
            again.members.map(\.configuration) == bundle.members.map(\.configuration)
                && again.tensors.map(\.name) == bundle.tensors.map(\.name))
    }

    /// The sums are those on one base, so the bundle is for it alone.
    @Test func knowsItsBase() throws {
        let bundle = try read("ln_tuning")
        #expect(bundle.base.fingerprint == model.computeFingerprint())
        let text = problem {
            try bundle.check(model: model, fingerprint: "other", tokenizer: "", file: "a", force: false)
        }
        #expect(text.contains("fingerprint other"), "\(text)")
    }

    @Test func needsTheBase() throws {
        let theirs = Self.golden.appendingPathComponent("ln_tuning")
        let importing = problem { try ForeignImport.read(folder: theirs, name: nil, model: nil) }
        #expect(
            importing.contains("the folder holds the whole norms") && importing.hasSuffix("with --model"),
            "\(importing)")
        let exporting = problem { try PEFTExport.write(read("ln_tuning"), to: folder.file("out")) }
        #expect(exporting.contains("the folder of LN tuning") && exporting.hasSuffix("with --model"), "\(exporting)")
    }

    private func changed(
        _ fields: [String: ConfigurationValue] = [:],
        tensors: (String, [Int], [Float]) -> (String, [Int], [Float])? = { ($0, $1, $2) }
    ) throws -> URL {
        try changedPEFT(
            Self.golden.appendingPathComponent("ln_tuning"), to: folder.file("changed"), fields, tensors: tensors)
    }

    @Test func refuses() throws {
        func text(
            _ fields: [String: ConfigurationValue] = [:],
            _ tensors: (String, [Int], [Float]) -> (String, [Int], [Float])? = { ($0, $1, $2) }
        ) -> String {
            problem { try ForeignImport.read(folder: changed(fields, tensors: tensors), name: nil, model: model) }
        }
        #expect(text(["r": .number(8), "lora_alpha": .number(1)]).contains("expected only fields of LNTuningConfig"))
        #expect(text(["target_modules": .list([.string("norm")])]).contains("target_modules: norm"))
        let layer = text { name, shape, values in
            name.contains("layer.1.output.LayerNorm") ? nil : (name, shape, values)
        }
        #expect(layer.contains("no feedForwardNorm/1, expected the same modules in each layer"), "\(layer)")
        let projection = text(["target_modules": .list([.string("LayerNorm"), .string("query")])]) {
            ($0.replacing("layer.0.output.LayerNorm", with: "layer.0.attention.self.query"), $1, $2)
        }
        #expect(projection.contains("layer.0.attention.self.query, expected only embedding_norm"), "\(projection)")
        let bias = text { $0.hasSuffix("embeddings.LayerNorm.ln_tuning_layers.bias") ? nil : ($0, $1, $2) }
        #expect(bias.contains("embeddings.LayerNorm.ln_tuning_layers.bias: missing"), "\(bias)")
    }

    /// Damaged folders give a typed error or a bundle that can be written.
    @Test(arguments: ["adapter_config.json", "adapter_model.safetensors"]) func damaged(_ name: String) throws {
        let out = try changed()
        try expectTypedErrors(damaging: out.appendingPathComponent(name), every: 5) {
            try ForeignImport.read(folder: out, name: "a", model: model).bundle
        }
    }

    /// AdapterHub's library has no such method.
    @Test func adapterHubHasNone() throws {
        let text = problem { try AdapterHubExport.write(read("ln_tuning"), to: folder.file("hub")) }
        #expect(text.contains("method ln_tuning, expected bottleneck") && text.contains("use --format peft"), "\(text)")
    }
}
