import Adapters
import Files
import Foundation
import Models
import Testing

@testable import Bundles

/// Prefixes of AdapterHub's library (Tests/Golden/prefix_golden.py), read and written again.
@Suite struct AdapterHubPrefixTests {
    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Golden/prefix")
    let out: TemporaryFolder

    init() throws { out = try TemporaryFolder() }

    private static func tensors(_ folder: URL) throws -> [String: [Float]] {
        let file = try SafetensorsFile(folder.appendingPathComponent("adapter.safetensors"))
        return try file.names.reduce(into: [:]) { $0[$1] = try file.floats($1) }
    }

    /// The export holds what the library saved: its tensors under all their names, and its configuration.
    @Test(arguments: ["prefix", "prefix_flat"]) func roundTrip(_ name: String) throws {
        let theirs = Self.folder.appendingPathComponent("\(name)/t")
        let bundle = try AdapterHubImport.read(folder: theirs)
        #expect(bundle.base.shape.layers == 3 && bundle.members.count == 1)
        #expect(bundle.members[0].configuration.fields["flat"] == .bool(name == "prefix_flat"))
        let folder = out.file("out")
        #expect(try AdapterHubExport.write(bundle, to: folder) == [])
        #expect(try Self.tensors(folder) == Self.tensors(theirs))
        let configurations = try [folder, theirs].map {
            try Data(contentsOf: $0.appendingPathComponent("adapter_config.json"))
        }
        #expect(configurations[0] == configurations[1])
        #expect(try AdapterHubImport.read(folder: folder) == bundle)
        let url = out.file("a.h5")
        try BundleFile.write(bundle, to: url)
        #expect(try BundleFile.read(url) == bundle)
    }

    /// Entry 2i of a position is layer i's keys, 2i + 1 its values.
    @Test func layout() throws {
        let folder = Self.folder.appendingPathComponent("prefix_flat/t")
        let bundle = try AdapterHubImport.read(folder: folder)
        let all = try #require(
            Self.tensors(folder)["bert.prefix_tuning.prefix_tunings.t.self_prefix.control_trans"])
        for (name, entry) in [("key/0", 0), ("value/0", 1), ("key/2", 4), ("value/2", 5)] {
            let tensor = try #require(bundle.tensors.first { $0.name == "members/t/\(name)/prefix" })
            #expect(tensor.shape == [5, 48])
            for row in 0..<5 {
                let first = (row * 6 + entry) * 48
                #expect(tensor.values[row * 48..<(row + 1) * 48] == all[first..<first + 48], "\(name), row \(row)")
            }
        }
    }

    /// Files with a part missing, of another size, or that differs between the layers are refused.
    @Test(arguments: ["missing", "shape", "layers", "extra", "gating", "field"]) func damaged(_ fault: String) throws {
        let theirs = Self.folder.appendingPathComponent("prefix_flat/t")
        let folder = out.file("in")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        var json = try String(contentsOf: theirs.appendingPathComponent("adapter_config.json"), encoding: .utf8)
        if fault == "gating" {
            json = json.replacingOccurrences(of: "\"use_gating\": false", with: "\"use_gating\": true")
        }
        if fault == "field" { json = json.replacingOccurrences(of: "\"flat\"", with: "\"flatness\"") }
        try Data(json.utf8).write(to: folder.appendingPathComponent("adapter_config.json"))
        var tensors = try Self.tensors(theirs)
        let layer = "bert.encoder.layer.1.attention.self.prefix_tuning.pool.prefix_tunings.t.self_prefix.control_trans"
        switch fault {
        case "missing": tensors = tensors.filter { !$0.key.hasSuffix("control_trans") }
        case "shape": for name in tensors.keys { tensors[name]?.removeLast() }
        case "layers": tensors[layer]?[7] += 1
        case "extra": tensors["bert.more"] = [1]
        default: break
        }
        try SafetensorsWriter.data(
            tensors: tensors.sorted { $0.key < $1.key }.map {
                (name: $0.key, shape: [$0.value.count], value: .float32($0.value))
            }
        ).write(to: folder.appendingPathComponent("adapter.safetensors"))
        #expect(throws: (any Error).self) { try AdapterHubImport.read(folder: folder) }
    }

    /// The library saves prefixes as pickles only: the message says how to convert one.
    @Test func pickle() throws {
        let folder = out.file("in")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try FileManager.default.copyItem(
            at: Self.folder.appendingPathComponent("prefix/t/adapter_config.json"),
            to: folder.appendingPathComponent("adapter_config.json"))
        try Data([1]).write(to: folder.appendingPathComponent("pytorch_adapter.bin"))
        do {
            _ = try AdapterHubImport.read(folder: folder)
            Issue.record("a pickle was read")
        } catch { #expect("\(error)".contains("v.clone()"), "\(error)") }
    }
}
