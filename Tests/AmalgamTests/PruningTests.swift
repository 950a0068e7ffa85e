import Amalgam
import Foundation
import Testing

/// Fusions and averages without some of their adapters, and what fusions attend to.
@Suite struct PruningTests {
    private let fixture: Fixture

    init() throws { fixture = try Fixture() }

    private func adapters(_ configuration: AdapterConfiguration = .bottleneck) async throws -> [AdapterBundle] {
        var all: [AdapterBundle] = []
        for name in ["a", "b", "c"] { all.append(try await fixture.adapter(name, configuration)) }
        return all
    }

    private func fusion(_ parts: [Composition]) async throws -> AdapterBundle {
        var options = Fixture.options
        options.learningRate = 1e-2
        options.epochs = 3
        return try await fixture.model().train(
            .composition(.fuse(parts)), on: Fixture.task(), options: options
        ).result.bundle
    }

    private func probabilities(_ bundle: AdapterBundle) async throws -> [Float] {
        try await Predictor(fixture.model(), bundle).classes(of: Fixture.examples(8).map(\.text)).flatMap(
            \.probabilities)
    }

    /// Removing the last adapter by hand from the softmax: two adapters of a fusion are the fusion of two with the same
    /// attention, and the bundle can be written and read.
    @Test func aFusionKeepsItsAttention() async throws {
        let bundle = try await fusion(adapters().map { .bundle($0) })
        let pruned = try bundle.pruned(removing: ["b"])
        #expect(pruned.kind == .fusion && pruned.members.map(\.name) == ["a", "c"])
        #expect(pruned.composition == bundle.composition?.replacingOccurrences(of: "a, b, c", with: "a, c"))
        #expect(pruned.parameters == bundle.parameters - bundle.members[1].parameters)
        #expect(pruned.provenance.settings["pruned"] == ["b"])
        let read = try AdapterBundle(data: try pruned.data())
        let (whole, less) = (try await probabilities(bundle), try await probabilities(read))
        #expect(whole != less && less.allSatisfy(\.isFinite))
        // One after the other or together: the same bundle but for the order in which the names stand
        let one = try bundle.pruned(removing: ["b", "c"])
        let steps = try pruned.pruned(removing: ["c"])
        #expect(one.members.map(\.contentHash) == steps.members.map(\.contentHash))
        #expect(try await probabilities(one) == probabilities(steps))
    }

    /// What is left of an average has weights that sum to 1.
    @Test func averages() async throws {
        let all = try await adapters()
        let average = try AdapterBundle(composing: .average(all.map { .bundle($0) }, weights: [0.5, 0.3, 0.2]))
        let pruned = try average.pruned(removing: ["a"])
        let expected = try AdapterBundle(composing: .average([.bundle(all[1]), .bundle(all[2])], weights: [0.6, 0.4]))
        #expect(pruned.composition == expected.composition)
        #expect(pruned.members.map(\.contentHash) == expected.members.map(\.contentHash))
    }

    /// ScaLearn loses the scales of the adapters that go: what is left acts as it did.
    @Test func scales() async throws {
        let all = try await adapters()
        func scaled(_ parts: [AdapterBundle]) async throws -> AdapterBundle {
            try await fixture.model().train(
                .composition(.scaLearn(parts.map { .bundle($0) })), on: Fixture.task(), options: Fixture.options
            ).result.bundle
        }
        let bundle = try await scaled(all)
        let pruned = try bundle.pruned(removing: ["b"])
        #expect(pruned.members.map(\.name) == ["a", "c"] && pruned.parameters < bundle.parameters)
        let read = try AdapterBundle(data: try pruned.data())
        let left = try await probabilities(read)
        #expect(left.count == 16 && left.allSatisfy { $0.isFinite })
        // In two steps: the same columns are left
        let one = try bundle.pruned(removing: ["b", "c"])
        #expect(try await probabilities(one) == probabilities(pruned.pruned(removing: ["c"])))
    }

    /// A stack within a fusion goes as a whole.
    @Test func partsGoAsAWhole() async throws {
        let all = try await adapters()
        let bundle = try await fusion([.stack([.bundle(all[0]), .bundle(all[1])]), .bundle(all[2])])
        let pruned = try bundle.pruned(removing: ["b"])
        let left = try await probabilities(pruned)
        #expect(pruned.members.map(\.name) == ["c"] && left.allSatisfy(\.isFinite))
        let attention = try await Predictor(fixture.model(), bundle).attention(on: Fixture.task())
        #expect(attention.adapters == ["stack(a, b)", "c"])
        #expect(try bundle.pruned(keeping: 2, by: attention).members.count == 3)
        #expect([["a", "b"], ["c"]].contains(try bundle.pruned(keeping: 1, by: attention).members.map(\.name)))
    }

