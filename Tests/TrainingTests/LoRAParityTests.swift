import Adapters
import Files
import Foundation
import Models
import Numerics
import Testing

@testable import Bundles
@testable import Training

/// LoRA and its variants against `adapters` and `peft` in float64 (Tests/Golden/lora_golden.py, lora_variants_golden.py):
/// their folders, weights exchanged.
@Suite struct LoRAParityTests {
    static let cases = ["adapters_qv", "adapters_all", "peft_all"] + variants
    static let variants = ["dora", "pissa", "pissa_dora", "lora_plus"]
    /// How a case is trained where that is not what bundles hold, or not in peft's files.
    private static let trained = [
        "pissa": [
            "rank=4", "alpha=6", "init_lora_weights=pissa", "targets=query,value,attention_output,output,intermediate",
            #"rank_pattern={"intermediate":3}"#, #"alpha_pattern={"value":9}"#,
        ],
        "pissa_dora": ["rank=3", "alpha=3", "init_lora_weights=pissa", "use_dora=true", "targets=value,intermediate"],
        "lora_plus": ["rank=4", "alpha=6", "loraplus_lr_ratio=16"],
    ]

    private static func url(_ name: String) -> URL {
        Golden.folder.deletingLastPathComponent().appendingPathComponent(
            name.hasPrefix("adapters") || name.hasPrefix("peft") ? "lora" : "lora_variants"
        ).appendingPathComponent(name)
    }

    private func golden(_ name: String) throws -> SafetensorsFile {
        try SafetensorsFile(Self.url(name).appendingPathExtension("safetensors"))
    }

    private func model() throws -> EncoderModel {
        try EncoderModel(folder: Golden.folder.deletingLastPathComponent().appendingPathComponent("seed1/tiny"))
    }

    /// The bundle of a case, with the head.
    private func bundle(_ name: String) throws -> AdapterBundle {
        let needsModel = name.hasPrefix("pissa") && name != "pissa_converted"
        var bundle = try ForeignImport.read(
            folder: Self.url(name), name: "t", model: needsModel ? model() : nil
        ).bundle
        if bundle.heads.isEmpty {
            let head = try AdapterHubImport.read(folder: Golden.folder.appendingPathComponent("head"))
            bundle.heads = head.heads
            bundle.tensors += head.tensors
        }
        return bundle
    }

