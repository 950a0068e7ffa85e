import Amalgam
import Foundation
import Testing

/// Prompts and prefixes that take positions from the texts, as in `peft`.
@Suite struct VirtualTokenTests {
    private let fixture: Fixture

    init() throws { fixture = try Fixture() }

    private static let methods: [(preset: String, length: String, option: String, value: SettingValue)] = [
        ("prompt_tuning", "prompt_length", "insert_into", "word_embeddings"),
        ("prefix_tuning_flat", "prefix_length", "takes_positions", true),
    ]

    /// Long texts are cut where the model's 48 positions end, in training and in prediction; a folder of `peft` gives the same.
    @Test(arguments: [0, 1]) func longTexts(_ method: Int) async throws {
        let (preset, length, option, value) = Self.methods[method]
        let configuration = try AdapterConfiguration(preset: preset, [length: 5, option: value])
        let texts = (0..<8).map { i in
            ClassificationExample(
                Array(repeating: "m n o", count: 20).joined(separator: " "), label: i % 2 == 0 ? "a" : "b")
        }
        let task = try TextTask.classification(name: "game", train: texts, dev: texts)
        let model = try fixture.model()
        var options = Fixture.options
        options.pooling = .firstToken
        let result = try await model.train(.adapter(configuration), on: task, options: options).result
        #expect(result.maxLength == 43 && result.truncatedTexts == 8)
        let ours = try await Predictor(model, result.bundle).evaluate(on: task, split: .dev)
        try result.bundle.export(to: fixture.url("peft"), as: .peft())
        let back = try AdapterBundle(importing: fixture.url("peft"), model: model)
        #expect(back.members.map(\.configuration.fields) == result.bundle.members.map(\.configuration.fields))
        // A folder of peft has no names of labels; their losses are those of the same classes
        let renamed = texts.map { ClassificationExample($0.text, label: $0.label == "a" ? "LABEL_0" : "LABEL_1") }
        let other = try TextTask.classification(name: "game", train: renamed, dev: renamed)
        let theirs = try await Predictor(model, back).evaluate(on: other, split: .dev)
        #expect(abs(ours.loss.value - theirs.loss.value) < 1e-6, "\(ours.loss.value), \(theirs.loss.value)")
    }

    /// So many that no text is left.
    @Test(arguments: [0, 1]) func tooMany(_ method: Int) async throws {
        let (preset, length, option, value) = Self.methods[method]
        let configuration = try AdapterConfiguration(preset: preset, [length: 60, option: value])
        let job = try fixture.model().train(.adapter(configuration), on: Fixture.task(), options: Fixture.options)
        let error = await AmalgamError.thrown { _ = try await job.result }
        #expect(
            error?.description.contains("found 60 virtual tokens with positions, expected at most 45") == true,
            "\(error?.description ?? "no error")")
    }
}
