import Adapters
import Bundles
import Files
import Foundation
import Models
import Numerics
import Tasks
import Text

/// What language modelling trains.
package enum LanguageRecipe: Sendable {
    /// The head that predicts masked tokens, over the bare base.
    case head
    /// A language's adapter, under a frozen head.
    case adapter(AdapterConfiguration, head: AdapterBundle)

    package var kind: AdapterBundle.Kind {
        switch self {
        case .head: .mlm
        case .adapter: .adapter
        }
    }

    /// Positions that the adapter takes from the texts.
    var takenPositions: Int {
        switch self {
        case .head: 0
        case .adapter(let configuration, _): [Member(name: "", configuration: configuration)].takenPositions
        }
    }

    /// - Parameter train: what it will be trained on.
    func arrangement(
        model: EncoderModel, name: String, train: EncodedExamples, tokenizer: any Tokenizer
    ) throws -> Arrangement {
        var arrangement = Arrangement(model: model)
        let encoder = model.configuration
        switch self {
        case .head:
            // From the tokens' frequencies: what a head learns first, in thousands of steps otherwise
            arrangement.trainable = MaskedLanguageHead.specs(
                hidden: encoder.hidden, vocabulary: encoder.vocabulary,
                bias: .values(train.logFrequencies(vocabulary: encoder.vocabulary)))
        case .adapter(let configuration, let head):
            guard head.kind == .mlm else {
                throw BundleError.members(
                    "--mlm-head: bundle \(head.name) is of kind \(head.kind.rawValue), expected mlm; give a head from "
                        + "train-language --head-only, or omit --mlm-head to train one")
            }
            let member = Member(name: name, configuration: configuration)
            arrangement.members = [member]
            arrangement.composition = .leaf(name)
            try arrangement.train(member, tokenizer: tokenizer)
            for tensor in head.tensors { arrangement.frozen[tensor.name] = Weight(tensor.values, shape: tensor.shape) }
        }
        return arrangement
    }
}

/// How well masked tokens of held-out text are predicted.
package struct Perplexity: Equatable, Sendable, Codable {
    /// exp of the mean cross-entropy of the masked tokens.
    package var value: Double
    /// Masked tokens that were scored.
    package var scored: Int

    init?(_ evaluation: Evaluation?) {
        guard let evaluation, evaluation.examples > 0 else { return nil }
        value = exp(evaluation.loss)
        scored = evaluation.examples
    }
}

/// What a language model's training did for masked tokens of held-out text.
package struct LanguageScores: Equatable, Sendable, Codable {
    /// Without what was trained; nil for a head, which is nothing before.
    package var before: Perplexity?
    package var after: Perplexity?
    /// Distinct tokens that the texts use: the softmax runs over them.
    package var distinctTokens: Int
}

extension Session {
    /// In the provenance of languages, in the place of a task's name.
    package static let languageTask = "masked language modelling"

    /// Trains on masked tokens of running text, packed into sequences of one length.
    /// - Parameters:
    ///   - texts: one language each, or more; each gives an equal share of `tokens`.
    ///   - tokens: of an epoch at most; nil: all of the texts.
    /// - Throws: `TrainingError.setting` where the tokenizer has no mask; and as `train`
    package func trainLanguage(
        _ recipe: LanguageRecipe, on texts: [TextCorpus], name: String, tokens: Int? = nil,
        settings: TrainingSettings, keeping: CheckpointSettings? = nil, memoryLimit: MemoryLimit? = nil,
        observe: @escaping (TrainingEvent) -> Void = { _ in }
    ) throws -> Trained {
        try settings.validate()
        let name = Self.safeName(name)
        let packer = try SequencePacker(
            tokenizer, length: longest(settings.maxLength, taken: recipe.takenPositions), pool: workspace.pool)
        let share = tokens.map { max(1, $0 / max(1, texts.count)) }
        let seed = UInt64(settings.seed)
        let packed = texts.map { packer.pack($0.train, tokens: share, seed: seed) }
        let train = EncodedExamples(sequences: packed.flatMap(\.sequences))
        let heldOut = EncodedExamples(
            sequences: texts.flatMap {
                packer.pack($0.heldOut, tokens: max(1, Self.scoredTokens / max(1, texts.count)), seed: seed)
                    .sequences
            })
        guard train.count > 0, heldOut.count > 0 else {
            throw TrainingError.noExamples(task: name, split: train.count == 0 ? "training text" : "held-out text")
        }
        guard let embedding = model.weight(model.architecture.wordTable) else {
            throw NumericsError.missingTensor(model.architecture.wordTable)
        }
        let table = MaskedCrossEntropy.TokenTable(train.distinctIDs + heldOut.distinctIDs, of: embedding)
        let objective = MaskedLanguageModelling(
            name: name, table: table, mask: packer.mask, special: packer.special)
        var before: Evaluation?
        let arrangement = try recipe.arrangement(model: model, name: name, train: train, tokenizer: tokenizer)
        if case .adapter = recipe {
            var bare = arrangement
            (bare.members, bare.composition, bare.trainable) = ([], nil, [])
            before = try objective.scorer(
                Network(bare, seed: 0, precision: settings.precision), workspace: workspace, keeping: nil)(heldOut)[
                    name]
        }
        let network = try Network(arrangement, seed: seed, precision: settings.precision)
        let task = TrainingTask(name: name, objective: objective, train: train, dev: heldOut)
        var scores = LanguageScores(before: Perplexity(before), distinctTokens: table.tokens.count)
        var trained = try run(
            network, on: [task], kind: recipe.kind, name: name,
            data: Digest.sha256("masked language modelling \(train.contentHash) \(heldOut.contentHash)"),
            settings: settings, keeping: keeping, memoryLimit: memoryLimit, observe: observe
        ) { result, provenance in
            scores.after = Perplexity(result.dev[name])
            provenance.task = Self.languageTask
            // A line is a text
            provenance.texts = TextSketch(
                zip(texts, packed).lazy.flatMap { text, packed in
                    packed.lines.lazy.map { Example(id: 0, text: text.train[$0]).textKey }
                })
            provenance.metrics =
                ConfigurationValue.map([
                    "perplexity_before": scores.before.map { .number($0.value) } ?? .null,
                    "perplexity": scores.after.map { .number($0.value) } ?? .null,
                    "masked_pieces": .init(scores.after?.scored ?? 0), "pieces": .init(scores.distinctTokens),
                ]).json
        }
        trained.language = scores
        return trained
    }

    /// Held-out tokens that are scored at most: some 7,500 masked tokens, whose mean loss is known to about 2 %.
    private static let scoredTokens = 50_000
}
