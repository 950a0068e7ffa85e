import Adapters
import Bundles
import Models
import Numerics

/// What stands on the model and what of it learns: from this, parameters and plans are made.
package struct Arrangement {
    package var model: EncoderModel
    package var members: [Member] = []
    package var composition: Composition?
    package var fusion: FusionConfiguration?
    package var heads: [NamedHead] = []
    /// The language adapter that all of it stands on.
    package private(set) var language: LanguageAdapter?
    /// Frozen tensors by full name, beside the model's own.
    package var frozen: [String: Weight] = [:]
    package var trainable: [ParameterSpec] = []

    package init(model: EncoderModel) { self.model = model }

    /// All of a bundle, frozen: for evaluation and prediction.
    package init(model: EncoderModel, bundle: AdapterBundle) {
        self.init(model: model)
        members = bundle.members
        composition = bundle.composition
        fusion = bundle.fusion
        heads = bundle.heads
        for tensor in bundle.tensors { frozen[tensor.name] = Weight(tensor.values, shape: tensor.shape) }
    }

    /// Puts all of it on a frozen language adapter.
    package mutating func stack(on language: LanguageAdapter) {
        self.language = language
        for tensor in language.tensors { frozen[tensor.name] = Weight(tensor.values, shape: tensor.shape) }
    }

    /// The composition with the language adapter beneath it.
    var stacked: Composition? {
        guard let language else { return composition }
        return composition.map { .stack([.leaf(language.member.name), $0]) } ?? .leaf(language.member.name)
    }
}

/// A head's computation: the plan with the values that are read from it.
package struct HeadPlan {
    package let plan: Plan
    /// [sequences, labels]
    package let logits: Value
    /// [sequences, 1]; its sum is the batch's mean loss.
    package let loss: Value

    /// What training needs of it.
    package var training: LossPlan { LossPlan(plan: plan, loss: loss) }
}

/// The parameters of an arrangement, and its plans.
package final class Network {
    package let arrangement: Arrangement
    package let parameters: ParameterBuffer
    let operand: OperandTable
    let precision: Precision

    /// - Throws: `NumericsError` where a name is declared twice or the matrix library is missing.
    package init(_ arrangement: Arrangement, seed: UInt64, precision: Precision = .float32) throws {
        try Products.load()
        self.precision = precision
        self.arrangement = arrangement
        parameters = try ParameterBuffer(arrangement.trainable, seed: seed)
        let (model, frozen) = (arrangement.model, arrangement.frozen)
        operand = OperandTable(trainable: parameters) { name in
            if let weight = frozen[name] { return weight }
            return name.hasPrefix("base/") ? model.weight(String(name.dropFirst("base/".count))) : nil
        }
    }

    func plugin() throws -> any SitePlugin {
        guard let composition = arrangement.stacked else { return NoPlugin() }
        return try ComposedAdapters(
            composition, members: arrangement.members + (arrangement.language.map { [$0.member] } ?? []),
            fusion: arrangement.fusion, architecture: arrangement.model.architecture, operand: operand)
    }

    /// A plan from token ids to one head's loss.
    /// - Parameters:
    ///   - head: index of the head.
    ///   - trains: whether gradients are wanted.
    package func plan(
        head index: Int, trains: Bool, baseDropout: Bool = true, headDropout: Float? = nil,
        classWeights: [Float]? = nil, smoothing: Float = 0
    ) throws -> HeadPlan {
        let builder = PlanBuilder(precision: precision)
        let named = arrangement.heads[index]
        let configuration = arrangement.model.configuration
        let encoder = EncoderPlan(
            arrangement.model, operand: operand, plugin: try plugin(), dropout: trains && baseDropout, in: builder)
        let pooled = try encoder.build(pooling: named.head.pooling).output
        let logits = try named.head.build(
            pooled, operand: operand, scope: named.scope,
            dropout: trains ? headDropout ?? configuration.hiddenDropout : 0, in: builder)
        let loss = builder.append(
            CrossEntropy(logits, classWeights: classWeights, smoothing: smoothing, in: builder))
        return HeadPlan(plan: Plan(builder, outputs: [logits, loss], trains: trains), logits: logits, loss: loss)
    }

    /// A plan from token ids to hidden states: the embeddings' output first, then each layer's, all [tokens, hidden].
    package func hiddenStates() throws -> (plan: Plan, hidden: [Value]) {
        let builder = PlanBuilder(precision: precision)
        let encoder = EncoderPlan(
            arrangement.model, operand: operand, plugin: try plugin(), dropout: false, in: builder)
        let hidden = try encoder.build(pooling: nil).hidden
        return (Plan(builder, outputs: hidden, trains: false), hidden)
    }

    /// The present values of all trainable tensors, by name.
    package var tensors: [NamedTensor] { parameters.parameters.map { NamedTensor($0.name, $0.shape, $0.array) } }
}

extension HeadPlan {
    /// See `LossPlan.step`.
    package func step(_ batch: PackedBatch, workspace: Workspace, stepKey: UInt64?) -> Double {
        training.step(batch, workspace: workspace, stepKey: stepKey)
    }
}
