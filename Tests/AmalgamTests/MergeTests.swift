import Amalgam
import Foundation
import Testing

/// Bundles merged without training, as values.
@Suite struct MergeTests {
    private let fixture: Fixture

    init() throws { fixture = try Fixture() }

    @Test func mergesAndScores() async throws {
        let model = try fixture.model()
        let game = try await fixture.adapter("game", AdapterConfiguration(preset: "lora", ["rank": 2]))
        let role = try await fixture.adapter(
            "role", AdapterConfiguration(preset: "lora", ["rank": 3, "rslora": true, "targets": "all"]))
        for method in AdapterBundle.mergeMethods {
            let merged = try AdapterBundle(merging: [game, role], method: method.name)
            #expect(merged.kind == .adapter && merged.heads.map(\.name) == ["game", "role"] && !method.summary.isEmpty)
            #expect(try merged.check(against: model).isEmpty)
            let predictor = try Predictor(model, merged, options: Self.head("role"))
            let score = try await predictor.evaluate(on: Fixture.task("role"))
            #expect(score.score.value >= 0)
            let record = try #require(merged.provenance.settings["merge"])
            #expect(record["method"]?.text == method.name)
            guard case .list(let bundles)? = record["bundles"] else { throw AmalgamError(.option, "no bundles") }
            #expect(merged.report.text().contains("by \(method.name): game ("))
            #expect(bundles.map { $0["content"]?.text } == [game, role].map { $0.members[0].contentHash })
            #expect(try merged.data() == AdapterBundle(merging: [game, role], method: method.name).data())
        }
        // Weights, options and a name
        let cut = try AdapterBundle(
            merging: [game, role], method: "svd", weights: [1, -0.5], options: MergeOptions(rank: 1), name: "x")
        #expect(cut.name == "x" && cut.members[0].name == "x" && cut.warnings.count == 1)
        #expect(cut.warnings[0].kind == .composition && cut.warnings[0].text.hasSuffix("more with a larger rank"))
        try cut.export(to: fixture.url("peft"), as: .peft())
        try cut.export(to: fixture.url("hf"), as: .transformers(model, merges: true))
    }

    private static func head(_ name: String) -> PredictorOptions {
        var options = PredictorOptions()
        options.head = name
        return options
    }

    @Test func refuses() async throws {
        let game = try await fixture.adapter("game", AdapterConfiguration(preset: "lora"))
        let dora = try await fixture.adapter("role", AdapterConfiguration(preset: "dora"))
        let other = await AmalgamError.thrown { _ = try AdapterBundle(merging: [game, dora], method: "average") }
        #expect(
            other?.kind == .composition && other?.field == "use_dora"
                && other?.fix?.contains("Composition.average") == true)
        let twice = await AmalgamError.thrown { _ = try AdapterBundle(merging: [game, game], method: "average") }
        #expect(twice?.kind == .composition && twice?.found == "the same bundle twice")
        try game.write(to: fixture.url("game.h5"))
        let file = await AmalgamError.thrown {
            let read = try (0..<2).map { _ in try AdapterBundle(contentsOf: fixture.url("game.h5")) }
            _ = try AdapterBundle(merging: read, method: "average")
        }
        #expect(file?.kind == .composition && file?.file == fixture.url("game.h5"))
        let unknown = await AmalgamError.thrown { _ = try AdapterBundle(merging: [game], method: "mean") }
        #expect(unknown?.kind == .option && unknown?.field == "method" && unknown?.expected?.contains("ties") == true)
        let density = await AmalgamError.thrown {
            _ = try AdapterBundle(merging: [game], method: "ties", options: MergeOptions(density: 2))
        }
        #expect(density?.kind == .option && density?.field == "density")
        for error in [other, twice, file, unknown, density] {
            #expect(error?.description.contains("--") == false && error?.description.contains("\n") == false)
        }
        // Another model
        try fixture.writeVocabulary(reversed: true)
        let changed = try await fixture.adapter("role", AdapterConfiguration(preset: "lora"))
        let tokenizer = await AmalgamError.thrown {
            _ = try AdapterBundle(merging: [game, changed], method: "average")
        }
        #expect(tokenizer?.kind == .otherModel && tokenizer?.field == "base tokenizer")
        let forced = try AdapterBundle(merging: [game, changed], method: "average", allowsOtherModel: true)
        #expect(forced.warnings.count == 1 && forced.warnings[0].text.contains("allowsOtherModel"))
    }

    @Test func headsOfOneName() async throws {
        let lora = try AdapterConfiguration(preset: "lora")
        var options = Fixture.options
        let first = try await fixture.adapter("game", lora, options: options)
        options.seed = 1
        let second = try await fixture.adapter("game", lora, options: options)
        let refused = await AmalgamError.thrown { _ = try AdapterBundle(merging: [first, second], method: "average") }
        #expect(refused?.field == "head game" && refused?.kind == .composition)
        let mean = try AdapterBundle(
            merging: [first, second], method: "average", options: MergeOptions(heads: .average))
        #expect(mean.heads.map(\.name) == ["game"])
        let both = try AdapterBundle(
            merging: [first, second], method: "average", options: MergeOptions(heads: .rename))
        #expect(both.heads.map(\.name) == ["game", "game_2"] && both.warnings.count == 1)
    }
}
