import Numerics

/// The lowest layers of an encoder in a plan where nothing trains and nothing drops: layers without an adapter, as
/// AdapterDrop leaves them (Rücklé et al. 2021), or with frozen ones.
package struct FrozenLayers {
    let part: FrozenPart
    /// Whole layers in it. The embeddings are always part of it.
    let count: Int

    /// nil: not one layer is frozen, so nothing is worth being kept.
    /// - Parameters:
    ///   - hidden: the embeddings' output and that of each layer.
    ///   - drops: whether the plan's steps drop.
    init?(_ builder: PlanBuilder, below outputs: [Value], hidden: [Value], drops: Bool) {
        guard let boundary = builder.frozenBoundary(below: outputs, drops: drops) else { return nil }
        count = hidden.dropFirst().count { boundary.computed.contains($0.id) }
        guard count > 0 else { return nil }
        part = FrozenPart(boundary.value, in: builder)
    }
}