    /// Everything of the bundle learns, in the form that is trained.
    private func network(_ name: String, _ bundle: AdapterBundle) throws -> (Network, HeadPlan) {
        let model = try model()
        var arrangement = Arrangement(model: model, bundle: bundle)
        var values = Dictionary(bundle.tensors.map { ($0.name, $0.values) }) { first, _ in first }
        var specs = try bundle.specs(for: model.architecture)
        if let overrides = Self.trained[name] {
            let member = Member(name: "t", configuration: try .resolve("lora", overrides: overrides))
            arrangement.members = [member]
            try arrangement.train(member)
            specs = arrangement.trainable + specs.filter { $0.name.hasPrefix("heads/") }
            let file = try SafetensorsFile(Self.url(name).appendingPathComponent("adapter_model.safetensors"))
            for spec in arrangement.trainable {
                values[spec.name] = try file.floats("base_model.model.\(theirs(spec.name, bundle, name))")
            }
        }
        arrangement.trainable = try specs.map { spec in
            var spec = spec
            spec.initializer = .values(try #require(values[spec.name]))
            // peft's optimizer for LoRA+ takes every vector, also the head's biases, for a B
            if name == "lora_plus", spec.shape.count == 1 { spec.rateFactor = 16 }
            return spec
        }
        let network = try Network(arrangement, seed: 0)
        return (network, try network.plan(head: 0, trains: true, baseDropout: false, headDropout: 0))
    }

    /// Our tensor's name in the library's file.
    private func theirs(_ name: String, _ bundle: AdapterBundle, _ test: String) throws -> String {
        guard !test.hasPrefix("adapters") else {
            return try #require(Golden.torchName(name, members: ["t"]))
        }
        let classifier = try #require(TransformersNames.of("bert")?.classifier)
        if let found = TransformersNames.tensors(classifier, scope: bundle.heads[0].scope).first(where: {
            $0.ours == name
        }) {
            return found.theirs
        }
        let parts = name.split(separator: "/").map(String.init)
        let site = Site(try #require(Site.Kind(rawValue: parts[2])), layer: Int(parts[3]))
        let weight = try #require(try Architecture(bundle.base.shape)[site]?.weight)
        let tensor = try #require(LoRAUpdates.tensors(hasMagnitudes: true).first { $0.ours == parts[4] })
        return "bert.\(weight.dropLast(".weight".count)).\(tensor.theirs)"
    }

    @Test(arguments: cases) func logitsLossAndGradients(_ name: String) throws {
        let bundle = try bundle(name)
        let (network, plan) = try network(name, bundle)
        try Parity.expectEqual(network, plan, golden(name)) {
            let theirs = try theirs($0, bundle, name)
            return theirs.hasSuffix("_vector") ? theirs + ".weight" : theirs  // a module's weight until it is saved
        }
    }

    @Test(arguments: cases) func fiftySteps(_ name: String) throws {
        let (network, plan) = try network(name, bundle(name))
        var settings = AdamW.Settings()
        // peft's optimizer for LoRA+ leaves biases out; torch's own decays everything
        settings.decaysAll = name != "lora_plus"
        try Parity.expectEqualSteps(network, plan, golden(name), settings)
    }

    /// What bundles hold computes the same, also where peft itself has converted PiSSA to plain LoRA.
    @Test(arguments: variants + ["pissa_converted"]) func savedForm(_ name: String) throws {
        var (bundle, trained) = (try bundle(name), name)
        if name == "pissa_converted" {
            // peft's conversion drops the head
            trained = "pissa"
            let whole = try self.bundle(trained)
            bundle.heads = whole.heads
            let head = whole.tensors.filter { $0.name.hasPrefix("heads/") }
            bundle.tensors = bundle.tensors.filter { !$0.name.hasPrefix("heads/") } + head
        }
        let plan = try Network(Arrangement(model: model(), bundle: bundle), seed: 0).plan(head: 0, trains: false)
        let workspace = Workspace(threads: 1)
        let found = plan.plan.run(try Golden.batches()[0], workspace: workspace)
        let logits = Difference(found.values(plan.output), try golden(trained).floats("logits"))
        #expect(logits.largest < 1e-4, "\(logits)")
    }

    /// Where training starts: magnitudes, and what PiSSA takes from the base. Signs of singular vectors are free; their
    /// products are not.
    @Test(arguments: ["dora", "pissa", "pissa_dora"]) func start(_ name: String) throws {
        let bundle = try bundle(name)
        let member = Member(
            name: "t",
            configuration: try Self.trained[name].map { try .resolve("lora", overrides: $0) }
                ?? bundle.members[0].configuration)
        var arrangement = Arrangement(model: try model())
        try arrangement.train(member)
        let file = try golden(name)
        let method = try #require(try member.configuration.makeMethod() as? LoRA)
        var compared = 0
        for spec in arrangement.trainable {
            guard case .values(let start) = spec.initializer else { continue }
            let theirs = try theirs(spec.name, bundle, name)
            if name == "dora" {
                let difference = Difference(start, try file.floats("start.\(theirs).weight"))
                #expect(difference.relative < 1e-6, "\(spec.name): \(difference)")
                compared += 1
            } else if spec.name.hasSuffix("/B") {
                let parts = spec.name.split(separator: "/")
                let site = Site(try #require(Site.Kind(rawValue: String(parts[2]))), layer: Int(parts[3]))
                let (rank, scale) = try #require(method.update(at: site))
                let a = try #require(arrangement.frozen["members/t/\(site.name)/A0"])
                let width = a.shape[1]
                let product = (0..<spec.shape[0] * width).map { i in
                    scale
                        * (0..<rank).reduce(Float(0)) {
                            $0 + start[i / width * rank + $1] * a.floats[$1 * width + i % width]
                        }
                }
                let difference = Difference(
                    product, try file.floats("start.\(theirs.dropLast(".lora_B.weight".count))"))
                #expect(difference.relative < 1e-6, "\(spec.name): \(difference)")
                compared += 1
            }
        }
        #expect(compared == (name == "dora" ? 18 : name == "pissa" ? 15 : 6))
    }
}
