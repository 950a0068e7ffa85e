import Amalgam
import Foundation
import Testing

/// Compositions that become one adapter, as values.
@Suite struct CollapseBundleTests {
    private let fixture: Fixture
    private static let texts = ["a b c m x", "n z", "o", "b b b x z"]

    init() throws { fixture = try Fixture() }

    private func probabilities(_ bundle: AdapterBundle) async throws -> [Float] {
        try await Predictor(fixture.model(), bundle).classes(of: Self.texts).flatMap(\.probabilities)
    }

    private static func distance(_ a: [Float], _ b: [Float]) -> Float {
        a.count == b.count ? zip(a, b).map { abs($0 - $1) }.max() ?? .infinity : .infinity
    }

    private static var options: TrainingOptions {
        var options = Fixture.options
        options.epochs = 4
        options.learningRate = 0.02
        return options
    }

    @Test(arguments: [FusionMethod.scaling(), .scaling(uniform: true, shared: true), .average])
    func equalPredictions(_ method: FusionMethod) async throws {
        let a = try await fixture.adapter("a", options: Self.options)
        let b = try await fixture.adapter(
            "b", AdapterConfiguration(preset: "seq_bn", ["reduction_factor": 7, "leave_out": [1]]),
            options: Self.options)
        let trained = try await fixture.model().train(
            .fusion([a, b], method: method), on: Fixture.task(), options: Self.options
        ).result.bundle
        let one = try trained.collapsed(name: "one")
        #expect(one.kind == .adapter && one.name == "one" && one.members.map(\.name) == ["one"])
        #expect(one.heads.map(\.name) == trained.heads.map(\.name))
        let (before, after) = (try await probabilities(trained), try await probabilities(one))
        #expect(Self.distance(before, after) < 1e-5)
        let alone = try await probabilities(AdapterBundle(composing: .scale(.bundle(one), by: 0.5)))
        #expect(Self.distance(alone, before) > 1e-4)
        // It can be exported and read again, which the composition cannot
        try one.export(to: fixture.url("hub"), as: .adapterHub())
        let back = try AdapterBundle(importing: fixture.url("hub"), model: fixture.model())
        #expect(Self.distance(try await probabilities(back), before) < 1e-5)
        let record = try #require(one.provenance.settings["collapse"])
        #expect(record["composition"]?.text == trained.composition)
        #expect(try one.data() == trained.collapsed(name: "one").data())
    }

    @Test(arguments: [FusionMethod.average, .concatenation]) func loRA(_ method: FusionMethod) async throws {
        let a = try await fixture.adapter(
            "a", AdapterConfiguration(preset: "lora", ["rank": 2, "alpha": 3]), options: Self.options)
        let b = try await fixture.adapter(
            "b", AdapterConfiguration(preset: "lora", ["rank": 3, "targets": "all"]), options: Self.options)
        let trained = try await fixture.model().train(
            .fusion([a, b], method: method), on: Fixture.task(), options: Self.options
        ).result.bundle
        let one = try trained.collapsed()
        #expect(Self.distance(try await probabilities(trained), try await probabilities(one)) < 1e-5)
        try one.export(to: fixture.url("peft"), as: .peft())
        try one.export(to: fixture.url("hf"), as: .transformers(fixture.model(), merges: true))
    }

    /// Each token chooses: nothing but the head learns, and no one adapter does the same.
    @Test func arrow() async throws {
        let adapters = [
            try await fixture.adapter("a", AdapterConfiguration(preset: "lora"), options: Self.options),
            try await fixture.adapter("b", AdapterConfiguration(preset: "lora"), options: Self.options),
        ]
        let task = try Fixture.task()
        let trained = try await fixture.model().train(
            .fusion(adapters, method: .routing(topK: 1)), on: task, options: Self.options
        ).result
        let head = try await fixture.model().train(.head, on: task, options: Self.options).result
        #expect(trained.trainableParameters == head.trainableParameters)
        #expect(trained.bundle.composition == "arrow(a, b, temperature=1, top_k=1)")
        let read = try AdapterBundle(data: trained.bundle.data())
        #expect(try await probabilities(read) == probabilities(trained.bundle))
        let composed = try AdapterBundle(composing: .arrow(adapters.map { .bundle($0) }, topK: 1))
        #expect(composed.members.count == 2)
        let error = await AmalgamError.thrown { _ = try trained.bundle.collapsed() }
        #expect(error?.description.contains("its weights differ by token") == true, "\(error as Any)")
        let untrained = await AmalgamError.thrown {
            _ = try AdapterBundle(composing: .cat(adapters.map { .bundle($0) }))
        }
        #expect(untrained?.description.contains("cat needs training") == true, "\(untrained as Any)")
    }

    @Test func refusals() async throws {
        let a = try await fixture.adapter("a")
        let fused = try await fixture.model().train(.fusion([a, a]), on: Fixture.task(), options: Fixture.options)
            .result
        for (bundle, words) in [
            (fused.bundle, "train with FusionMethod.scaling"), (a, "use the bundle as it is"),
            (try AdapterBundle(composing: .stack([.bundle(a), .bundle(a)])), "expected blocks that only weigh"),
        ] {
            let error = await AmalgamError.thrown { _ = try bundle.collapsed() }
            #expect(error?.kind == .composition && error?.field == "composition", "\(error as Any)")
            #expect(error?.description.contains(words) == true && error?.description.contains("--") == false)
        }
    }
}
