import Adapters
import Files
import Foundation
import Numerics
import Testing

@testable import Bundles
@testable import Training

/// What a case of a golden file and our network of the same weights must agree in.
enum Parity {
    /// Logits, loss and gradients of batch 0; every tensor of the file's is one of ours.
    /// - Parameter theirs: the library's name for a tensor
    static func expectEqual(
        _ network: Network, _ plan: HeadPlan, _ file: SafetensorsFile, theirs: (String) throws -> String
    ) throws {
        let workspace = Workspace(threads: 2)
        let results = plan.plan.run(try Golden.batches()[0], workspace: workspace)
        let logits = Difference(results.values(plan.output), try file.floats("logits"))
        #expect(logits.largest < 1e-4, "logits: \(logits)")
        #expect(abs(results.values(plan.loss).reduce(0, +) - (try file.floats("loss"))[0]) < 1e-5)
        let parameters = network.parameters.parameters
        #expect(parameters.count == file.names.count(where: { $0.hasPrefix("grad.") }))
        for parameter in parameters {
            let difference = Difference(
                parameter.gradientArray, try file.floats("grad.\(theirs(parameter.name))"))
            // What is zero in theory, such as the gradient of a bias of keys, is rounding on both sides
            let isEqual = difference.scale < 1e-9 ? difference.largest < 1e-7 : difference.relative < 1e-3
            #expect(isEqual, "\(parameter.name): \(difference)")
        }
    }

    /// Golden's frozen base and its head, with an adapter that the `adapters` library saved; adapter and head learn.
    /// - Parameter configured: gives the configuration what the library's files do not say
    static func network(
        adapter folder: URL, configured: (AdapterConfiguration) throws -> AdapterConfiguration = { $0 }
    ) throws -> (Network, HeadPlan) {
        var arrangement = try Golden.arrangement("base")
        let bundle = try AdapterHubImport.read(folder: folder, model: arrangement.model)
        let member = Member(name: "t", configuration: try configured(bundle.members[0].configuration))
        arrangement.members = [member]
        arrangement.composition = .leaf("t")
        arrangement.trainable += try start(member.specs(arrangement.model.architecture), from: bundle)
        let network = try Network(arrangement, seed: 0)
        return (network, try network.plan(head: 0, trains: true, baseDropout: false, headDropout: 0))
    }

    /// Tensors that learn from where a bundle has them.
    static func start(_ specs: [ParameterSpec], from bundle: AdapterBundle) throws -> [ParameterSpec] {
        let values = Dictionary(bundle.tensors.map { ($0.name, $0.values) }) { first, _ in first }
        return try start(specs) { try #require(values[$0]) }
    }

    /// Tensors that learn from these values.
    static func start(_ specs: [ParameterSpec], from values: (String) throws -> [Float]) rethrows -> [ParameterSpec] {
        try specs.map { spec in
            var spec = spec
            spec.initializer = .values(try values(spec.name))
            return spec
        }
    }

    /// The number of values that learn, as the library counts them, from a folder's meta.json.
    static func trainable(_ folder: URL, _ name: String) throws -> Int {
        let json = try Data(contentsOf: folder.appendingPathComponent("meta.json"))
        guard case .map(let meta)? = ConfigurationValue(json: [UInt8](json)), case .map(let cases)? = meta["cases"],
            case .map(let fields)? = cases[name], case .number(let count)? = fields["trainable"]
        else { return try #require(nil, "no count of \(name) in \(folder.path)") }
        return Int(count)
    }

    /// 50 AdamW steps at a rate where the library's float32 agrees with its float64 to 1e-5.
    static func expectEqualSteps(
        _ network: Network, _ plan: HeadPlan, _ file: SafetensorsFile, _ settings: AdamW.Settings
    ) throws {
        let workspace = Workspace(threads: 2)
        let optimizer = AdamW(network.parameters, settings: settings, pool: workspace.pool)
        let batches = try Golden.batches()
        let rate = try file.floats("step_lr")[0]
        for (step, expected) in try file.floats("step_losses").enumerated() {
            let loss = Float(plan.step(batches[step % 5], workspace: workspace, stepKey: nil))
            #expect(abs(loss - expected) < 1e-4 * expected, "step \(step): \(loss), expected \(expected)")
            optimizer.step(plan.plan.parameters, rate: rate, clip: 0)
        }
    }
}
