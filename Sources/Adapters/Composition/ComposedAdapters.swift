import Models
import Numerics

/// A composition that acts at the sites of a model.
///
/// What a method does to the embeddings (an invertible adapter) is done for the first adapter alone, as in the `adapters`
/// library: in a stack for the language, not for the task.
///
/// Shifts of biases and norms change the model below all deltas: in a stack, they act first wherever they stand.
package struct ComposedAdapters: SitePlugin {
    private let block: any SitePlugin
    private let first: LeafBlock?
    package let mixesTokens: Bool
    /// As few tokens as a text can be truncated to: [CLS], one token, [SEP].
    package static let fewestTokens = 3

    /// - Parameters:
    ///   - members: at least those that the composition names.
    ///   - operand: the adapters' tensors under `members/NAME/…`, the blocks' own under `blocks/ID/…`.
    /// - Throws: `AdapterError.composition` where a block cannot take its children.
    package init(
        _ composition: Composition, members: [Member], architecture: Architecture, operand: OperandTable
    ) throws(AdapterError) {
        let outline = try Outline(composition, members: members)
        func leaf(_ member: Member, _ method: any AdapterMethod) -> LeafBlock {
            LeafBlock(
                method: method, tensors: MemberTensors(operand, prefix: member.scope, of: architecture))
        }
        func plugin(_ outline: Outline) throws(AdapterError) -> any SitePlugin {
            switch outline {
            case .leaf(let member, let method): return leaf(member, method)
            case .block(let node, let parts):
                var children: [ComposedChild] = []
                for part in parts { children.append(ComposedChild(outline: part, plugin: try plugin(part))) }
                return try node.block.plugin(
                    children, architecture, MemberTensors(operand, prefix: node.scope, of: architecture))
            }
        }
        block = try plugin(outline)
        first = outline.adapters.first.map { leaf($0.member, $0.method) }
        mixesTokens = outline.adapters.contains { $0.method.mixesTokens }
        for (member, method) in outline.adapters.dropFirst() where method.virtualTokens != nil {
            throw .composition(
                "adapter \(member.name): found \(method.virtualTokensText) above other adapters, expected it first; only the first adapter "
                    + "of a composition changes the embeddings")
        }
        if let (member, method) = outline.adapters.first, let taken = method.virtualTokens?.positions, taken > 0 {
            let most = architecture.configuration.longestSequence - Self.fewestTokens
            guard taken <= most else {
                throw .composition(
                    "adapter \(member.name): found \(taken) virtual tokens with positions, expected at most \(max(0, most)), so that "
                        + "\(Self.fewestTokens) of the model's \(architecture.configuration.longestSequence) positions remain for the text"
                )
            }
        }
    }

    package var virtualTokens: VirtualTokens? { first?.method.virtualTokens }

    package func shift(at site: SiteSpec) throws -> SiteShift? { try block.shift(at: site) }

    package func delta(at site: Site, _ context: SiteContext) throws -> SiteDelta? {
        switch site.kind {
        case .embeddingSum, .afterEmbeddings, .beforeOutputEmbeddings: try first?.delta(at: site, context)
        default: try block.delta(at: site, context)
        }
    }

    package func extraKeysValues(layer: Int, input: Value, _ builder: PlanBuilder) throws -> (
        keys: Value, values: Value, rows: Int
    )? { try block.extraKeysValues(layer: layer, input: input, builder) }
}

/// A child of a block, and what it does at the sites.
package struct ComposedChild {
    package let outline: Outline
    package let plugin: any SitePlugin

    /// One adapter by itself.
    var leaf: LeafBlock? { plugin as? LeafBlock }

    /// What the child does at a site, without any change to the block's own view of the site.
    ///
    /// The delta is relative to the second value: the site as the child's lower parts leave it.
    func delta(at site: Site, _ context: SiteContext) throws -> (delta: SiteDelta?, site: SiteContext) {
        // A single adapter only reads: it shares what is computed already
        let own = leaf == nil ? context.fork() : context
        return (try plugin.delta(at: site, own), own)
    }
}

/// One adapter by itself.
struct LeafBlock: SitePlugin {
    let method: any AdapterMethod
    let tensors: MemberTensors

    func shift(at site: SiteSpec) throws -> SiteShift? { try method.shift(at: site, tensors) }

    func delta(at site: Site, _ context: SiteContext) throws -> SiteDelta? {
        try method.delta(at: site, context, tensors)
    }

    func extraKeysValues(layer: Int, input: Value, _ builder: PlanBuilder) throws -> (
        keys: Value, values: Value, rows: Int
    )? { try method.extraKeysValues(layer: layer, input: input, of: tensors.architecture, tensors, in: builder) }
}
