import Models
import Numerics
import Text

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Telling pieces that were hidden (Devlin et al. 2019, section 3.1): 15 of 100 are targets; of these 80 in 100 become
/// the mask, 10 another piece, 10 stay. Which ones is drawn anew at each step.
struct MaskedLanguageModelling: Objective {
    private static let share: Float = 0.15
    private static let hidden: Float = 0.8
    private static let replaced: Float = 0.1
    /// Tokens of a batch when scoring.
    private static let batchTokens = 4096

    /// The pieces that texts use: the softmax runs over them, and replacements are drawn from them.
    let table: MaskedCrossEntropy.PieceTable
    /// The mask's piece.
    let mask: Int32
    /// Pieces that are put around texts, and the mask: never targets.
    let special: Set<Int32>

    var criterion: String { "perplexity" }

    func plan(_ network: Network, head: Int, train: EncodedExamples, settings: TrainingSettings) throws -> LossPlan {
        try network.languagePlan(table, trains: true, baseDropout: settings.baseDropout)
    }

    func batch(_ indices: [Int], of examples: EncodedExamples, task: Int, longest: Int, stepKey: UInt64) -> PackedBatch
    {
        var targets: [Int32] = []
        let sequences = indices.map { i in
            var ids = Array(examples.ids(i).prefix(longest))
            let key = Randomness.key(stepKey, UInt64(i), 0x3A5C)
            for position in ids.indices {
                let piece = ids[position]
                guard Randomness.uniform(key, 3 * position) < Self.share, !special.contains(piece),
                    table.contains(piece)
                else {
                    targets.append(-1)
                    continue
                }
                targets.append(piece)
                let lot = Randomness.uniform(key, 3 * position + 1)
                if lot < Self.hidden {
                    ids[position] = mask
                } else if lot < Self.hidden + Self.replaced {
                    ids[position] =
                        table.pieces[Randomness.integer(key, 3 * position + 2, below: table.pieces.count)]
                }
            }
            return (
                ids: ids, types: [Int32](repeating: 0, count: ids.count),
                row: SequenceRow(example: UInt64(i), task: task)
            )
        }
        return PackedBatch(sequences, targets: targets)
    }

    /// The loss where the same pieces are hidden at each call, so that states can be compared.
    func scorer(_ network: Network, head: Int, workspace: Workspace) throws -> (EncodedExamples) -> Evaluation {
        let plan = try network.languagePlan(table, trains: false, baseDropout: false)
        return { examples in
            var evaluation = Evaluation()
            var loss = 0.0
            for indices in examples.batches(Array(0..<examples.count), policy: .tokens(Self.batchTokens)) {
                let batch = batch(indices, of: examples, task: head, longest: .max, stepKey: 0x0FF5_EE0D)
                guard batch.targetCount > 0 else { continue }
                let values = plan.plan.run(batch, workspace: workspace).values(plan.loss)
                loss += values.reduce(0.0) { $0 + Double($1) } * Double(batch.targetCount)
                evaluation.examples += batch.targetCount
            }
            evaluation.loss = evaluation.examples > 0 ? loss / Double(evaluation.examples) : 0
            evaluation.score = -evaluation.loss
            return evaluation
        }
    }
}

extension Network {
    /// A plan from token ids to the loss of masked pieces, through what stands under `mlm/`.
    func languagePlan(_ table: MaskedCrossEntropy.PieceTable, trains: Bool, baseDropout: Bool) throws -> LossPlan {
        let builder = PlanBuilder(precision: precision)
        let plugin = try plugin()
        let model = arrangement.model
        let encoder = EncoderPlan(
            model, operand: operand, plugin: plugin, dropout: trains && baseDropout, in: builder)
        let loss = try MaskedLanguageHead.build(
            encoder.build(pooling: nil).output, table, model.configuration, operand: operand, plugin: plugin,
            in: builder)
        return LossPlan(plan: Plan(builder, outputs: [loss], trains: trains), loss: loss)
    }
}
