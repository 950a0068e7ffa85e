import Models
import Numerics

/// A block that weighs what its children add at the ends of the model's blocks: a fusion, ScaLearn.
package protocol EndBlock: CompositionBlock {}

/// What the children of an `EndBlock` add last at each end of the model's blocks: an adapter's up-projection without residual,
/// of a stack that of its highest adapter. Each child sees the site as the block finds it.
///
/// A child may also be a LoRA or VeRA on the projections at the ends of the blocks (`attention_output`, `output`): s B A x, in
/// the same space as what bottlenecks add there. It is held back at the projection and weighed with the others at the block's
/// end, so the block's dropout does not apply to it.
struct ChildOutputs {
    let children: [ComposedChild]
    /// Of the block, for messages.
    let phrase: String
    private let heldBack = HeldBack()

    /// What children have added to projections, until the ends of the blocks: by projection, then by child.
    private final class HeldBack {
        var outputs: [Site: [Int: Value]] = [:]
    }

    init(_ children: [ComposedChild], of phrase: String) {
        self.children = children
        self.phrase = phrase
    }

    /// Computes what children add to a projection, for the block's end. At other sites it does nothing.
    func holdBack(at projection: Site, _ context: SiteContext) throws {
        guard let end = projection.blockEnd else { return }
        for (i, child) in children.enumerated() where Self.update(of: child.outline, at: end) {
            let (delta, own) = try child.delta(at: projection, context)
            heldBack.outputs[projection, default: [:]][i] = try output(delta, of: child, own.builder)
        }
    }

    /// What each child adds, [rows, width] each; a child that does nothing here is skipped.
    func values(at site: Site, _ context: SiteContext) throws -> [(child: Int, value: Value)] {
        let before = site.projectionBefore.flatMap { heldBack.outputs[$0] } ?? [:]
        return try children.enumerated().compactMap { i, child in
            if let value = before[i] { return (i, value) }
            let (delta, own) = try child.delta(at: site, context)
            return try output(delta, of: child, own.builder).map { (i, $0) }
        }
    }

    private func output(_ delta: SiteDelta?, of child: ComposedChild, _ builder: PlanBuilder) throws -> Value? {
        switch delta {
        case nil: nil
        case .dense(let value)?: value
        case .factored(let narrow, let up, let bias, let scale)?:
            builder.append(Linear(narrow, weight: up, bias: bias, scale: scale, in: builder))
        case .replacement?, .end?:
            throw AdapterError.composition(
                "\(child.outline.text) replaces the output, and \(phrase) weighs what adapters add")
        }
    }
}

// MARK: - Before there are tensors

extension ChildOutputs {
    /// What the last child that adds at a block's end reads; nil: none adds.
    static func source(at site: SiteSpec, _ children: [Outline]) -> Bottleneck.Source? {
        children.reversed().lazy.compactMap { child in
            child.bottleneck(at: site)?.source ?? (update(of: child, at: site.site) ? .output : nil)
        }.first
    }

    /// The ends of blocks at which a child adds something.
    static func sites(_ children: [Outline], _ architecture: Architecture) -> [SiteSpec] {
        architecture.sites(.afterAttention, .afterFeedForward).filter { source(at: $0, children) != nil }
    }

    /// Whether a child is an adapter that adds to the projection at a block's end.
    static func update(of child: Outline, at end: Site) -> Bool {
        guard case .leaf(_, let method) = child, let projection = end.projectionBefore else { return false }
        return method.notFusable == nil && method.adds(at: projection)
    }

    /// - Parameter phrase: of the block, for messages
    /// - Throws: `AdapterError.composition` for an adapter that adds nothing which a block could weigh
    static func check(_ children: [Outline], _ architecture: Architecture, of phrase: String) throws(AdapterError) {
        for child in children {
            for (member, method) in child.adapters {
                if let hindrance = hindrance(method, architecture) {
                    guard !(method is BottleneckAdapter) else {
                        throw .composition(
                            "adapter \(member.name): found a bottleneck that replaces the sublayer's output "
                                + "(residual_before_ln, adapter_residual_before_ln or original_ln_after), expected one "
                                + "that adds to it; compose it with stack, or train it again with --config seq_bn")
                    }
                    throw .composition(
                        "adapter \(member.name): found method \(member.configuration.method), expected \(expected); "
                            + hindrance)
                }
                if case .block(let node, _) = child, !hasBottlenecks(method, architecture) {
                    throw .composition(
                        "\(Composition.block(node).text): found method \(member.configuration.method) of adapter "
                            + "\(member.name) in a block within \(phrase), expected bottleneck; there, only bottleneck "
                            + "adapters have an output of their own; make it a direct part of \(phrase)")
                }
            }
        }
    }

    /// What can be weighed, for messages.
    static let expected = "bottleneck, or lora or vera on attention_output and output alone"

    fileprivate static func hindrance(_ method: any AdapterMethod, _ architecture: Architecture) -> String? {
        hasBottlenecks(method, architecture) ? nil : method.notFusable
    }

    private static func hasBottlenecks(_ method: any AdapterMethod, _ architecture: Architecture) -> Bool {
        architecture.sites(.afterAttention, .afterFeedForward).contains { method.bottleneck(at: $0) != nil }
    }
}

extension EndBlock {
    /// What it can weigh, for messages.
    package static var weighable: String { ChildOutputs.expected }

    /// Why it cannot weigh what an adapter adds; nil: it can.
    package static func hindrance(_ method: any AdapterMethod, _ architecture: Architecture) -> String? {
        ChildOutputs.hindrance(method, architecture)
    }
}

extension Site {
    /// At the end of a block: the projection whose output the block ends with.
    fileprivate var projectionBefore: Site? {
        switch kind {
        case .afterAttention: Site(.attentionOutput, layer: layer)
        case .afterFeedForward: Site(.feedForwardOutput, layer: layer)
        default: nil
        }
    }

    /// Of a projection that a block ends with: the block's end.
    var blockEnd: Site? {
        switch kind {
        case .attentionOutput: Site(.afterAttention, layer: layer)
        case .feedForwardOutput: Site(.afterFeedForward, layer: layer)
        default: nil
        }
    }
}
