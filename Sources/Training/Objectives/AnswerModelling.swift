import Foundation
import Models
import Numerics

/// Predicting each token of an answer from the tokens before it: causal language modeling whose loss counts answers alone
/// (supervised fine-tuning). Tokens that are to be predicted have the type 1 (`EncodedExamples.init(answers:)`).
///
/// Texts of a batch are packed end to end. Attention stays within a text, so what one gives does not depend on the others.
struct AnswerModelling: Objective {
    /// Marks and targets in a batch are those of this head; decoders have no other.
    private static let head = 0

    /// What the scores are named after.
    let name: String
    /// All tokens, by the model's output layer.
    let table: MaskedCrossEntropy.TokenTable

    var criterion: String { "answer loss" }
    var heads: [TrainedHead] { [TrainedHead(task: name, index: Self.head)] }

    func plan(_ network: Network, settings: TrainingSettings, splits: Bool) throws -> LossPlan {
        try network.answerPlan(table, head: Self.head, trains: true, baseDropout: settings.baseDropout).training
    }

    func part(_ indices: [Int], of examples: EncodedExamples, task: Int, longest: Int, stepKey: UInt64) -> BatchPart {
        var (marks, targets): ([Int32], [Int32]) = ([], [])
        var start = 0
        let sequences = indices.map { i in
            var sequence = examples.sequences(i, task: task, longest: longest)[0]
            for position in sequence.ids.indices.dropFirst() where sequence.types[position] == 1 {
                marks.append(Int32(start + position - 1))
                targets.append(sequence.ids[position])
            }
            start += sequence.ids.count
            // Decoders have no token types
            for position in sequence.types.indices { sequence.types[position] = 0 }
            return sequence
        }
        return BatchPart(sequences, targets: [Self.head: HeadTargets(.classes(targets), marks: marks)])
    }

    /// The mean loss of all tokens of the answers.
    func scorer(
        _ network: Network, workspace: Workspace, keeping: (split: EncodedExamples, cache: ActivationCache)?
    ) throws -> (EncodedExamples) -> [String: Evaluation] {
        let plan = try network.answerPlan(table, head: Self.head, trains: false, baseDropout: false)
        return { examples in
            plan.meanLoss(of: examples, named: name, workspace: workspace) {
                part($0, of: examples, task: 0, longest: .max, stepKey: 0)
            }
        }
    }
}

extension Network {
    /// A plan from token ids to the loss of each token that follows a marked one, by the model's output layer.
    func answerPlan(
        _ table: MaskedCrossEntropy.TokenTable, head: Int, trains: Bool, baseDropout: Bool
    ) throws -> HeadPlan {
        let builder = PlanBuilder(precision: precision)
        let decoder = EncoderPlan(
            arrangement.model, operand: operand, plugin: try plugin(), dropout: trains && baseDropout, in: builder)
        let marked = builder.append(GatherMarked(try decoder.build(pooling: nil).output, head: head, in: builder))
        let losses = builder.append(
            MaskedCrossEntropy(try decoder.outputRows(marked), head: head, table, bias: nil, in: builder))
        let loss = builder.append(Reduce(losses, head: head, in: builder))
        return HeadPlan(
            plan: Plan(builder, outputs: [losses, loss], trains: trains), output: losses, rowLosses: losses, loss: loss)
    }
}
