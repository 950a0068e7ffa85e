import Adapters
import Files
import Foundation
import Models
import Numerics
import Testing

@testable import Bundles
@testable import Training

/// VeRA against `peft` in float64 (Tests/Golden/vera_golden.py), weights exchanged; the projections come from the key alone.
@Suite struct VeRAParityTests {
    static let cases = [
        "vera": ["r=16"],
        "vera_all": ["r=5", "projection_prng_key=7", "d_initial=0.2", "targets=all", "leave_out=[1]"],
    ]
    private static let folder = Golden.folder.deletingLastPathComponent().appendingPathComponent("vera")
    private static let head = NamedHead("h", AdapterHubLabels.head(AdapterHubLabels.anonymous(3)))

    private func golden(_ name: String) throws -> SafetensorsFile {
        try SafetensorsFile(Self.folder.appendingPathComponent("\(name).safetensors"))
    }

    private func model() throws -> EncoderModel {
        try EncoderModel(folder: Golden.folder.deletingLastPathComponent().appendingPathComponent("seed1/tiny"))
    }

    /// peft's name of our tensor.
    private func theirs(_ name: String, _ model: EncoderModel) throws -> String {
        let classifier = try #require(TransformersNames.of("bert")?.classifier)
        if let found = TransformersNames.tensors(classifier, scope: Self.head.scope).first(where: { $0.ours == name }) {
            return found.theirs
        }
        let parts = name.split(separator: "/").map(String.init)
        let site = Site(try #require(Site.Kind(rawValue: parts[2])), layer: Int(parts[3]))
        let weight = try #require(model.architecture[site]?.weight)
        return "bert.\(weight.dropLast(".weight".count)).vera_\(parts[4])"
    }

    /// Adapter and head as peft saved them, all learning.
    private func network(_ name: String) throws -> (Network, HeadPlan, EncoderModel) {
        let model = try model()
        var arrangement = Arrangement(model: model)
        arrangement.heads = [Self.head]
        let member = Member(name: "t", configuration: try .resolve("vera", overrides: Self.cases[name] ?? []))
        arrangement.members = [member]
        arrangement.composition = .leaf("t")
        try arrangement.train(member)
        arrangement.trainable += Self.head.head.specs(hidden: model.configuration.hidden, scope: Self.head.scope)
        let saved = try SafetensorsFile(
            Self.folder.appendingPathComponent(name).appendingPathComponent("adapter_model.safetensors"))
        arrangement.trainable = try Parity.start(arrangement.trainable) {
            try saved.floats("base_model.model.\(theirs($0, model))")
        }
        let network = try Network(arrangement, seed: 0)
        return (network, try network.plan(head: 0, trains: true, baseDropout: false, headDropout: 0), model)
    }

    @Test(arguments: cases.keys.sorted()) func logitsLossAndGradients(_ name: String) throws {
        let (network, plan, model) = try network(name)
        try Parity.expectEqual(network, plan, golden(name)) { try theirs($0, model) }
        #expect(try network.parameters.trainable == Parity.trainable(Self.folder, name))
    }

    @Test(arguments: cases.keys.sorted()) func fiftySteps(_ name: String) throws {
        let (network, plan, _) = try network(name)
        var settings = AdamW.Settings()
        settings.decaysAll = true
        try Parity.expectEqualSteps(network, plan, golden(name), settings)
    }

    /// Where training starts.
    @Test(arguments: cases.keys.sorted()) func start(_ name: String) throws {
        let (model, file) = (try model(), try golden(name))
        let method = try AdapterConfiguration.resolve("vera", overrides: Self.cases[name] ?? []).makeMethod()
        let specs = method.specs(model.architecture)
        let buffer = try ParameterBuffer(specs, seed: 1)
        for spec in specs {
            let values = try #require(buffer[spec.name]?.array)
            #expect(try values == file.floats("start.\(theirs("members/t/\(spec.name)", model))"), "\(spec.name)")
        }
        #expect(file.names.count { $0.hasPrefix("start.") } == specs.count)
    }

    /// A and B are peft's, bit by bit.
    @Test(arguments: cases.keys.sorted()) func projections(_ name: String) throws {
        let configuration = try AdapterConfiguration.resolve("vera", overrides: Self.cases[name] ?? [])
        let method = try #require(try configuration.makeMethod() as? VeRA)
        let (a, b) = method.projections(try model().architecture).values
        let saved = try SafetensorsFile(
            Self.folder.appendingPathComponent(name).appendingPathComponent("adapter_model.safetensors"))
        #expect(try a == saved.floats("base_model.vera_A"))
        #expect(try b == saved.floats("base_model.vera_B"))
    }

    /// Those of other keys and shapes, by their first and last numbers.
    @Test func projectionsOfOtherKeys() throws {
        let json = try Data(contentsOf: Self.folder.appendingPathComponent("projections.json"))
        guard case .list(let cases)? = ConfigurationValue(json: [UInt8](json)) else {
            Issue.record("not a list")
            return
        }
        func numbers(_ value: ConfigurationValue?) -> [Double] {
            guard case .list(let values)? = value else { return [] }
            return values.compactMap { if case .number(let number) = $0 { number } else { nil } }
        }
        for case .map(let fields) in cases {
            guard case .number(let key)? = fields["key"] else { continue }
            let (a, b) = (numbers(fields["a_shape"]).map { Int($0) }, numbers(fields["b_shape"]).map { Int($0) })
            let site = SiteSpec(Site(.query, layer: 0), input: a[1], output: b[0])
            let found = VeRAProjections(key: UInt32(key), rank: a[0], sites: [site]).values
            #expect((found.a.prefix(3) + found.a.suffix(3)).map { Double($0) } == numbers(fields["a"]), "\(key)")
            #expect((found.b.prefix(3) + found.b.suffix(3)).map { Double($0) } == numbers(fields["b"]), "\(key)")
        }
        #expect(cases.count == 3)
    }
}
