import Adapters
import Files
import Foundation
import Models
import Numerics
import Testing

@testable import Bundles
@testable import Training

/// Unions, gates and the options of bottlenecks against AdapterHub's `adapters` (Tests/Golden/union_golden.py): its folders,
/// with weights perturbed, dropout off.
///
/// Where a case has gates, the library ran each text alone: its gates are means over padding, too.
@Suite struct UnionParityTests {
    static let folder = Golden.folder.deletingLastPathComponent().appendingPathComponent("unions")
    static let cases = [
        "mam", "unipelt", "unipelt_apart", "union_sublayers", "gate_parallel", "bn_norms", "bn_norm_of_sum",
        "bn_residual_after", "bn_post_add", "bn_no_end", "bn_scaled", "bn_channel", "bn_parallel", "bn_layers", "ia3",
        "ia3_outputs", "prompt", "union_prompt",
    ]

    private static func file(_ name: String) throws -> SafetensorsFile {
        try SafetensorsFile(folder.appendingPathComponent("\(name).safetensors"))
    }

    private static func imported(_ name: String) throws -> AdapterBundle {
        try AdapterHubImport.read(folder: folder.appendingPathComponent(name), model: Golden.model())
    }

    /// Everything of the folder learns, and the head.
    private func network(_ name: String) throws -> (Network, HeadPlan) {
        var bundle = try Self.imported(name)
        let head = try AdapterHubImport.read(folder: Golden.folder.appendingPathComponent("head"))
        bundle.heads = head.heads
        bundle.tensors += head.tensors
        let model = try Golden.model()
        var arrangement = Arrangement(model: model, bundle: bundle)
        arrangement.frozen = [:]
        arrangement.trainable = try Parity.start(bundle.specs(for: model.architecture), from: bundle)
        let network = try Network(arrangement, seed: 0)
        return (network, try network.plan(head: 0, trains: true, baseDropout: false, headDropout: 0))
    }

    /// The library's name for a tensor.
    private func theirs(_ name: String, _ network: Network) throws -> String {
        let parts = name.split(separator: "/", maxSplits: 2).map(String.init)
        if parts[0] == "heads" { return try #require(AdapterHubNames.head(parts[2], name: "h")) }
        let method = try network.arrangement.members[0].configuration.makeMethod()
        let own = (method as? Union)?.part(of: parts[2])?.own ?? parts[2]
        if let network = PrefixParityTests.network[own] {
            return "bert.encoder.layer.0.attention.self.prefix_tuning.pool.prefix_tunings.t.self_prefix.\(network)"
        }
        return try #require(AdapterHubNames.adapter(parts[2], of: method, name: "t", prefix: "bert."))
    }

    @Test(arguments: cases) func logitsLossAndGradients(_ name: String) throws {
        let (network, plan) = try network(name)
        try Parity.expectEqual(network, plan, Self.file(name)) { try theirs($0, network) }
    }

    /// 50 AdamW steps over five batches in turn, decay 0.01 on everything, no clipping, constant learning rate.
    @Test(arguments: cases) func fiftySteps(_ name: String) throws {
        let (network, plan) = try network(name)
        var settings = AdamW.Settings()
        settings.decaysAll = true
        try Parity.expectEqualSteps(network, plan, Self.file(name), settings)
    }

    /// What we export is what the library saved, tensor by tensor and field by field, and the library's number of parameters
    /// is ours.
    @Test(arguments: cases) func exports(_ name: String) throws {
        let bundle = try Self.imported(name)
        let out = FileManager.default.temporaryDirectory.appendingPathComponent("union-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: out) }
        let warnings = try AdapterHubExport.write(bundle, to: out)
        let isGated = name.hasPrefix("unipelt") || name.hasPrefix("gate")
        #expect(warnings.count == (isGated ? 1 : 0) && warnings.allSatisfy { $0.contains("padding") }, "\(warnings)")
        #expect(try AdapterHubImport.read(folder: out, model: Golden.model()) == bundle)
        let theirs = Self.folder.appendingPathComponent(name)
        let files = try [out, theirs].map { try SafetensorsFile($0.appendingPathComponent("adapter.safetensors")) }
        #expect(files[0].names == files[1].names)
        for tensor in files[1].names {
            #expect(try files[0].floats(tensor) == files[1].floats(tensor), "\(tensor)")
            #expect(try files[0].tensor(tensor).shape == files[1].tensor(tensor).shape, "\(tensor)")
        }
        let configurations = try [out, theirs].map { try AdapterHubModule(.adapter, in: $0).fields["config"] }
        #expect(configurations[0] == configurations[1])

        let meta = try AdapterHubModule.json(Self.folder.appendingPathComponent("meta.json"))
        guard case .map(let cases)? = meta["cases"], case .map(let measured)? = cases[name] else {
            Issue.record("no \(name) in meta.json")
            return
        }
        let parameters = bundle.tensors.reduce(0) { $0 + $1.values.count }
        #expect(measured["adapter_parameters"] == .init(parameters))
    }

    /// The bundle that we write reads as it was.
    @Test(arguments: cases) func bundles(_ name: String) throws {
        let bundle = try Self.imported(name)
        let data = try BundleFile.data(bundle)
        let read = try BundleFile.read(data, name: "b")
        #expect(read == bundle)
        #expect(try BundleFile.data(read) == data)
    }
}
