import Adapters
import Files
import Models

/// One adapter of a composition that only adds, with what its output is multiplied with.
struct WeightedTerm {
    let member: Member
    let method: any AdapterMethod
    /// At a site: a number for each column of its output, or one for all.
    let weights: (SiteSpec) throws -> [Double]

    /// The same, times more weights.
    private func times(_ more: @escaping (SiteSpec) throws -> [Double]) -> WeightedTerm {
        WeightedTerm(member: member, method: method) { site in
            let (a, b) = (try weights(site), try more(site))
            return (0..<max(a.count, b.count)).map { a[a.count == 1 ? 0 : $0] * b[b.count == 1 ? 0 : $0] }
        }
    }

    /// The adapters of a composition whose outputs it multiplies and adds, each as often as it stands there.
    /// - Parameters:
    ///   - file: for messages
    ///   - tensor: a block's tensor by its full name
    /// - Throws: `BundleError.merge` for a block that does more than that
    static func all(
        _ outline: Outline, file: String, tensor: @escaping (String) throws -> [Float]
    ) throws -> [WeightedTerm] {
        switch outline {
        case .leaf(let member, let method): return [WeightedTerm(member: member, method: method) { _ in [1] }]
        case .block(let node, let children):
            let parts = try children.map { try all($0, file: file, tensor: tensor) }
            guard let block = node.block as? any LinearBlock else {
                // A stack of one part is that part
                if children.count == 1, node.block is Stack { return parts[0] }
                throw BundleError.merge(
                    file: file, field: "composition", found: outline.text, expected: linear,
                    fix: fix(of: node.block))
            }
            return parts.enumerated().flatMap { n, terms in
                terms.map { term in
                    term.times { site in
                        try block.weights(ofChild: n, of: children.count, at: site) { name in
                            try tensor("\(node.scope)/\(name)")
                        }
                    }
                }
            }
        }
    }

    private static var linear: String {
        "blocks that only weigh what adapters add: "
            + CompositionBlocks.builtIn.filter { $0 is any LinearBlock.Type }.map { $0.kind }.joined(separator: ", ")
    }

    /// Why a block cannot become part of one adapter, and what to do.
    private static func fix(of block: any CompositionBlock) -> String {
        switch block {
        case is Fuse: "a fusion attends anew for each token; keep it, or train fuse --method scalearn"
        case is Stack: "an adapter of a stack reads what the ones below it add; keep it"
        case is any SequenceSelector: "its parts act on different texts; collapse the parts one by one"
        default: "its weights differ by token; keep it"
        }
    }
}