    @Test(arguments: [true, false]) func attention(_ isNarrow: Bool) async throws {
        let parts = try await adapters().map { Composition.bundle($0) }
        let bundle = try await fusion(isNarrow ? parts : [.stack([parts[0], parts[1]]), parts[2]])
        let task = try Fixture.task()
        let predictor = try Predictor(fixture.model(), bundle)
        let map = try await predictor.attention(on: task)
        #expect(map.adapters.count == (isNarrow ? 3 : 2) && map.places.map(\.layer) == Array(0..<map.places.count))
        for place in map.places {
            #expect(abs(place.shares.values.reduce(0, +) - 1) < 1e-5 && place.block == "fuse", "\(place)")
            #expect(place.shares.values.allSatisfy { $0 > 0 })
        }
        #expect(abs(map.means.values.reduce(0, +) - 1) < 1e-5 && Set(map.means.values).count > 1)
        // One adapter alone gets all of it
        let alone = try bundle.pruned(keeping: 1, by: map)
        let one = try await Predictor(fixture.model(), alone).attention(on: task)
        #expect(one.places.allSatisfy { $0.shares.values.allSatisfy { abs($0 - 1) < 1e-6 } })
        #expect(map.csv.hasPrefix("block,site,layer,") && map.csv.split(separator: "\n").count == map.places.count + 1)
        var evaluation = try await predictor.evaluate(on: task)
        #expect(!evaluation.report.html.contains("Attention to adapters"))
        evaluation.attention = map
        #expect(evaluation.report.html.contains("Attention to adapters") && evaluation.textsPerSecond > 0)
        #expect(evaluation.report.markdown.contains("Mean attention"))
    }

    /// Blocks that only scale: the shares are those of the mean absolute scales, without any text.
    @Test func scalesAreRead() async throws {
        let (all, task) = (try await adapters(), try Fixture.task())
        let average = try AdapterBundle(composing: .average(all.map { .bundle($0) }, weights: [0.8, -0.2, 0.4]))
        var options = Fixture.options
        options.learningRate = 1e-2
        let model = try fixture.model()
        func map(_ composition: Composition) async throws -> (AdapterBundle, AttentionMap) {
            let bundle = try await model.train(.composition(composition), on: task, options: options).result.bundle
            return (bundle, try await Predictor(model, bundle).attention(on: task, split: .train))
        }
        let (weighted, weights) = try await map(.bundle(average))
        for place in weights.places {
            for (name, share) in zip(["a", "b", "c"], [0.8, 0.2, 0.4]) {
                #expect(abs((place.shares[name] ?? 0) - share / 1.4) < 1e-6, "\(place)")
            }
        }
        #expect(weights.adapters == ["a", "b", "c"] && !weights.places.isEmpty)
        #expect(try weighted.pruned(keeping: 2, by: weights).members.map(\.name) == ["a", "c"])

        let (bundle, scales) = try await map(.scaLearn(all.map { .bundle($0) }))
        #expect(scales.places.allSatisfy { $0.block == "scalearn" && $0.site == "afterFeedForward" })
        #expect(scales.places.map(\.layer) == Array(0..<scales.places.count) && !scales.places.isEmpty)
        let steps = try await model.pruningCurve(bundle, by: scales, on: task)
        #expect(steps.map(\.adapters.count) == [1, 2, 3])
    }

    /// The curve ends with the whole bundle.
    @Test func curve() async throws {
        let (bundle, task) = (try await fusion(adapters().map { .bundle($0) }), try Fixture.task())
        let model = try fixture.model()
        let map = try await Predictor(model, bundle).attention(on: task, split: .train)
        let steps = try await model.pruningCurve(bundle, by: map, on: task)
        #expect(steps.map(\.adapters.count) == [1, 2, 3])
        let whole = try await Predictor(model, bundle).evaluate(on: task, split: .dev)
        #expect(steps[2].score == whole.score.value && steps.allSatisfy { $0.textsPerSecond > 0 })
        let best = map.adapters.max { (map.means[$0] ?? 0) < (map.means[$1] ?? 0) }
        #expect(steps[0].adapters == [best])
    }

    @Test func refuses() async throws {
        let all = try await adapters()
        let (single, average) = (all[0], try AdapterBundle(composing: .average(all.map { .bundle($0) })))
        func message(_ body: () async throws -> Void) async throws -> String {
            try #require(await AmalgamError.thrown(body)).description
        }
        #expect(
            try await message { _ = try average.pruned(removing: ["d"]) }.contains(
                "found no adapter 'd', expected one of a, b, c"))
        #expect(
            try await message { _ = try average.pruned(removing: ["a", "b", "c"]) }.contains(
                "leaves nothing of average"))
        #expect(
            try await message { _ = try single.pruned(removing: ["a"]) }.contains("expected a fusion or an average"))
        let stack = try AdapterBundle(composing: .stack([.bundle(all[0]), .bundle(all[1])]))
        #expect(try await message { _ = try stack.pruned(removing: ["a"]) }.contains("needs each of its parts"))
        let task = try Fixture.task("a")
        #expect(
            try await message { _ = try await Predictor(fixture.model(), single).attention(on: task) }.contains(
                "expected a bundle with a fusion"))
    }
}
