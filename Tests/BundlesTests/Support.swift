import Adapters
import Files
import Foundation
import Models
import Numerics
import Testing

@testable import Bundles

/// Foundation has one of that name too.
typealias AdapterBundle = Bundles.AdapterBundle

/// A folder that lives as long as the object.
final class TemporaryFolder {
    let url: URL

    init() throws {
        url = FileManager.default.temporaryDirectory.appendingPathComponent("amalgam-bundles-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: url) }

    func file(_ name: String) -> URL { url.appendingPathComponent(name) }
}

/// What Tests/Golden/model_golden.py made.
enum Golden {
    static let folder: URL = {
        if let path = ProcessInfo.processInfo.environment["AMALGAM_TEST_GOLDEN"] { return URL(fileURLWithPath: path) }
        return URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("Golden/seed1")
    }()

    static func url(_ path: String) -> URL { folder.appendingPathComponent(path) }

    /// Adapters, fusions and a head in the library's own folders.
    static let cases = [
        "seq_bn/adapter", "double_seq_bn/adapter", "par_bn/adapter", "fusion3/a", "fusion3/fusion",
        "fusion2_double/fusion",
        "head",
    ]
}

/// Bundles of each kind over a very small encoder, with values that are all different.
enum Sample {
    static let shape = ModelConfiguration(
        family: "bert", hidden: 8, layers: 2, heads: 2, intermediate: 16, vocabulary: 11, positions: 9, types: 2)
    static let kinds = AdapterBundle.Kind.allCases

    static func bundle(_ kind: AdapterBundle.Kind) throws -> AdapterBundle {
        var bundle = AdapterBundle(
            name: "sample",
            base: BaseIdentity(name: "small", fingerprint: String(repeating: "ab", count: 32), shape: shape))
        switch kind {
        case .adapter:
            bundle.members = [try member("a")]
            bundle.composition = .leaf("a")
        case .fusion:
            bundle.members = [try member("a"), try member("b", more: ["non_linearity=gelu"]), try member("é")]
            bundle.composition = .fuse(["b", "a", "é"])
        case .composition:
            bundle.members = [try member("a"), try member("b"), try member("l")]
            bundle.composition = Composition(
                Average(weights: [0.25, 0.75]),
                [.stack([.leaf("l"), .leaf("a")]), .stack([.leaf("l"), .fuse(["a", "b"], .static)])])
        case .full: bundle.overlay = .base
        case .mlm: bundle.overlay = .languageHead
        case .head: break
        }
        bundle.heads = [NamedHead("task", ClassificationHead(labels: ["no", "yes", "ja \"!\""], pooling: .first))]
        bundle.provenance.task = "task"
        bundle.provenance.seed = 7
        bundle.provenance.settings = #"{"rate":0.001}"#
        try fill(&bundle)
        return bundle
    }

    static func member(_ name: String, _ preset: String = "seq_bn", more: [String] = []) throws -> Member {
        Member(name: name, configuration: try .resolve(preset, overrides: ["reduction_factor=4"] + more))
    }

    /// Gives the bundle the tensors that its configuration asks for.
    static func fill(_ bundle: inout AdapterBundle) throws {
        var value: Float = 0
        bundle.tensors = try bundle.specs().map { spec in
            NamedTensor(
                spec.name, spec.shape,
                (0..<spec.count).map { _ in
                    value += 1
                    return value / 7 * (value.truncatingRemainder(dividingBy: 2) == 0 ? 1 : -1)
                })
        }
    }
}

/// The text of the error that `body` throws.
func problem(_ location: SourceLocation = #_sourceLocation, _ body: () throws -> Any) -> String {
    do {
        let value = try body()
        Issue.record("no error, but \(value)", sourceLocation: location)
        return ""
    } catch {
        return "\(error)"
    }
}

/// A damaged file, with bytes changed or its end missing, gives a typed error or a bundle that can be written.
/// - Parameter every: of so many bytes one is changed, and the file ends before it.
func expectTypedErrors(damaging file: URL, every step: Int, read: () throws -> AdapterBundle) throws {
    let data = try Data(contentsOf: file)
    var random = SplitMix(state: 5)
    for i in stride(from: 0, to: min(data.count, 1500), by: step) {
        var flipped = data
        flipped[i] = i % 2 == 0 ? UInt8(ascii: "9") : UInt8(truncatingIfNeeded: random.next())
        for content in [flipped, data.prefix(i)] {
            try content.write(to: file)
            do {
                _ = try BundleFile.data(read())
            } catch {
                #expect(error is BundleError || error is FileError || error is AdapterError, "\(error)")
            }
        }
    }
}
