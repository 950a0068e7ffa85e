import Adapters
import Bundles
import Files
import Foundation
import Models
import Numerics
import Tasks

/// How likely held-out answers are before and after a training, as the mean loss of a token.
package struct AnswerLikelihood: Equatable, Sendable, Codable {
    package var before: Double?
    package var after: Double?
    /// Tokens of held-out answers.
    package var scored = 0
}

extension Session {
    /// In the provenance of answers, in the place of a task's name.
    package static let answerTask = "supervised fine-tuning"

    /// Trains an adapter of a decoder on answers to prompts.
    /// - Parameters:
    ///   - prompts: those that are held out are scored after each epoch.
    ///   - chat: makes each prompt what a user says after these turns, as the model's chat template writes it; nil: a prompt is a text.
    ///   - name: of the bundle and of the adapter.
    /// - Throws: `ModelError.purpose` for an encoder, `TrainingError.noExamples`; and as `train`
    package func trainAnswers(
        _ configuration: AdapterConfiguration, on prompts: AnsweredPrompts, chat: [ChatTurn]? = nil, name: String,
        settings: TrainingSettings, keeping: CheckpointSettings? = nil, memoryLimit: MemoryLimit? = nil,
        observe: @escaping (TrainingEvent) -> Void = { _ in }
    ) throws -> Trained {
        try settings.validate()
        try model.requireDecoder()
        let name = Self.safeName(name)
        let encoder = AnswerEncoder(
            tokenizer: tokenizer, end: try model.endTokens().min(), length: longest(settings.maxLength),
            chat: try chat.map { (try ChatPrompt(model), $0) })
        let (learned, heldOut) = (
            try encoder.encode(prompts.train, pool: workspace.pool),
            try encoder.encode(prompts.heldOut, pool: workspace.pool)
        )
        guard learned.count > 0, heldOut.count > 0 else {
            throw TrainingError.noExamples(task: name, split: learned.count == 0 ? "train" : "dev")
        }
        guard let output = model.architecture.outputTable, let weight = model.weight(output) else {
            throw NumericsError.missingTensor("of an output layer")
        }
        let objective = AnswerModelling(name: name, table: MaskedCrossEntropy.TokenTable(all: weight))
        let bare = try Network(Arrangement(model: model), seed: 0, precision: settings.precision)
        let before = try objective.scorer(bare, workspace: workspace, keeping: nil)(heldOut)[name]
        var arrangement = Arrangement(model: model)
        let member = Member(name: name, configuration: configuration)
        arrangement.members = [member]
        arrangement.composition = .leaf(name)
        try arrangement.train(member, tokenizer: tokenizer)
        let network = try Network(arrangement, seed: UInt64(settings.seed), precision: settings.precision)
        // What could not be generated with is refused before it is trained
        _ = try network.nextTokens(head: Generator.head)
        let task = TrainingTask(name: name, objective: objective, train: learned, dev: heldOut)
        var scores = AnswerLikelihood(before: before?.loss, scored: before?.examples ?? 0)
        var trained = try run(
            network, on: [task], kind: .adapter, name: name,
            data: Digest.sha256("answers \(learned.contentHash) \(heldOut.contentHash)"), settings: settings,
            keeping: keeping, memoryLimit: memoryLimit, observe: observe
        ) { result, provenance in
            scores.after = result.dev[name]?.loss
            provenance.task = Self.answerTask
            provenance.metrics =
                ConfigurationValue.map([
                    "loss_before": scores.before.map { .number($0) } ?? .null,
                    "loss": scores.after.map { .number($0) } ?? .null, "answer_tokens": .init(scores.scored),
                ]).json
        }
        trained.truncated = learned.truncated
        trained.answers = scores
        return trained
    }
}
