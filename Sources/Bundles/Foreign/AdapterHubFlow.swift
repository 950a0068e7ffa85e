import Adapters
import Files
import Models

/// What `adapters` 1.3.0 makes of a composition where that is not the definition, found by following its forward pass.
///
/// The library runs the whole tree once in each place where any of its adapters acts: after attention and after the
/// feed-forward (bottlenecks), at a projection (LoRA), at an attention's keys and values (prefixes). There, a block also
/// runs children that have nothing to do in that place.
struct AdapterHubFlow {
    /// Where the results differ: reasons, each once.
    private(set) var differences: [String] = []
    /// Why the library fails; nil if it runs.
    private(set) var failure: String?

    private let members: [String: Member]

    /// A layer of the library, with the adapters that act there.
    private struct Place {
        enum Kind: Equatable {
            case bottleneck
            /// A projection, and whether its output is as wide as its input.
            case projection(isSquare: Bool)
            case prefix
        }

        var kind: Kind
        var name: String
        var acting: Set<String> = []

        func acts(_ composition: Composition) -> Bool { composition.members.contains(where: acting.contains) }
    }

    /// - Parameter composition: without stacks within stacks
    /// - Throws: `AdapterError` for an adapter's configuration
    init(_ composition: Composition, _ members: [Member], _ architecture: Architecture) throws {
        self.members = Dictionary(members.map { ($0.name, $0) }) { first, _ in first }
        let used = Set(composition.members)
        for place in try Self.places(members.filter { used.contains($0.name) }, architecture) {
            follow(composition, at: place)
        }
    }

    private static func places(_ members: [Member], _ architecture: Architecture) throws -> [Place] {
        var places: [Place] = []
        func add(_ member: Member, _ kind: Place.Kind, _ name: String) {
            let place = places.firstIndex { $0.name == name } ?? places.endIndex
            if place == places.endIndex { places.append(Place(kind: kind, name: name)) }
            places[place].acting.insert(member.name)
        }
        for member in members {
            for method in try AdapterHubUnion.parts(of: member.configuration).map(\.method) {
                if let prefix = method as? PrefixTuning {
                    for site in prefix.sites(architecture) { add(member, .prefix, "prefix/\(site.site.layer ?? 0)") }
                    continue
                }
                let names = Set(
                    method.specs(architecture).map { $0.name.split(separator: "/").dropLast().joined(separator: "/") })
                for site in architecture.sites where site.site.layer != nil && names.contains(site.site.name) {
                    let isBottleneck = [Site.Kind.afterAttention, .afterFeedForward].contains(site.site.kind)
                    add(
                        member, isBottleneck ? .bottleneck : .projection(isSquare: site.input == site.output),
                        site.site.name)
                }
            }
        }
        return places
    }

    private mutating func differs(_ reason: String) {
        if !differences.contains(reason) { differences.append(reason) }
    }

    private mutating func fails(_ reason: String) { failure = failure ?? reason }

    private func flag(_ field: String, _ name: String) -> Bool {
        let parts = members[name].flatMap { try? AdapterHubUnion.parts(of: $0.configuration) } ?? []
        return parts.contains { $0.configuration.fields[field] == .bool(true) }
    }

    private func isParallel(_ name: String) -> Bool { flag("is_parallel", name) }
    private func normalizes(_ name: String) -> Bool { !isParallel(name) && flag("original_ln_before", name) }

    private mutating func follow(_ composition: Composition, at place: Place) {
        guard case .block(let node) = composition else { return }
        for child in node.children { follow(child, at: place) }
        switch node.block {
        case is Stack: stack(node, at: place)
        case is Average: average(node, at: place)
        case is Fuse: fuse(node, at: place)
        default: break
        }
    }

    // MARK: - Blocks

