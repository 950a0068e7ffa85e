import Adapters
import Files
import Foundation
import Models
import Numerics
import Testing

@testable import Bundles

/// `adapter_setup.json` as it is read: its blocks, weights and heads, and what is refused.
@Suite struct AdapterHubSetupTests {
    private static let golden = Golden.folder.deletingLastPathComponent().appendingPathComponent("setups")
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// A golden setup with another `adapter_setup.json`.
    private func changed(_ name: String, _ change: (inout [String: Any]) -> Void) throws -> URL {
        let copy = folder.file(UUID().uuidString)
        try FileManager.default.copyItem(at: Self.golden.appendingPathComponent(name), to: copy)
        let url = copy.appendingPathComponent("adapter_setup.json")
        var json = try #require(JSONSerialization.jsonObject(with: Data(contentsOf: url)) as? [String: Any])
        change(&json)
        try JSONSerialization.data(withJSONObject: json).write(to: url)
        return copy
    }

    private func setup(_ name: String, _ change: @escaping (inout [String: Any]) -> Void) throws -> URL {
        try changed(name) { json in
            var setup = json["adapter_setup"] as? [String: Any] ?? [:]
            change(&setup)
            json["adapter_setup"] = setup
        }
    }

    @Test func compositions() throws {
        func text(_ name: String) throws -> String? {
            try AdapterHubImport.read(folder: Self.golden.appendingPathComponent(name)).composition?.text
        }
        #expect(try text("stack") == "stack(l, a)")
        #expect(try text("nested")?.hasPrefix("stack(l, fuse(a, b, ") == true)
        #expect(try text("average") == "average(stack(l, a), stack(m, b), weights=[0.25, 0.75])")
        let bundle = try AdapterHubImport.read(folder: Self.golden.appendingPathComponent("fuse"))
        #expect(bundle.kind == .fusion && bundle.members.map(\.name) == ["a", "b", "l"] && bundle.name == "l,a,b")
        #expect(try AdapterHubImport.read(folder: Self.golden.appendingPathComponent("fuse"), name: "x").name == "x")
    }

    /// The library divides by the number of parts once more: weights that sum to 1 are no average there.
    @Test func weights() throws {
        func read(_ kwargs: Any?) throws -> (weights: [Double], warnings: [String]) {
            let read = try AdapterHubImport.readTelling(
                folder: setup("average") { $0["kwargs"] = kwargs }, name: nil)
            let average = try #require(read.bundle.composition?.nodes.first?.block as? Average)
            return (average.weights, read.warnings.filter { !$0.contains("labels") })
        }
        let exact = try read(["weights": [0.5, 1.5], "normalize_weights": false])
        #expect(exact.weights == [0.25, 0.75] && exact.warnings.isEmpty)
        for kwargs: Any in [["weights": [0.25, 0.75]], ["weights": [1, 3], "normalize_weights": true]] {
            let found = try read(kwargs)
            #expect(found.weights == [0.25, 0.75] && found.warnings.count == 1, "\(found)")
            #expect(found.warnings[0].contains("so results differ"), "\(found.warnings)")
        }
        #expect(try read(nil).weights == [0.5, 0.5])
        #expect(problem { try read(["weights": [1, 3]]) }.contains("a sum of 4.0, expected a sum of 2"))
        #expect(problem { try read(["weights": [1]]) }.contains("kwargs.weights: [1], expected 2 numbers"))
    }

    @Test func heads() throws {
        func names(_ setup: Any) throws -> [String] {
            try AdapterHubImport.read(folder: changed("stack") { $0["head_setup"] = setup }).heads.map(\.name)
        }
        #expect(try names(["h"]) == ["h"] && names(NSNull()) == [] && names(false) == [])
        #expect(try names(["type": "BatchSplit", "children": [["type": "single", "children": ["h"]]]]) == ["h"])
        #expect(problem { try names("../h") }.contains("head_setup: \"../h\""))
        #expect(problem { try names(["nope"]) }.contains("nope/head_config.json"))
    }

