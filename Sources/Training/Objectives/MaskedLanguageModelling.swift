import Models
import Numerics
import Text

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Predicting tokens that were masked (`TokenHiding`). Which ones is drawn anew at each step.
struct MaskedLanguageModelling: Objective {
    /// Marks and targets in a batch are those of this head; language models have no other.
    private static let head = 0

    /// What the scores are named after.
    let name: String
    /// The tokens that texts use: the softmax runs over them, and replacements are drawn from them.
    let table: MaskedCrossEntropy.TokenTable
    /// The mask's id.
    let mask: Int32
    /// Tokens that are put around texts, and the mask: never targets.
    let special: Set<Int32>

    var criterion: String { "perplexity" }
    var heads: [TrainedHead] { [TrainedHead(task: name, index: Self.head)] }

    /// Other tokens are masked in each step, so no layer gives the same twice.
    func plan(_ network: Network, settings: TrainingSettings, splits: Bool) throws -> LossPlan {
        try network.languagePlan(table, head: Self.head, trains: true, baseDropout: settings.baseDropout).training
    }

    func part(_ indices: [Int], of examples: EncodedExamples, task: Int, longest: Int, stepKey: UInt64) -> BatchPart {
        var (marks, targets): ([Int32], [Int32]) = ([], [])
        var start = 0
        let hiding = TokenHiding(mask: mask, replacements: (table.tokens.count, { table.tokens[$0] }))
        let sequences = indices.map { i in
            var sequence = examples.sequences(i, task: task, longest: longest)[0]
            let ids = sequence.ids
            for (place, token) in hiding.hide(
                &sequence.ids, key: Randomness.key(stepKey, UInt64(i), 0x3A5C),
                isTarget: { !special.contains(ids[$0]) && table.contains(ids[$0]) })
            {
                marks.append(Int32(start + place))
                targets.append(token)
            }
            start += sequence.ids.count
            return sequence
        }
        return BatchPart(sequences, targets: [Self.head: HeadTargets(.classes(targets), marks: marks)])
    }

    /// The loss where the same tokens are masked at each call, so that states can be compared.
    func scorer(
        _ network: Network, workspace: Workspace, keeping: (split: EncodedExamples, cache: ActivationCache)?
    ) throws -> (EncodedExamples) -> [String: Evaluation] {
        let plan = try network.languagePlan(table, head: Self.head, trains: false, baseDropout: false)
        return { examples in
            plan.meanLoss(of: examples, named: name, workspace: workspace) {
                part($0, of: examples, task: 0, longest: .max, stepKey: 0x0FF5_EE0D)
            }
        }
    }
}

extension Network {
    /// A plan from token ids to the loss of masked tokens, through what stands under `mlm/`.
    func languagePlan(
        _ table: MaskedCrossEntropy.TokenTable, head: Int, trains: Bool, baseDropout: Bool
    ) throws -> HeadPlan {
        let builder = PlanBuilder(precision: precision)
        let plugin = try plugin()
        let model = arrangement.model
        let encoder = EncoderPlan(
            model, operand: operand, plugin: plugin, dropout: trains && baseDropout, in: builder)
        let losses = try MaskedLanguageHead.build(
            encoder.build(pooling: nil).output, head: head, table, model.configuration, operand: operand,
            plugin: plugin, in: builder)
        let loss = builder.append(Reduce(losses, head: head, in: builder))
        return HeadPlan(
            plan: Plan(builder, outputs: [losses, loss], trains: trains), output: losses,
            rowLosses: losses, loss: loss)
    }
}