    private mutating func stack(_ node: CompositionNode, at place: Place) {
        let parts = node.children.filter(place.acts)
        guard parts.count > 1 else { return }
        switch place.kind {
        case .bottleneck:
            // It reads and adds to what came into the place, not what the parts below it made of that
            guard let name = acting(node, at: place).first(where: isParallel) else { return }
            differs(
                "beside the parallel adapter \(name) in a stack, it drops what the other adapters add at the same site")
        case .projection(let isSquare):
            let name = parts[1].text
            let reason = "in a stack, \(name) reads what the LoRA below it adds, not what the projection reads"
            if isSquare { differs(reason) } else { fails("\(reason), which has another width at \(place.name)") }
        case .prefix: break
        }
    }

    private mutating func average(_ node: CompositionNode, at place: Place) {
        let text = Composition.block(node).text
        let first = node.children.flatMap(\.members).first ?? ""
        guard place.kind != .prefix else {
            return fails("it cannot run \(text) in a tree with a prefix")
        }
        let isBottleneck = place.kind == .bottleneck
        if isBottleneck, !place.acting.contains(first) {
            return fails("\(first), the first adapter of \(text), does not act at \(place.name), where others do")
        }
        let leaves = node.children.compactMap(\.leaf).filter(place.acting.contains)
        let blocks = node.children.filter { $0.leaf == nil }
        if !isBottleneck, leaves.isEmpty && blocks.isEmpty || !blocks.allSatisfy(place.acts) {
            return fails("\(text) has parts that do not act at \(place.name), where others do")
        }
        let results = leaves.count + blocks.count
        if results < node.children.count {
            let reason = "an average gives all the weight to the parts that act at a site"
            // One result stretches over all weights; several do not
            guard results == 1 else {
                return fails("\(text) has parts that do not act at \(place.name), where several others do")
            }
            differs("\(reason), so \(leaves.first ?? blocks[0].text) counts in full where the others do not act")
        }
        guard isBottleneck else { return }
        let all = acting(node, at: place)
        if let other = all.first(where: { isParallel($0) != isParallel(first) })
            ?? leaves.first(where: { normalizes($0) != normalizes(first) })
        {
            differs("in an average, it gives \(other) what \(first) reads")
        }
        readsTwice(node, blocks, first, at: place)
    }

    private mutating func fuse(_ node: CompositionNode, at place: Place) {
        let text = Composition.block(node).text
        guard place.kind == .bottleneck else {
            if let name = acting(node, at: place).first {
                fails("it cannot run \(text) with \(name), which is no bottleneck adapter")
            }
            return
        }
        let last = node.children.flatMap(\.members).last ?? ""
        let blocks = node.children.filter { $0.leaf == nil }
        if !place.acting.contains(last) {
            fails("\(last), the last adapter of \(text), does not act at \(place.name), where others do")
        } else if let idle = blocks.first(where: { !place.acts($0) }) {
            fails("\(idle.text) in \(text) does not act at \(place.name), where others do")
        }
        readsTwice(node, blocks, last, at: place)
    }

    /// Each block prepares its input as one of its adapters needs it; a stack within it prepares that again.
    /// - Parameter reader: the adapter whose preparation the block makes
    private mutating func readsTwice(
        _ node: CompositionNode, _ blocks: [Composition], _ reader: String, at place: Place
    ) {
        guard normalizes(reader), place.acting.contains(reader) else { return }
        for block in blocks {
            let names = block.members.filter(place.acting.contains)
            let kind = type(of: node.block).kind
            if let name = names.first(where: normalizes) {
                differs("within \(kind), it normalizes the input of \(name) twice")
            } else if let name = names.first {
                differs("within \(kind), it normalizes the input of \(name)")
            } else {
                differs("within \(kind), \(block.text) gives the normalized input where it does not act")
            }
        }
    }

    private func acting(_ node: CompositionNode, at place: Place) -> [String] {
        node.children.flatMap(\.members).filter(place.acting.contains)
    }
}

extension Composition {
    fileprivate var leaf: String? { if case .leaf(let name) = self { name } else { nil } }
}
