import Adapters
import Bundles
import Foundation
import Models
import Numerics
import Testing

@testable import Training

/// Bundles whose own numbers agree with their tensors, but not with the model that they are used on. Each was read past
/// its end once: shapes come from the model, not from the bundle.
@Suite struct BundleOnModelTests {
    /// A bundle with the tensors that its own configuration asks for, all ones.
    private func bundle(_ kind: Bundles.AdapterBundle.Kind, _ change: (inout ModelConfiguration) -> Void) throws
        -> Bundles.AdapterBundle
    {
        var shape = try Golden.model().configuration
        change(&shape)
        var bundle = Bundles.AdapterBundle(
            name: "b", base: BaseIdentity(name: "tiny", fingerprint: nil, shape: shape),
            overlay: kind == .full ? .base : kind == .mlm ? .languageHead : nil)
        if kind == .adapter {
            bundle.members = [Member(name: "a", configuration: try .resolve("ia3"))]
            bundle.composition = .leaf("a")
        }
        bundle.heads = [Golden.head]
        bundle.tensors = try bundle.specs().map {
            NamedTensor($0.name, $0.shape, [Float](repeating: 1, count: $0.count))
        }
        return bundle
    }

    private func predict(_ bundle: Bundles.AdapterBundle) throws -> [Float] {
        let model = try Golden.model()
        _ = try bundle.check(model: model, fingerprint: "", tokenizer: "", file: "b.h5", force: true)
        let plan = try Network(Arrangement(model: model, bundle: bundle), seed: 0).plan(head: 0, trains: false)
        let batch = try Golden.batches()[0]
        let workspace = Workspace(threads: 1)
        return withExtendedLifetime(workspace) {
            Array(plan.plan.run(batch, workspace: workspace).values(plan.output))
        }
    }

    @Test func factorsOfNoWidth() throws {
        let bundle = try bundle(.adapter) { $0.intermediate = 0 }
        #expect(throws: BundleError.self) { try predict(bundle) }
    }

    @Test(arguments: ["types", "positions", "vocabulary", "intermediate", "layers"])
    func allWeightsOfAnotherShape(_ field: String) throws {
        let bundle = try bundle(.full) { shape in
            switch field {
            case "types": shape.types = 1
            case "positions": shape.positions = 2
            case "vocabulary": shape.vocabulary = 3
            case "intermediate": shape.intermediate = 8
            default: shape.layers = 2
            }
        }
        #expect(throws: BundleError.self) { try predict(bundle) }
    }
}
