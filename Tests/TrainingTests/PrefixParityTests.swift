import Adapters
import Bundles
import Files
import Foundation
import Models
import Numerics
import Testing

@testable import Training

/// Prefix tuning against AdapterHub's `adapters` and `peft` (Tests/Golden/prefix_golden.py), weights exchanged, dropout
/// off.
@Suite struct PrefixParityTests {
    /// Beside the folder of the model.
    static let folder = Golden.folder.deletingLastPathComponent().appendingPathComponent("prefix")

    static func file(_ name: String) throws -> SafetensorsFile {
        try SafetensorsFile(folder.appendingPathComponent("\(name).safetensors"))
    }

    /// Names of the library's own network for ours.
    static let network = [
        "prefix/embedding": "wte.weight", "prefix/down.weight": "control_trans.0.weight",
        "prefix/down.bias": "control_trans.0.bias", "prefix/up.weight": "control_trans.2.weight",
        "prefix/up.bias": "control_trans.2.bias",
    ]
    /// The same in peft.
    static let peftNetwork = [
        "prefix/embedding": "embedding.weight", "prefix/down.weight": "transform.0.weight",
        "prefix/down.bias": "transform.0.bias", "prefix/up.weight": "transform.2.weight",
        "prefix/up.bias": "transform.2.bias",
    ]

    /// A tensor of a flat prefix out of theirs, [length, layers · 2 · width]: entry 2i is layer i's keys, 2i + 1 its values.
    static func flat(_ name: String, of all: [Float], length: Int, width: Int) throws -> [Float] {
        let parts = name.split(separator: "/")
        let layer = try #require(Int(parts[1]))
        let entry = 2 * layer + (parts[0] == "value" ? 1 : 0)
        let columns = all.count / length
        var values: [Float] = []
        for row in 0..<length {
            let first = row * columns + entry * width
            values += all[first..<first + width]
        }
        return values
    }

    /// Theirs for one of our tensors.
    /// - Parameter kind: "weight" or "grad"
    static func theirs(
        _ kind: String, _ name: String, of member: String, _ file: SafetensorsFile, isPeft: Bool, length: Int,
        width: Int
    ) throws -> [Float] {
        let scope =
            isPeft
            ? (kind == "grad" ? "prompt_encoder.default." : "default.")
            : "bert.encoder.layer.0.attention.self.prefix_tuning.pool.prefix_tunings.\(member).self_prefix."
        if let part = (isPeft ? peftNetwork : network)[name] { return try file.floats("\(kind).\(scope)\(part)") }
        let all = try file.floats("\(kind).\(scope)\(isPeft ? "embedding.weight" : "control_trans")")
        return try flat(name, of: all, length: length, width: width)
    }

    /// A case's network: what learns starts from the fixture's tensors.
    static func network(_ name: String) throws -> Network {
        let file = try file(name)
        var arrangement = try Golden.arrangement("base")
        let architecture = arrangement.model.architecture
        let width = architecture.configuration.hidden
        let isPeft = name.hasPrefix("peft")
        func member(_ member: String, _ length: Int, flat: Bool, leaveOut: [Int] = []) throws -> [ParameterSpec] {
            let adapter = Member(
                name: member,
                configuration: try AdapterConfiguration(
                    method: "prefix_tuning",
                    fields: [
                        "prefix_length": .init(length), "bottleneck_size": .init(7), "flat": .bool(flat),
                        "leave_out": .list(leaveOut.map { .init($0) }),
                    ], source: "test"))
            arrangement.members.append(adapter)
            return try adapter.specs(architecture).map { spec in
                let own = String(spec.name.dropFirst(adapter.scope.count + 1))
                let values = try theirs(
                    "weight", own, of: member, file, isPeft: isPeft, length: length, width: width)
                #expect(values.count == spec.count, "\(spec.name)")
                return ParameterSpec(spec.name, spec.shape, .values(values))
            }
        }
        arrangement.composition = .leaf("t")
        switch name {
        case "prefix_stack":
            for spec in try member("l", 3, flat: true) {
                guard case .values(let values) = spec.initializer else { continue }
                arrangement.frozen[spec.name] = Weight(values, shape: spec.shape)
            }
            arrangement.trainable += try member("t", 5, flat: false)
            arrangement.composition = .stack([.leaf("l"), .leaf("t")])
        case "prefix_leave_out": arrangement.trainable += try member("t", 5, flat: false, leaveOut: [1])
        default: arrangement.trainable += try member("t", 5, flat: name.hasSuffix("flat"))
        }
        return try Network(arrangement, seed: 0)
    }

