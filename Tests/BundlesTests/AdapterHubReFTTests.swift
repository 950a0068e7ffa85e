import Adapters
import Files
import Foundation
import Models
import Testing

@testable import Bundles

/// ReFT and Compacter in folders of `adapters` (Tests/Golden/reft_golden.py, compacter_golden.py), both ways.
@Suite struct AdapterHubReFTTests {
    private let folder: TemporaryFolder
    private static let golden = Golden.folder.deletingLastPathComponent()

    init() throws { folder = try TemporaryFolder() }

    private func url(_ path: String) -> URL { Self.golden.appendingPathComponent("\(path)/adapter") }

    private func model() throws -> EncoderModel { try EncoderModel(folder: Golden.url("tiny")) }

    private func tensors(_ folder: URL) throws -> SafetensorsFile {
        try SafetensorsFile(folder.appendingPathComponent("adapter.safetensors"))
    }

    /// The same files, byte for byte.
    @Test(arguments: [
        "compacter/compacter", "compacter/compacterpp", "compacter/rules", "compacter/shared_rank", "reft/noreft_tied",
    ]) func sameBytes(_ path: String) throws {
        let bundle = try AdapterHubImport.read(folder: url(path))
        let out = folder.file("out")
        #expect(try AdapterHubExport.write(bundle, to: out) == [])
        let files = try [url(path), out].map { try tensors($0) }
        #expect(files[0].names.sorted() == files[1].names.sorted())
        for name in files[0].names {
            #expect(try files[0].tensor(name).shape == files[1].tensor(name).shape, "\(name)")
            #expect(try files[0].floats(name) == files[1].floats(name), "\(name)")
        }
        #expect(
            try Data(contentsOf: out.appendingPathComponent("adapter_config.json"))
                == Data(contentsOf: url(path).appendingPathComponent("adapter_config.json")))
        #expect(try BundleFile.read(BundleFile.data(bundle), name: "b") == bundle)
    }

    /// The same names and shapes, and the same adapter again; the library's edit that acts on no token is zero.
    @Test(arguments: ["loreft", "loreft_both", "loreft_base"]) func orthonormalRows(_ name: String) throws {
        let bundle = try AdapterHubImport.read(folder: url("reft/\(name)"), model: model())
        let out = folder.file("out")
        #expect(try AdapterHubExport.write(bundle, to: out) == [])
        let files = try [url("reft/\(name)"), out].map { try tensors($0) }
        #expect(files[0].names.sorted() == files[1].names.sorted())
        for tensor in files[0].names {
            #expect(try files[0].tensor(tensor).shape == files[1].tensor(tensor).shape, "\(tensor)")
            if tensor.contains("units.1.learned"), name != "loreft_both" {
                #expect(try files[1].floats(tensor).allSatisfy { $0 == 0 })
            } else if tensor.contains("learned") {
                #expect(try files[0].floats(tensor) == files[1].floats(tensor), "\(tensor)")
            }
        }
        let again = try AdapterHubImport.read(folder: out, model: model())
        #expect(again.tensors == bundle.tensors && again.members[0].configuration == bundle.members[0].configuration)
    }

    @Test func refuses() throws {
        let layers = problem { try AdapterHubImport.read(folder: url("reft/loreft_both")) }
        #expect(layers.contains("config.layers of t, expected the base model"), "\(layers)")
        var bundle = try AdapterHubImport.read(folder: url("reft/noreft_tied"))
        bundle.members[0] = Member(
            name: "t",
            configuration: try bundle.members[0].configuration.with(["subtract_projection": .bool(false)]))
        let direft = problem { try AdapterHubExport.write(bundle, to: folder.file("direft")) }
        #expect(direft.contains("subtract_projection: false, expected true"), "\(direft)")
        // The library's decay makes -1 on the diagonal something else, which it takes for 0
        let copy = folder.file("copy")
        try FileManager.default.copyItem(at: url("reft/loreft"), to: copy)
        let file = try tensors(copy)
        let list = try file.names.map { name in
            let values = try file.floats(name)
            return (
                name: name, shape: try file.tensor(name).shape,
                value: SafetensorsValue.float32(name.hasSuffix("original") ? values.map { 0.999 * $0 } : values)
            )
        }
        try SafetensorsWriter.data(tensors: list).write(to: copy.appendingPathComponent("adapter.safetensors"))
        let decayed = problem { try AdapterHubImport.read(folder: copy) }
        #expect(decayed.contains("-0.999 on the diagonal, expected 1 or -1"), "\(decayed)")
        // A base of other numbers
        let bare = folder.file("bare")
        try FileManager.default.copyItem(at: url("reft/loreft_base"), to: bare)
        let whole = try tensors(bare)
        let flat = try whole.names.map { name in
            let values = try whole.floats(name)
            return (
                name: name, shape: try whole.tensor(name).shape,
                value: SafetensorsValue.float32(name.hasSuffix("base") ? values.map { _ in 0 } : values)
            )
        }
        try SafetensorsWriter.data(tensors: flat).write(to: bare.appendingPathComponent("adapter.safetensors"))
        let zero = problem { try AdapterHubImport.read(folder: bare) }
        #expect(zero.contains("of the rows 0 and 0, expected an orthogonal matrix"), "\(zero)")
        // A rounded width is none of the library's
        var wide = try AdapterHubImport.read(folder: url("compacter/compacterpp"))
        wide.members[0] = Member(
            name: "t", configuration: try wide.members[0].configuration.with(["reduction_factor": .number(14)]))
        let width = problem { try AdapterHubExport.write(wide, to: folder.file("wide")) }
        #expect(width.contains("reduction_factor: 14, expected a width at afterFeedForward/0"), "\(width)")
    }

    /// Damaged folders give a typed error or a bundle that can be written.
    @Test(arguments: ["reft/loreft", "compacter/rules"], ["adapter_config.json", "adapter.safetensors"])
    func damaged(_ path: String, _ name: String) throws {
        let out = folder.file("damaged")
        try FileManager.default.copyItem(at: url(path), to: out)
        try expectTypedErrors(damaging: out.appendingPathComponent(name), every: 5) {
            try AdapterHubImport.read(folder: out, name: "a")
        }
    }

    /// Fields of missing parts are dropped, and those of Compacter are kept.
    @Test func fields() throws {
        let fields = try AdapterHubImport.read(folder: url("compacter/rules")).members[0].configuration.fields
        #expect(fields["phm_dim"] == .number(2) && fields["phm_bias"] == .bool(false))
        #expect(fields["phm_rank"] == nil)
        let plain = try AdapterHubImport.read(folder: Golden.url("seq_bn/adapter")).members[0].configuration.fields
        #expect(plain.keys.allSatisfy { PHM.defaults[$0] == nil })
    }
}
