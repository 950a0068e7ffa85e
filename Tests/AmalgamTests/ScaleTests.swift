import Amalgam
import Files
import Foundation
import Testing

/// A part of a composition with its effect multiplied.
@Suite struct ScaleTests {
    private let fixture: Fixture
    private static let texts = ["a b c m x", "n z", "o", "b b b x z"]

    init() throws { fixture = try Fixture() }

    private func probabilities(_ composition: Composition) async throws -> [Float] {
        let predictor = try Predictor(fixture.model(), AdapterBundle(composing: composition))
        return try await predictor.classes(of: Self.texts).flatMap(\.probabilities)
    }

    private func distance(_ a: [Float], _ b: [Float]) -> Float { zip(a, b).map { abs($0 - $1) }.max() ?? .infinity }

    /// By 1 it is the part, by 0 the model below the part's head, and between them what an average with nothing gives.
    @Test(arguments: ["seq_bn", "par_bn", "lora", "dora", "ia3", "bitfit", "ln_tuning"])
    func betweenNothingAndAll(_ name: String) async throws {
        var options = Fixture.options
        options.epochs = 4
        options.learningRate = 0.05
        let bundle = try await fixture.adapter("game", AdapterConfiguration(name), options: options)
        let part = Composition.bundle(bundle)
        let all = try await probabilities(part)
        let nothing = try await probabilities(.scale(part, by: 0))
        #expect(distance(all, nothing) > 1e-3)
        #expect(try await distance(probabilities(.scale(part, by: 1)), all) < 1e-6)
        #expect(try await distance(probabilities(.scale(part, by: 1e-9)), nothing) < 1e-6)
        let some = try await probabilities(.scale(part, by: 0.3))
        let mean = try await probabilities(.average([part, .scale(part, by: 0)], weights: [0.3, 0.7]))
        #expect(distance(some, mean) < 1e-6 && distance(some, nothing) > 1e-4 && distance(some, all) > 1e-4)
        // Twice: in a stack of its own
        let nested = try await probabilities(.scale(.scale(part, by: 0.6), by: 0.5))
        #expect(distance(nested, some) < 1e-6)

        // Saved and read
        let stored = try AdapterBundle(composing: .scale(part, by: 0.3))
        let read = try AdapterBundle(data: stored.data())
        #expect(read.composition == "scale(game, by=0.3)", "\(read.composition ?? "")")
        #expect(try await probabilities(.bundle(read)) == some)
    }

    /// The merged weights are W + s ΔW.
    @Test func merged() async throws {
        var options = Fixture.options
        options.learningRate = 0.05
        let part = Composition.bundle(try await fixture.adapter("game", .lora, options: options))
        func weights(_ factor: Double) throws -> SafetensorsFile {
            let folder = fixture.url("merged\(factor)")
            try AdapterBundle(composing: .scale(part, by: factor))
                .export(to: folder, as: .transformers(fixture.model(), merges: true))
            return try SafetensorsFile(folder.appendingPathComponent("model.safetensors"))
        }
        let (nothing, all, some) = (try weights(0), try weights(1), try weights(-0.5))
        var moved = 0
        for name in nothing.names {
            let (w, full, scaled) = (try nothing.floats(name), try all.floats(name), try some.floats(name))
            for i in w.indices { #expect(abs(scaled[i] - (w[i] - 0.5 * (full[i] - w[i]))) < 1e-6, "\(name)") }
            if w != full { moved += 1 }
        }
        #expect(moved >= 2)
    }

    @Test func refusals() async throws {
        let prefix = Composition.bundle(try await fixture.adapter("game", AdapterConfiguration("prefix_tuning")))
        let error = await AmalgamError.thrown { _ = try await probabilities(.scale(prefix, by: 0.5)) }
        #expect(error?.description.contains("cannot be a part of a scale") == true, "\(error as Any)")
        let infinite = await AmalgamError.thrown { _ = try Composition.scale(prefix, by: .infinity) }
        #expect(infinite?.kind == .composition && infinite?.description.contains("a number, such as by=0.5") == true)
        for (text, expected) in [
            ("scale(a.h5)", "by"), ("scale(a.h5, b.h5, by=2)", "2 parts"), ("scale(a.h5, by=\"x\")", "\"x\""),
        ] {
            let error = await AmalgamError.thrown { _ = try Composition.bundleNames(in: text) }
            #expect(error?.kind == .composition && error?.description.contains(expected) == true, "\(error as Any)")
        }
    }
}
