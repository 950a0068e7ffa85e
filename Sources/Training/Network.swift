import Adapters
import Bundles
import Models
import Numerics

/// What stands on the model and what of it learns: from this, parameters and plans are made.
package struct Arrangement {
    package var model: EncoderModel
    package var members: [Member] = []
    package var composition: Composition?
    package var heads: [NamedHead] = []
    /// The language adapter that all of it stands on.
    package private(set) var language: LanguageAdapter?
    /// In how many of the lowest layers adapters do nothing.
    package private(set) var droppedLayers = 0
    /// Frozen tensors by full name, beside the model's own.
    package var frozen: [String: Weight] = [:]
    package var trainable: [ParameterSpec] = []

    package init(model: EncoderModel) { self.model = model }

    /// All of a bundle, frozen: for evaluation and prediction.
    package init(model: EncoderModel, bundle: AdapterBundle) {
        self.init(model: model)
        members = bundle.members
        composition = bundle.composition
        heads = bundle.heads
        for tensor in bundle.tensors { frozen[tensor.name] = Weight(tensor.values, shape: tensor.shape) }
    }

    /// Puts all of it on a frozen language adapter.
    package mutating func stack(on language: LanguageAdapter) {
        self.language = language
        for tensor in language.tensors { frozen[tensor.name] = Weight(tensor.values, shape: tensor.shape) }
    }

    /// Drops the adapters of the lowest layers, for prediction.
    /// - Parameter count: of layers; 0: all adapters stay.
    /// - Throws: `TrainingError.setting` where the model has fewer layers, or there are no adapters
    mutating func dropLayers(_ count: Int) throws(TrainingError) {
        let layers = model.configuration.layers
        guard (0...layers).contains(count) else {
            throw .setting(name: "--drop-layers", found: "\(count)", expected: "0 to \(layers), the model's layers")
        }
        guard count == 0 || stacked != nil else {
            throw .setting(
                name: "--drop-layers", found: "a bundle without adapters", expected: "a bundle with adapters")
        }
        droppedLayers = count
    }

    /// Positions of the model that adapters take from a text (`VirtualTokens.positions`).
    var takenPositions: Int { (members + [language?.member].compactMap { $0 }).takenPositions }

    /// The composition with the language adapter beneath it.
    var stacked: Composition? {
        guard let language else { return composition }
        return composition.map { .above("language", Stack(), [.leaf(language.member.name), $0]) }
            ?? .leaf(language.member.name)
    }
}

/// The computation of one head: the plan with the values that are read from it.
package struct HeadPlan {
    package let plan: Plan
    /// [rows, width of the head's output]: logits, or numbers in units of their scales.
    package let output: Value
    /// [rows, 1]
    package let rowLosses: Value
    /// [rows, 1]; its sum is the batch's mean loss.
    package let loss: Value

    /// What training needs of it.
    package var training: LossPlan { LossPlan(plan: plan, losses: [loss]) }
}

