import Adapters
import Files
import Foundation
import Models
import Testing

@testable import Bundles

/// Merging against `peft` and `adapters` where they compute what the definition says, else against the papers' definitions in
/// NumPy (Tests/Golden/merge_golden.py, which says which is which).
@Suite struct MergeParityTests {
    private static var folder: URL { Golden.folder.deletingLastPathComponent().appendingPathComponent("merge") }

    /// The merges of LoRA that the script made, by name.
    static let cases: [(name: String, method: String)] = [
        ("cat", "cat"), ("cat", "task_arithmetic"), ("cat", "knots"), ("svd", "svd"), ("svd3", "svd"),
        ("svd3", "task_arithmetic"), ("ties", "ties"), ("ties_weighted", "ties"), ("dare_linear", "dare_linear"),
        ("dare_ties", "dare_ties"), ("knots", "knots"), ("knots_weighted", "knots"),
    ]

    private func read(_ name: String) throws -> BundleMerge.Part {
        let bundle = try ForeignImport.read(
            folder: Self.folder.appendingPathComponent(name), name: name, model: nil
        ).bundle
        return BundleMerge.Part(bundle, file: name)
    }

    private func numbers(_ value: ConfigurationValue?) -> [Double]? {
        guard case .list(let list)? = value else { return nil }
        return list.compactMap { if case .number(let number) = $0 { number } else { nil } }
    }

    /// What meta.json says of a case: its adapters and options.
    private func options(_ name: String) throws -> (bundles: [String], MergeOptions) {
        let text = try Data(contentsOf: Self.folder.appendingPathComponent("meta.json"))
        guard case .map(let meta)? = ConfigurationValue(json: [UInt8](text)), case .map(let cases)? = meta["cases"],
            case .map(let fields)? = cases[name]
        else {
            Issue.record("no case \(name)")
            return ([], MergeOptions())
        }
        var options = MergeOptions()
        options.weights = numbers(fields["weights"])
        if case .number(let value)? = fields["density"] { options.density = value }
        if case .number(let value)? = fields["scale"] { options.scale = value }
        if case .number(let value)? = fields["rank"] { options.rank = Int(value) }
        if case .number(let value)? = fields["seed"] { options.seed = Int(value) }
        guard case .list(let bundles)? = fields["bundles"] else { return (["a", "b", "c"], options) }
        return (bundles.compactMap { if case .string(let name) = $0 { name } else { nil } }, options)
    }

    /// The changes of projections at two sites, within 1e-5 of the largest element.
    @Test(arguments: cases) func lora(_ name: String, _ method: String) throws {
        var (bundles, options) = try options(name)
        // The signs and what is trimmed are decided on the whole matrices: nothing of these may be cut off
        if options.rank == nil, !["cat", "knots"].contains(method) { options.rank = 96 }
        if name == "cat", method == "knots" { options.combination = "task_arithmetic" }
        let merged = try BundleMerge(bundles.map(read), method: method, options: options, force: false).run().bundle
        let golden = try SafetensorsFile(Self.folder.appendingPathComponent("merged.safetensors"))
        for site in [Site(.query, layer: 1), Site(.intermediate, layer: 2)] {
            let theirs = try golden.floats("\(name).\(site.name)")
            let ours = try merged.change(at: site) ?? theirs.map { _ in 0 }
            let scale = theirs.map(abs).max() ?? 0
            let largest = zip(ours, theirs).map { abs($0 - $1) }.max() ?? .infinity
            #expect(
                ours.count == theirs.count && largest <= 1e-5 * max(scale, 1e-3), "\(site.name): \(largest), \(scale)")
            #expect(scale > 1e-3 || bundles == ["a", "c"])
        }
    }

    /// `average_adapter` of `adapters` with its strategy `linear`.
    @Test(arguments: ["seq_bn", "prefix"]) func values(_ folder: String) throws {
        func read(_ name: String) throws -> AdapterBundle {
            try ForeignImport.read(
                folder: Self.folder.appendingPathComponent(folder).appendingPathComponent(name), name: "m",
                model: nil
            ).bundle
        }
        var options = MergeOptions()
        options.weights = [0.7, 0.3]
        let (ours, theirs) = (
            try BundleMerge(
                ["x", "y"].map { BundleMerge.Part(try read($0), file: $0) }, method: "average", options: options,
                force: false
            ).run(name: "m").bundle, try read("merged")
        )
        #expect(ours.tensors.map(\.name) == theirs.tensors.map(\.name))
        #expect(ours.members.map(\.configuration) == theirs.members.map(\.configuration))
        for (our, their) in zip(ours.tensors, theirs.tensors) {
            let scale = their.values.map(abs).max() ?? 0
            let largest = zip(our.values, their.values).map { abs($0 - $1) }.max() ?? .infinity
            #expect(our.shape == their.shape && largest <= 1e-6 * scale && scale > 0, "\(our.name): \(largest)")
        }
    }
}

extension AdapterBundle {
    /// ΔW of the only adapter at a site: [output, input]; nil where it has none.
    func change(at site: Site) throws -> [Float]? {
        let updates = try Updates(members, Architecture(base.shape)) { _, name in
            try #require(tensors.first { $0.name == name }).values
        }
        return try updates.sites.firstIndex { $0.site == site }.map { try updates.changes.values(0, $0) }
    }
}
