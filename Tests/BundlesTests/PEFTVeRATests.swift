import Adapters
import Files
import Foundation
import Models
import Testing

@testable import Bundles

/// VeRA in PEFT's folders (Tests/Golden/vera_golden.py), both ways.
@Suite struct PEFTVeRATests {
    private static let golden = Golden.folder.deletingLastPathComponent().appendingPathComponent("vera")
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func read(_ name: String, as own: String? = nil) throws -> AdapterBundle {
        try ForeignImport.read(folder: Self.golden.appendingPathComponent(name), name: own, model: nil).bundle
    }

    @Test func configuration() throws {
        let bundle = try read("vera_all")
        #expect(bundle.base.shape.hidden == 48 && bundle.base.shape.intermediate == 96)
        #expect(
            try bundle.members[0].configuration
                == .resolve(
                    "vera",
                    overrides: [
                        "r=5", "projection_prng_key=7", "d_initial=0.2", "leave_out=[1]",
                        #"targets=["query","key","value","attention_output","intermediate","output"]"#,
                    ]))
        #expect(bundle.heads.count == 1 && bundle.tensors.count { $0.name.hasPrefix("members/") } == 24)
    }

    /// What the library's folder of the key alone holds is the same adapter.
    @Test func projectionsFromTheKey() throws {
        #expect(try read("vera_key", as: "vera").tensors == read("vera").tensors)
    }

    /// The library's tensors, name by name and bit by bit, with the projections.
    @Test(arguments: ["vera", "vera_all"]) func exportReadsBack(_ name: String) throws {
        let bundle = try read(name)
        let out = folder.file(name)
        #expect(try PEFTExport.write(bundle, to: out).count == 1)
        #expect(try ForeignImport.read(folder: out, name: nil, model: nil).bundle == bundle)
        let files = try [Self.golden.appendingPathComponent(name), out].map {
            try SafetensorsFile($0.appendingPathComponent(PEFTModule.tensors))
        }
        #expect(Set(files[0].names) == Set(files[1].names))
        for tensor in files[0].names {
            #expect(try files[0].tensor(tensor).shape == files[1].tensor(tensor).shape, "\(tensor)")
            #expect(try files[0].floats(tensor) == files[1].floats(tensor), "\(tensor)")
        }
    }

    @Test func adapterHubHasNone() throws {
        let text = problem { try AdapterHubExport.write(read("vera"), to: folder.file("hub")) }
        #expect(
            text.contains("method vera, expected bottleneck, ia3, lora") && text.contains("use --format peft"),
            "\(text)")
    }

    /// A folder with a changed configuration and changed tensors.
    private func changed(
        _ fields: [String: ConfigurationValue], _ name: String = "vera",
        tensors: (String, [Int], [Float]) -> (String, [Int], [Float])? = { ($0, $1, $2) }
    ) throws -> URL {
        try changedPEFT(
            Self.golden.appendingPathComponent(name), to: folder.file("changed"), fields, tensors: tensors)
    }

    @Test func refuses() throws {
        let cases: [(String, ConfigurationValue, String)] = [
            ("bias", .string("all"), "bias: \"all\", expected \"none\""),
            ("projection_prng_key", .number(-1), "projection_prng_key: -1, expected an integer in 0...4294967295"),
            ("projection_prng_key", .number(1), "which projection_prng_key 1 gives"),
            ("d_initial", .null, "d_initial: null, expected a number over 0"), ("r", .number(8), "shape [16], "),
            ("lora_alpha", .number(8), "lora_alpha: 8, expected only fields of VeraConfig in peft 0.18"),
        ]
        for (field, value, message) in cases {
            let text = problem { try ForeignImport.read(folder: changed([field: value]), name: nil, model: nil) }
            #expect(text.contains(message), "\(text)")
        }
    }

    /// Damaged folders give a typed error or a bundle that can be written.
    @Test(arguments: ["adapter_config.json", "adapter_model.safetensors"]) func damaged(_ name: String) throws {
        let out = try changed([:])
        try expectTypedErrors(damaging: out.appendingPathComponent(name), every: 5) {
            try ForeignImport.read(folder: out, name: "a", model: nil).bundle
        }
    }

    @Test func refusesTensors() throws {
        let unlike = problem {
            try ForeignImport.read(
                folder: changed([:], "vera_all") { name, shape, values in
                    name.contains("layer.2.attention.self.key") ? nil : (name, shape, values)
                }, name: nil, model: nil)
        }
        #expect(unlike.contains("no key/2, expected the same modules in each layer"), "\(unlike)")
        let other = problem {
            try ForeignImport.read(
                folder: changed([:]) { name, shape, values in
                    (name, shape, name.hasSuffix("vera_B") ? values.map { $0 + 1e-4 } : values)
                }, name: nil, model: nil)
        }
        #expect(other.contains("vera_B: ") && other.contains("bundles do not hold projections"), "\(other)")
        let blind = problem {
            try ForeignImport.read(
                folder: changed(["target_modules": .list([.string("output.dense")])], "vera_all") {
                    name, shape, values in
                    name.contains("output.dense") || name.contains("classifier") || name.contains("pooler")
                        ? (name, shape, values) : nil
                }, name: nil, model: nil)
        }
        #expect(blind.contains("the base model (--model)"), "\(blind)")
    }
}