    static let cases = ["prefix", "prefix_flat", "prefix_leave_out", "prefix_stack"]

    @Test(arguments: cases + ["peft_flat", "peft_projection"]) func logitsLossAndGradients(_ name: String) throws {
        let network = try Self.network(name)
        let plan = try network.plan(head: 0, trains: true, baseDropout: false, headDropout: 0)
        let workspace = Workspace(threads: 2)
        let results = plan.plan.run(try Golden.batches()[0], workspace: workspace)
        let file = try Self.file(name)
        let logits = Difference(results.values(plan.output), try file.floats("logits"))
        #expect(logits.largest < 1e-4, "logits: \(logits)")
        let loss = results.values(plan.loss).reduce(0, +)
        #expect(abs(loss - (try file.floats("loss"))[0]) < 1e-5)
        var compared = 0
        for parameter in network.parameters.parameters where parameter.name.hasPrefix("members/") {
            let own = parameter.name.split(separator: "/", maxSplits: 2).map(String.init)
            let theirs = try Self.theirs(
                "grad", own[2], of: own[1], file, isPeft: name.hasPrefix("peft"), length: 5,
                width: network.arrangement.model.configuration.hidden)
            let difference = Difference(parameter.gradientArray, theirs)
            #expect(difference.relative < 1e-3, "\(parameter.name): \(difference)")
            compared += 1
        }
        #expect(compared == (name.hasSuffix("flat") ? 6 : 5))
    }

    /// 50 AdamW steps over five batches in turn, decay 0.01 on everything, no clipping, constant learning rate.
    @Test(arguments: cases) func fiftySteps(_ name: String) throws {
        let file = try Self.file(name)
        let network = try Self.network(name)
        let plan = try network.plan(head: 0, trains: true, baseDropout: false, headDropout: 0)
        let workspace = Workspace(threads: 2)
        var settings = AdamW.Settings()
        settings.decaysAll = true
        let optimizer = AdamW(network.parameters, settings: settings, pool: workspace.pool)
        let batches = try Golden.batches()
        let rate = try file.floats("step_lr")[0]
        let ours = (0..<50).map { step in
            defer { optimizer.step(plan.plan.parameters, rate: rate, clip: 0) }
            return Float(plan.step(batches[step % 5], workspace: workspace, stepKey: nil))
        }
        let theirs = try file.floats("step_losses")
        for (step, (a, b)) in zip(ours, theirs).enumerated() {
            #expect(abs(a - b) < 1e-4 * abs(b), "step \(step): \(a), theirs \(b)")
        }
    }

    /// A bundle of a trained prefix holds the prefix itself, and gives the logits of the network that made it, bit for bit.
    @Test(arguments: cases) func bundlesAreFlat(_ name: String) throws {
        let network = try Self.network(name)
        let model = network.arrangement.model
        let bundle = try network.bundle(
            name: "t", base: BaseIdentity(name: "tiny", fingerprint: nil, shape: model.configuration),
            provenance: Provenance())
        #expect(bundle.members.allSatisfy { $0.configuration.fields["flat"] == .bool(true) })
        #expect(!bundle.tensors.contains { $0.name.contains("/prefix/") })
        let again = try Network(Arrangement(model: model, bundle: bundle), seed: 0).plan(head: 0, trains: false)
        let first = try network.plan(head: 0, trains: false)
        let workspace = Workspace(threads: 1)
        let batch = try Golden.batches()[1]
        let logits = Array(first.plan.run(batch, workspace: workspace).values(first.output))
        #expect(Array(again.plan.run(batch, workspace: workspace).values(again.output)) == logits)
        guard name == "prefix" else { return }
        // Training goes on from it in the form that it has; another configuration is refused with that form's name
        let flat = try Recipe.adapter(
            .init(
                method: "prefix_tuning",
                fields: [
                    "flat": .bool(true), "prefix_length": .init(5), "bottleneck_size": .init(7),
                ], source: "test"), from: bundle
        ).arrangement(model: model, heads: [], name: "u")
        #expect(flat.trainable.count == 6)
        #expect(throws: BundleError.self) {
            try Recipe.adapter(.resolve("prefix_tuning"), from: bundle).arrangement(model: model, heads: [], name: "u")
        }
    }
}
