import Amalgam
import Foundation
import Testing

/// Texts that a decoder writes.
@Suite struct TextGeneratorTests {
    private static let folder = Fixture.golden.deletingLastPathComponent().appendingPathComponent("decoders")

    private func generator(_ kind: String = "qwen3", slots: Int = 16) throws -> TextGenerator {
        var options = GeneratorOptions()
        options.slots = slots
        return try TextGenerator(
            Model(folder: Self.folder.appendingPathComponent(kind), threads: 2), options: options)
    }

    private static var drawn: GenerationOptions {
        var options = GenerationOptions()
        (options.maxTokens, options.temperature, options.seed, options.logProbabilities) = (10, 1, 3, true)
        return options
    }

    @Test func streamsAndTextsAreTheSame() async throws {
        let generator = try generator()
        let whole = try await generator.generate("The cat", options: Self.drawn)
        #expect(whole.tokens.count == 10 && whole.ending == .length && whole.promptTokens > 0)
        #expect(whole.logProbabilities.count == 10 && whole.logProbabilities.allSatisfy { $0 < 0 })
        var (text, end): (String, GeneratedText?) = ("", nil)
        for try await event in generator.stream("The cat", options: Self.drawn) {
            switch event {
            case .piece(let piece): text += piece
            case .finished(let result): end = result
            }
        }
        #expect(text == whole.text && end == whole)
        let many = try await generator.generate(["the mat", "The cat"], options: Self.drawn)
        #expect(many[1] != whole)  // its number is another
        var numbered: GeneratedText?
        for try await event in generator.stream("The cat", options: Self.drawn, number: 1) {
            if case .finished(let result) = event { numbered = result }
        }
        #expect(numbered == many[1])
        #expect(try await self.generator(slots: 1).generate(["the mat", "The cat"], options: Self.drawn) == many)
    }

    @Test func stopStrings() async throws {
        let generator = try generator("llama")
        var options = GenerationOptions()
        options.maxTokens = 20
        let text = try await generator.generate("the mat", options: options).text
        let stop = try #require(text.dropFirst(2).first { !text.prefix(2).contains($0) }.map(String.init))
        options.stops = ["never", stop]
        let stopped = try await generator.generate("the mat", options: options)
        #expect(stopped.ending == .stop && stopped.text == String(text[..<text.range(of: stop)!.lowerBound]))
        #expect(stopped.json.contains("\"finish_reason\":\"stop\""))
    }

    @Test func refusals() async throws {
        let fixture = try Fixture()
        let encoder = try #require(throws: AmalgamError.self) { try TextGenerator(try fixture.model()) }
        #expect(encoder.kind == .unsupported && encoder.description.contains("expected a decoder"))
        let model = try Model(folder: Self.folder.appendingPathComponent("llama"))
        #expect(model.isDecoder && model.family == "llama")
        let training = model.train(.linearProbe, on: try Fixture.task(), options: Fixture.options)
        let error = await #expect(throws: AmalgamError.self) { try await training.result }
        #expect(error?.description.contains("found a decoder (llama)") == true)
        var options = GenerationOptions()
        options.minP = 2
        let generator = try generator()
        let wrong = await #expect(throws: AmalgamError.self) { try await generator.generate("a", options: options) }
        #expect(wrong?.kind == .option && wrong?.description.contains("minP: found 2.0") == true)
        let long = String(repeating: "x y ", count: 100)
        let tooLong = await #expect(throws: AmalgamError.self) { try await generator.generate(long) }
        #expect(tooLong?.description.contains("fewer than the model's 200 positions") == true)
    }
}