    @Test func refusals() throws {
        func text(_ change: @escaping (inout [String: Any]) -> Void) -> String {
            problem { try AdapterHubImport.read(folder: setup("stack", change)) }
        }
        let single: (String) -> [String: Any] = { ["type": "single", "children": [$0]] }
        #expect(
            text { $0["type"] = "Parallel" }.contains(
                "adapter_setup.type: \"Parallel\", expected Stack, Fuse or Average"))
        #expect(text { $0["children"] = [] }.contains("expected a block with a type and children"))
        #expect(text { $0["children"] = [single("..")] }.contains("adapter_setup: \"..\", expected a name"))
        #expect(text { $0["children"] = [single("l"), single("zz")] }.contains("zz/adapter_config.json"))
        // An adapter beside the setup belongs to something else
        let beside = try changed("stack") { _ in }
        for file in ["adapter_config.json", "adapter.safetensors"] {
            try FileManager.default.copyItem(
                at: beside.appendingPathComponent("a/\(file)"), to: beside.appendingPathComponent(file))
        }
        #expect(
            problem { try AdapterHubImport.read(folder: beside) }.contains(
                "adapter_config.json: a module beside adapter_setup.json"))
    }

    /// What the library computes otherwise is told.
    @Test func differences() throws {
        let read = try AdapterHubImport.readTelling(
            folder: setup("loras") { $0["type"] = "Stack" }, name: nil)
        #expect(read.bundle.composition?.text == "stack(a, b)")
        #expect(
            read.warnings.contains { $0.contains("results differ from the library's: there, in a stack, b reads") },
            "\(read.warnings)")
    }

    /// One output is a number in both libraries, so the head is for regression.
    @Test func oneOutput() throws {
        let copy = folder.file("one")
        try FileManager.default.copyItem(at: Golden.url("head"), to: copy)
        let configuration = copy.appendingPathComponent("head_config.json")
        let text = try String(contentsOf: configuration, encoding: .utf8)
        var json = try #require(JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
        json["config"] = (json["config"] as? [String: Any])?.merging(
            ["num_labels": 1, "label2id": ["LABEL_0": 0]]) { $1 }
        try JSONSerialization.data(withJSONObject: json).write(to: configuration)
        let weights = copy.appendingPathComponent("model_head.safetensors")
        let file = try SafetensorsFile(weights)
        let tensors: [(name: String, shape: [Int], value: SafetensorsValue)] = try file.names.map { name in
            let (shape, values) = (try file.tensor(name).shape, try file.floats(name))
            guard name.contains(".4.") else { return (name, shape, .float32(values)) }
            return (name, [1] + shape.dropFirst(), .float32(Array(values.prefix(values.count / 3))))
        }
        try SafetensorsWriter.data(tensors: tensors).write(to: weights)
        let read = try AdapterHubImport.readTelling(folder: copy, name: nil)
        let head = try #require(read.bundle.heads.first?.head)
        #expect(head.kind == "regression" && head.numbers == [.identity] && head.input == .pooled(.first))
        #expect(read.warnings.count == 1 && read.warnings[0].contains("has one output"), "\(read.warnings)")
        #expect(try BundleFile.data(read.bundle).count > 0)
    }

    /// What the library's head cannot say is recorded where it does not look.
    @Test(arguments: [AdapterBundle.Kind.adapter, .head]) func pooling(kind: AdapterBundle.Kind) throws {
        var bundle = try Sample.bundle(kind)
        bundle.heads[0].head = ClassificationHead(labels: bundle.heads[0].head.labels, pooling: .mean)
        let out = folder.file("pooled")
        let warnings = try AdapterHubExport.write(bundle, to: out)
        #expect(warnings.count == 1 && warnings[0].contains("reads the mean of all tokens"), "\(warnings)")
        let head = try #require(try AdapterHubImport.read(folder: out).heads.first)
        #expect(head.head.input == .pooled(.mean) && head.head.labels == bundle.heads[0].head.labels)
        let file = out.appendingPathComponent("head_config.json")
        let text = try String(contentsOf: file, encoding: .utf8)
        try text.replacing("\"mean\"", with: "\"most\"").write(to: file, atomically: true, encoding: .utf8)
        #expect(
            problem { try AdapterHubImport.read(folder: out) }.contains(
                "amalgam.pooling: \"most\", expected first, mean"))
    }

    /// The statements for each form of folder; all ask for safetensors.
    @Test func python() throws {
        func line(_ kind: AdapterBundle.Kind, heads: Int = 1) throws -> String {
            var bundle = try Sample.bundle(kind)
            if heads == 2 { bundle.heads.append(NamedHead("z.1", bundle.heads[0].head)) }
            return bundle.adapterHubPython(folder: "a\"b")
        }
        let folder = #""a\"b"#
        #expect(try line(.adapter) == "model.load_adapter(\(folder)\", use_safetensors=True, set_active=True)")
        #expect(
            try line(.adapter, heads: 2).hasSuffix(
                "; model.load_head(\(folder)/heads/task\", use_safetensors=True)"
                    + "; model.load_head(\(folder)/heads/z_1\", use_safetensors=True)"))
        #expect(try line(.head) == "model.load_head(\(folder)\", use_safetensors=True)")
        let fusion = try line(.fusion).components(separatedBy: "; ")
        #expect(fusion.count == 4 && fusion[0] == "model.load_adapter(\(folder)/b\", use_safetensors=True)")
        #expect(fusion[3] == "model.load_adapter_fusion(\(folder)\", use_safetensors=True, set_active=True)")
        #expect(
            try line(.composition) == "model.load_adapter_setup(\(folder)\", use_safetensors=True, set_active=True)")
    }

    /// A file where a folder is to be.
    @Test func aFileInTheWay() throws {
        try Data("x".utf8).write(to: folder.file("file"))
        #expect(
            problem { try AdapterHubExport.write(Sample.bundle(.adapter), to: folder.file("file")) }.hasSuffix(
                "/file: found a file, expected a folder; remove the file, or give another --out"))
        #expect(
            problem { try NewFolder.write(folder.file("file")) { _ in } }.hasSuffix(
                "/file: found a file, expected a folder; remove the file, or give another --out"))
    }

    @Test func severalHeads() throws {
        var bundle = try Sample.bundle(.adapter)
        bundle.heads.append(NamedHead("z", bundle.heads[0].head))
        #expect(
            problem { try bundle.head(named: nil, for: nil, file: "f.h5") }.contains(
                "it has 2 heads (task, z), and texts without a task do not tell which one to use"))
        #expect(
            problem { try bundle.head(named: "x", for: nil, file: "f.h5") }.contains(
                "it has heads for task, z, but none for x"))
    }
}
