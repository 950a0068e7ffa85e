import Adapters
import Files
import Foundation
import Models
import Numerics
import Testing

@testable import Bundles
@testable import Training

/// The fixtures that Tests/Golden/model_golden.py writes: a small random encoder with cases computed by AdapterHub's
/// `adapters` in float64. AMALGAM_TEST_GOLDEN names the folder of another seed.
enum Golden {
    static var folder: URL {
        if let other = ProcessInfo.processInfo.environment["AMALGAM_TEST_GOLDEN"] { return URL(fileURLWithPath: other) }
        return URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("Golden/seed1")
    }

    static func model() throws -> EncoderModel { try EncoderModel(folder: folder.appendingPathComponent("tiny")) }

    static func file(_ path: String) throws -> SafetensorsFile {
        try SafetensorsFile(folder.appendingPathComponent(path))
    }

    /// The padded batches without their padding.
    static func batches() throws -> [PackedBatch] {
        let file = try file("batches.safetensors")
        return try (0..<5).map { b in
            PackedBatch(
                try sequences(file, "batch\(b).", hasTypes: true),
                classes: try file.int64s("batch\(b).labels").map { Int($0) })
        }
    }

    /// The real tokens of each row of a fixture's padded batch, as places in its flat tensors.
    static func places(_ file: SafetensorsFile, _ prefix: String = "") throws -> [[Int]] {
        let mask = try file.int64s("\(prefix)attention_mask")
        let length = try file.tensor("\(prefix)attention_mask").shape[1]
        return (0..<mask.count / length).map { row in
            (0..<length).map { row * length + $0 }.filter { mask[$0] == 1 }
        }
    }

    /// The rows of a fixture's padded batch without their padding.
    /// - Parameter hasTypes: whether the fixture has token types; otherwise they are 0
    static func sequences(
        _ file: SafetensorsFile, _ prefix: String = "", hasTypes: Bool = false
    ) throws -> [(ids: [Int32], types: [Int32], row: SequenceRow)] {
        let ids = try file.int64s("\(prefix)input_ids")
        let types = hasTypes ? try file.int64s("\(prefix)token_type_ids").map { Int32($0) } : ids.map { _ in 0 }
        return try places(file, prefix).enumerated().map { row, real in
            (real.map { Int32(ids[$0]) }, real.map { types[$0] }, SequenceRow(example: UInt64(row)))
        }
    }

    static let head = NamedHead("h", ClassificationHead(labels: ["0", "1", "2"], pooling: .first))

    /// A case's arrangement: what learns starts from the fixture's tensors.
    static func arrangement(_ name: String) throws -> Arrangement {
        var arrangement = Arrangement(model: try model())
        arrangement.heads = [head]
        let encoder = arrangement.model.architecture
        func values(_ specs: [ParameterSpec], _ file: SafetensorsFile, _ theirs: (String) -> String?) throws
            -> [ParameterSpec]
        {
            try specs.map { spec in
                let name = try #require(theirs(spec.name))
                #expect(try file.tensor(name).shape == spec.shape)
                return ParameterSpec(spec.name, spec.shape, .values(try file.floats(name)))
            }
        }
        func member(_ member: Member, _ folder: String) throws -> [ParameterSpec] {
            try values(member.specs(encoder), file("\(name)/\(folder)/adapter.safetensors")) {
                torchName($0, members: [member.name])
            }
        }
        switch name {
        case "base": break
        case "full":
            arrangement.trainable = arrangement.model.architecture.tensors.compactMap { tensor in
                arrangement.model.weight(tensor.name).map {
                    ParameterSpec("base/\(tensor.name)", tensor.shape, .copy($0))
                }
            }
        case "seq_bn", "double_seq_bn", "par_bn":
            let adapter = Member(name: "t", configuration: try .resolve(name))
            arrangement.members = [adapter]
            arrangement.composition = .leaf("t")
            arrangement.trainable = try member(adapter, "adapter")
        default:
            let configuration = name.contains("double") ? "double_seq_bn" : "seq_bn"
            let names = name.contains("2") ? ["a", "b"] : ["a", "b", "c"]
            arrangement.members = try names.map { Member(name: $0, configuration: try .resolve(configuration)) }
            let composition = Composition.fuse(
                names, FusionConfiguration(value: !name.contains("static"), regularization: 0, temperature: 1))
            arrangement.composition = composition
            for adapter in arrangement.members {
                // the static fusion shares the three adapters of the other
                let source = name == "fusion3_static" ? "fusion3" : name
                let file = try file("\(source)/\(adapter.name)/adapter.safetensors")
                for spec in try adapter.specs(encoder) {
                    let theirs = try #require(torchName(spec.name, members: [adapter.name]))
                    arrangement.frozen[spec.name] = Weight(try file.floats(theirs), shape: spec.shape)
                }
            }
            let specs = try composition.blockSpecs(arrangement.members, encoder)
            arrangement.trainable = try values(specs, file("\(name)/fusion/model_adapter_fusion.safetensors")) {
                torchName($0, members: names)
            }
        }
        arrangement.trainable += try values(
            head.head.specs(hidden: encoder.configuration.hidden, scope: head.scope),
            file("head/model_head.safetensors")
        ) { torchName($0, members: []) }
        return arrangement
    }

    /// Our full name as torch has it.
    static func torchName(_ name: String, members: [String]) -> String? {
        let parts = name.split(separator: "/", maxSplits: 1).map(String.init)
        switch parts[0] {
        case "members":
            let rest = parts[1].split(separator: "/", maxSplits: 1).map(String.init)
            return AdapterHubNames.adapter(rest[1], name: rest[0], prefix: "bert.")
        case "blocks":
            let own = String(parts[1].drop { $0 != "/" }.dropFirst())
            return AdapterHubNames.fusion(own, name: members.joined(separator: ","), prefix: "bert.")
        case "heads": return AdapterHubNames.head(String(parts[1].dropFirst(2)), name: "h")
        case "base": return "bert.\(parts[1])"
        default: return nil
        }
    }
}

/// The largest difference of two arrays and where it is.
struct Difference: CustomStringConvertible {
    var largest = 0.0
    var index = 0
    var scale = 0.0

    init(_ ours: some Collection<Float>, _ theirs: some Collection<Float>) {
        for (i, (a, b)) in zip(ours, theirs).enumerated() {
            if abs(Double(a) - Double(b)) > largest || !a.isFinite {
                largest = a.isFinite ? abs(Double(a) - Double(b)) : .infinity
                index = i
            }
            scale = max(scale, abs(Double(b)))
        }
    }

    var relative: Double { scale > 0 ? largest / scale : largest }
    var description: String { "largest difference \(largest) at element \(index), largest value \(scale)" }
}
