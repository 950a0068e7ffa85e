import Adapters
import Files
import Foundation
import Models
import Testing

@testable import Bundles

/// Unions, (IA)³ and prompts of AdapterHub's library (Tests/Golden/union_golden.py) that cannot be taken as they are, or written.
@Suite struct AdapterHubUnionTests {
    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Golden/unions")
    let out: TemporaryFolder

    init() throws { out = try TemporaryFolder() }

    private func problem(_ body: () throws -> Void) -> String {
        do {
            try body()
            Issue.record("no error")
            return ""
        } catch {
            return "\(error)"
        }
    }

    private func model() throws -> EncoderModel {
        try EncoderModel(
            folder: Self.folder.deletingLastPathComponent().appendingPathComponent("seed1/tiny"))
    }

    /// A case's folder with another configuration, or without some tensors.
    private func changed(
        _ name: String, _ replacements: [String: String] = [:], without ending: String? = nil, doubling: String? = nil
    ) throws -> URL {
        let (from, to) = (Self.folder.appendingPathComponent(name), out.file(UUID().uuidString))
        try FileManager.default.createDirectory(at: to, withIntermediateDirectories: true)
        var json = try String(contentsOf: from.appendingPathComponent("adapter_config.json"), encoding: .utf8)
        for (old, new) in replacements {
            #expect(json.contains(old), "\(old)")
            json = json.replacingOccurrences(of: old, with: new)
        }
        try Data(json.utf8).write(to: to.appendingPathComponent("adapter_config.json"))
        let file = try SafetensorsFile(from.appendingPathComponent("adapter.safetensors"))
        let names = file.names.filter { name in ending.map { !name.hasSuffix($0) } ?? true }
        try SafetensorsWriter.data(
            tensors: names.map { name in
                let factor: Float = doubling.map { name.hasSuffix($0) } == true ? 2 : 1
                return (
                    name: name, shape: try file.tensor(name).shape,
                    value: .float32(try file.floats(name).map { factor * $0 })
                )
            }
        ).write(to: to.appendingPathComponent("adapter.safetensors"))
        return to
    }

    /// Changed by hand, a configuration does not fit its tensors, or names what we do not build.
    @Test(arguments: [
        ("ia3", "\"alpha\": 1", "\"alpha\": 2", "config.alpha: 2, expected 1"),
        ("ia3", "\"dropout\": 0.0", "\"dropout\": 0.5", "config.dropout: 0.5, expected 0"),
        ("ia3", "\"output_lora\": false", "\"output_lora\": 1", "config.output_lora: 1, expected true or false"),
        ("ia3", "\"r\": 1", "\"rank\": 1", "config.rank: 1, expected only the fields of IA3Config"),
        (
            "prompt", "\"prompt_length\": 3", "\"prompt_length\": 4",
            "prompt_embedding.weight: shape [3, 48], expected [4, 48]"
        ),
        ("prompt", "prefix_after_bos", "suffix", "combine: found \"suffix\""),
        (
            "prompt", "\"init_weights_seed\": null", "\"seed\": 1",
            "config.seed: 1, expected only the fields of PromptTuning"
        ),
        ("mam", "\"prefix_length\": 4", "\"prefix_length\": 5", "wte.weight: shape [4, 48], expected [5, 48]"),
        ("unipelt", "\"shared_gating\": true", "\"shared_gating\": false", "prefix_gates.t.weight: shape [1, 48]"),
    ]) func refuses(_ name: String, _ old: String, _ new: String, _ message: String) throws {
        let folder = try changed(name, [old: new])
        let text = problem { _ = try AdapterHubImport.read(folder: folder, model: try model()) }
        #expect(text.contains(message) && !text.contains { $0.isNewline }, "\(text)")
    }

    /// A prompt's files do not tell the number of layers.
    @Test func promptWithoutAModel() throws {
        let folder = Self.folder.appendingPathComponent("prompt")
        #expect(problem { _ = try AdapterHubImport.read(folder: folder) }.contains("give the base model with --model"))
        // In a union, the other parts tell it
        #expect(
            try AdapterHubImport.read(folder: Self.folder.appendingPathComponent("union_prompt")).base.shape.layers == 3
        )
    }

    /// A norm before the bottleneck stands in the file twice. Once is enough; twice with other numbers is a mistake.
    @Test func sharedNorm() throws {
        let whole = try AdapterHubImport.read(folder: Self.folder.appendingPathComponent("bn_norms"))
        for name in ["adapter_norm_before.weight", "adapter_down.0.weight"] {
            #expect(try AdapterHubImport.read(folder: changed("bn_norms", without: name)) == whole)
        }
        let folder = try changed("bn_norms", doubling: "1.output.adapters.t.adapter_down.0.bias")
        #expect(problem { _ = try AdapterHubImport.read(folder: folder) }.contains("other numbers than"))
    }

    /// The library has no union of two parts of one method in the same layers.
    @Test func exportsOnlyWhatTheLibraryUnites() throws {
        var bundle = try AdapterHubImport.read(folder: Self.folder.appendingPathComponent("union_sublayers"))
        func export(_ configs: String) throws {
            bundle.members[0] = Member(name: "t", configuration: try .resolve("mam", overrides: ["configs=\(configs)"]))
            bundle.tensors = try bundle.specs().map {
                NamedTensor($0.name, $0.shape, [Float](repeating: 0.5, count: $0.count))
            }
            try AdapterHubExport.write(bundle, to: out.file(UUID().uuidString))
        }
        #expect(problem { try export(#"["lora","lora"]"#) }.contains("the parts lora and lora_2"))
        #expect(problem { try export(#"["lora","bitfit"]"#) }.contains("method bitfit"))
        try export(#"[{"method":"lora","leave_out":[0,1]},{"method":"lora","leave_out":[2],"rank":2}]"#)
    }
}