/// The computation of several heads on the same texts.
package struct HeadsPlan {
    package let plan: Plan
    /// In the order of the heads.
    package let heads: [(output: Value, rowLosses: Value, loss: Value)]
    /// What the plan reads instead of computing it; nil: it computes everything.
    let frozen: FrozenLayers?

    package var training: LossPlan { LossPlan(plan: plan, losses: heads.map(\.loss), frozen: frozen) }
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
            if name == MaskedLanguageHead.words { return model.weight(model.architecture.wordTable) }
            return name.hasPrefix("base/") ? model.weight(String(name.dropFirst("base/".count))) : nil
        }
    }

    func plugin() throws -> any SitePlugin { try plugin(arrangement.stacked) }

    private func plugin(_ composition: Composition?) throws -> any SitePlugin {
        guard let composition else { return NoPlugin() }
        let adapters = try ComposedAdapters(
            composition, members: arrangement.members + (arrangement.language.map { [$0.member] } ?? []),
            architecture: arrangement.model.architecture, operand: operand)
        return arrangement.droppedLayers == 0 ? adapters : UpperLayers(adapters, from: arrangement.droppedLayers)
    }

    /// What some heads read: each composition with the heads that read what it gives, both in order.
    private func streams(_ heads: [Int]) throws -> [(composition: Composition?, heads: [Int])] {
        var streams: [(composition: Composition?, heads: [Int])] = []
        for index in heads {
            let own = try arrangement.stacked?.serving(arrangement.heads[index].name)
            if let n = streams.firstIndex(where: { $0.composition == own }) {
                streams[n].heads.append(index)
            } else {
                streams.append((own, [index]))
            }
        }
        return streams
    }

    /// The compositions that some heads read, each once: heads with equal ones can share the encoder's pass.
    func compositions(_ heads: [Int]) throws -> [Composition?] { try streams(heads).map(\.composition) }

    /// Heads in the groups that can be in one plan: those with the same virtual tokens.
    func planGroups(_ heads: [Int]) throws -> [[Int]] {
        var groups: [(virtual: VirtualTokens?, heads: [Int])] = []
        for stream in try streams(heads) {
            let virtual = try plugin(stream.composition).virtualTokens
            if let n = groups.firstIndex(where: { $0.virtual == virtual }) {
                groups[n].heads += stream.heads
            } else {
                groups.append((virtual, stream.heads))
            }
        }
        return groups.map(\.heads)
    }

    /// A plan from token ids to the losses of some heads. Heads that read the same adapters share the encoder's pass; others
    /// share what lies below the first site where their adapters differ.
    /// - Parameters:
    ///   - heads: indices of the heads.
    ///   - trains: whether gradients are wanted.
    ///   - mixes: whether the heads read different sequences of a batch (`PackedBatch.init(_:marksSequences:coefficients:)`).
    ///   - losses: by the head's index.
    ///   - splits: whether the plan leaves out its frozen layers, where it has some, and reads what they give.
    ///   - predicts: whether the heads' outputs are wanted, or only their losses.
    package func plan(
        heads indices: [Int], trains: Bool, mixes: Bool = false, baseDropout: Bool = true, headDropout: Float? = nil,
        losses: [Int: LossSettings] = [:], splits: Bool = false, predicts: Bool = true
    ) throws -> HeadsPlan {
        try checkWords(of: indices)
        let builder = PlanBuilder(precision: precision)
        let streams = try streams(indices)
        if streams.count > 1 { builder.shareValues() }
        var (hiddenStates, layers): ([Int: Value], [Value]) = ([:], [])
        for (n, stream) in streams.enumerated() {
            let plugin = try plugin(stream.composition)
            guard n == 0 || plugin.virtualTokens == builder.virtualTokens else {
                throw AdapterError.composition(
                    "\(arrangement.composition?.text ?? ""): found prompts of different lengths for the same texts, expected "
                        + "the same; use the heads one by one")
            }
            let encoder = EncoderPlan(
                arrangement.model, operand: operand, plugin: plugin, dropout: trains && baseDropout,
                scope: n == 0 ? "" : "\(n)/", in: builder)
            // Where no head needs more, the last layer computes the first tokens' rows alone
            let readsFirst = stream.heads.allSatisfy { arrangement.heads[$0].head.input == .pooled(.first) }
            let (output, hidden) = try encoder.build(pooling: readsFirst ? .first : nil)
            for head in stream.heads { hiddenStates[head] = output }
            if n == 0 { layers = hidden }
        }
        let heads = try indices.map { index in
            let named = arrangement.heads[index]
            guard let hidden = hiddenStates[index] else { preconditionFailure("head \(index) has no stream") }
            let rows = named.head.input.rows(of: hidden, head: index, mixes: mixes, in: builder)
            let (output, rowLosses) = try named.head.build(
                rows, operand: operand, scope: named.scope,
                dropout: trains ? headDropout ?? arrangement.model.configuration.hiddenDropout : 0, head: index,
                settings: losses[index] ?? LossSettings(), in: builder)
            return (output, rowLosses, builder.append(Reduce(rowLosses, head: index, in: builder)))
        }
        let outputs = heads.flatMap { predicts ? [$0.0, $0.1, $0.2] : [$0.1, $0.2] }
        let frozen = splits ? FrozenLayers(builder, below: outputs, hidden: layers, drops: trains) : nil
        return HeadsPlan(
            plan: Plan(builder, outputs: outputs, trains: trains, reading: frozen?.part.rows), heads: heads,
            frozen: frozen)
    }

    /// Refuses to train word embeddings that a head multiplies by: it reads them as they were.
    /// - Throws: `TrainingError.mismatch`
    private func checkWords(of heads: [Int]) throws(TrainingError) {
        guard parameters["base/\(arrangement.model.architecture.wordTable)"] != nil else { return }
        for head in heads.map({ arrangement.heads[$0] }) {
            guard case .tokens = head.head.output else { continue }
            throw .mismatch(
                "head \(head.name): found a training of all weights, expected one that keeps the word embeddings, which "
                    + "predict the hidden tokens; train an adapter instead")
        }
    }

    /// The same for one head.
    package func plan(
        head index: Int, trains: Bool, baseDropout: Bool = true, headDropout: Float? = nil,
        loss: LossSettings = LossSettings()
    ) throws -> HeadPlan {
        let plan = try plan(
            heads: [index], trains: trains, baseDropout: baseDropout, headDropout: headDropout, losses: [index: loss])
        return HeadPlan(
            plan: plan.plan, output: plan.heads[0].output, rowLosses: plan.heads[0].rowLosses, loss: plan.heads[0].loss)
    }

    /// A plan from token ids to hidden states: the embeddings' output first, then each layer's, all [tokens, hidden].
    package func hiddenStates() throws -> (plan: Plan, hidden: [Value]) {
        let builder = PlanBuilder(precision: precision)
        let encoder = EncoderPlan(
            arrangement.model, operand: operand, plugin: try plugin(), dropout: false, in: builder)
        let hidden = try encoder.build(pooling: nil).hidden
        return (Plan(builder, outputs: hidden, trains: false), hidden)
    }

    /// A plan from token ids to what a head reads, and to what a head of the arrangement says of the same tokens.
    /// - Parameters:
    ///   - input: a row for each sequence, or for each token that a batch marks for head 0.
    ///   - name: of the head whose part of a router is used.
    ///   - output: index of the head whose output is wanted; it reads sequences or marked tokens as `input` does.
    func features(
        _ input: HeadInput, serving name: String?, output index: Int?
    ) throws -> (plan: Plan, rows: Value, output: Value?) {
        let builder = PlanBuilder(precision: precision)
        let composition = try arrangement.stacked?.serving(name)
        let encoder = EncoderPlan(
            arrangement.model, operand: operand, plugin: try plugin(composition), dropout: false, in: builder)
        let head = index.map { arrangement.heads[$0] }
        let readsFirst = input == .pooled(.first) && [nil, .pooled(.first)].contains(head?.head.input)
        let hidden = try encoder.build(pooling: readsFirst ? .first : nil).output
        let rows = input.rows(of: hidden, head: 0, mixes: false, in: builder)
        let output = try head.map {
            try $0.head.build(
                $0.head.input.rows(of: hidden, head: 0, mixes: false, in: builder), operand: operand, scope: $0.scope,
                dropout: 0, in: builder)
        }
        let plan = Plan(builder, outputs: [rows] + [output].compactMap { $0 }, trains: false)
        return (plan, rows, output)
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
