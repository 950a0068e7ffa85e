import Models
import Numerics

/// Children of a block that are LoRA, at a projection.
struct StackedUpdates {
    struct Part {
        /// Index of the child.
        let child: Int
        let leaf: LeafBlock
        let rank: Int
        /// [rank, input]
        let a: Operand
        /// [output, rank]
        let b: Operand
        let scale: Float
        /// Of the adapter's own dropout.
        let dropout: Float
    }
    let parts: [Part]

    /// - Throws: where a tensor is missing
    init(_ children: [ComposedChild], at site: Site) throws {
        parts = try children.enumerated().compactMap { i, child in
            guard let leaf = child.leaf, let method = leaf.method as? LoRA, let update = method.update(at: site) else {
                return nil
            }
            return Part(
                child: i, leaf: leaf, rank: update.rank, a: try leaf.tensors(site, "A"), b: try leaf.tensors(site, "B"),
                scale: update.scale, dropout: method.dropout)
        }
    }

    var isFrozen: Bool { parts.allSatisfy { !$0.a.isTrainable && !$0.b.isTrainable } }
    /// Whether they run as one wide update: A stacked, B side by side.
    var isPlain: Bool { isFrozen && parts.allSatisfy { $0.dropout == 0 } }

    /// A x of all, [rows, Σ ranks].
    func narrow(_ context: SiteContext) -> Value {
        let a = Weight(parts.flatMap(\.a.values), shape: [parts.reduce(0) { $0 + $1.rank }, context.input.width])
        return context.builder.append(Linear(context.input, weight: .frozen(a), bias: nil, in: context.builder))
    }

    /// [output, Σ ranks]: s B of all.
    func ups(output: Int) -> Weight {
        StackedBottlenecks.sideBySide(parts.map { ($0.b.values, $0.rank, $0.scale) }, rows: output)
    }

    /// Refuses children that are no LoRA, or do more than add s B A x.
    /// - Parameter kind: of the block, for messages
    /// - Throws: `AdapterError.composition`
    static func check(_ children: [Outline], of kind: String) throws(AdapterError) {
        for child in children {
            guard case .leaf(let member, let method) = child else {
                throw .composition("\(child.text): found a block in \(kind), expected LoRA adapters alone")
            }
            let found: String
            switch method {
            case let lora as LoRA:
                do {
                    _ = try lora.mergedForm()
                    continue
                } catch { found = "\(error.field) \(error.found)" }
            default: found = "method \(member.configuration.method)"
            }
            throw .composition(
                "adapter \(member.name): found \(found) in \(kind), expected LoRA that only adds s B A x; compose it with "
                    + "average, or train it again with --config lora")
        }
    }

    /// The projections that any of the children changes, in the order of the computation.
    static func sites(_ children: [Outline], _ architecture: Architecture) -> [SiteSpec] {
        architecture.sites.filter { spec in
            children.contains { child in
                if case .leaf(_, let method) = child { method.adds(at: spec.site) } else { false }
            }
        }
    }
}
