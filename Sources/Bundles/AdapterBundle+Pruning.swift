import Adapters
import Files

extension AdapterBundle {
    /// One of its adapters by itself, without heads.
    /// - Throws: `BundleError.members` where it has no adapter of this name
    package func adapter(named name: String) throws(BundleError) -> AdapterBundle {
        guard let member = members.first(where: { $0.name == name }) else { throw noAdapter(name) }
        var bundle = AdapterBundle(
            name: name, base: base, members: [member], composition: .leaf(name),
            tensors: tensors.filter { $0.name.hasPrefix(member.scope + "/") })
        bundle.provenance.license = provenance.license
        // Which of the texts were this adapter's is not known
        bundle.provenance.texts = provenance.texts
        bundle.language = language
        return bundle
    }

    /// The same bundle without some of its adapters, as it is without training: a fusion's softmax runs over the adapters that
    /// are left, and the weights of an average are made to sum to 1. A part of a fusion or an average that is more than one
    /// adapter goes as a whole, if one of its adapters goes.
    ///
    /// `/provenance@settings` has the removed adapters under `pruned`.
    /// - Parameter names: of the adapters to remove
    /// - Throws: `BundleError.members` for a name that it does not have, and where an adapter cannot be left out
    package func pruned(removing names: [String]) throws -> AdapterBundle {
        for name in names where !members.contains(where: { $0.name == name }) { throw noAdapter(name) }
        guard let composition, !composition.nodes.isEmpty else {
            throw BundleError.members(
                "bundle \(name): found \(members.count == 1 ? "one adapter" : "no adapter"), expected a fusion or an average; "
                    + "only their adapters can be left out")
        }
        var kept: [String: (block: any CompositionBlock, places: [Int], count: Int)] = [:]
        guard let pruned = try composition.removing(Set(names), &kept) else {
            throw BundleError.members(
                "bundle \(name): removing \(names.joined(separator: ", ")) leaves nothing of \(composition.text); keep one of its parts"
            )
        }
        var bundle = self
        bundle.composition = pruned
        let left = Set(pruned.members)
        bundle.members = members.filter { left.contains($0.name) }
        let removed = members.map(\.name).filter { !left.contains($0) }
        // Sites at which only removed adapters acted need no attention
        let known = Set(try bundle.specs().map(\.name))
        bundle.tensors = tensors.filter { known.contains($0.name) }.map { tensor in
            guard let (block, places, count) = kept[TensorName.scope(tensor.name)] else { return tensor }
            let left = block.keeping(places, of: count, shape: tensor.shape, values: tensor.values)
            return NamedTensor(tensor.name, left.shape, left.values)
        }
        if case .map(var settings)? = ConfigurationValue(json: provenance.settings) {
            settings["pruned"] = .list(removed.map { .string($0) })
            bundle.provenance.settings = ConfigurationValue.map(settings).json
        }
        // Scores on dev were those of all adapters
        bundle.provenance.metrics = "{}"
        return bundle
    }

    private func noAdapter(_ name: String) -> BundleError {
        let names = members.map(\.name)
        let near = nearestName(to: name, among: names).map { "; did you mean '\($0)'?" } ?? ""
        return .members(
            "bundle \(self.name): found no adapter '\(name)', expected one of \(names.joined(separator: ", "))\(near)")
    }
}

extension Composition {
    /// The tree without some adapters; nil: nothing is left.
    /// - Parameter blocks: gets, by scope, what is left of each block that loses some of its children
    /// - Throws: `BundleError.members` where a block needs each of its parts
    fileprivate func removing(
        _ names: Set<String>, _ blocks: inout [String: (block: any CompositionBlock, places: [Int], count: Int)]
    ) throws(BundleError) -> Composition? {
        guard members.contains(where: { names.contains($0) }) else { return self }
        guard case .block(let node) = self else { return nil }
        var (kept, children): ([Int], [Composition]) = ([], [])
        for (place, child) in node.children.enumerated() {
            // A stack without one of its adapters is another stack, so it goes as a whole
            let rest: Composition?
            if node.block.keeping([0]) == nil {
                rest = try child.removing(names, &blocks)
            } else {
                rest = try? child.removing(names, &blocks)
            }
            guard let rest else { continue }
            kept.append(place)
            children.append(rest)
        }
        guard !kept.isEmpty else { return nil }
        guard kept.count < node.children.count else { return .above(node.id, node.block, children) }
        guard let block = node.block.keeping(kept) else {
            throw .members(
                "\(text): found \(type(of: node.block).kind), which needs each of its parts, expected a fusion or an average"
            )
        }
        blocks[node.scope] = (node.block, kept, node.children.count)
        return .above(node.id, block, children)
    }
}
