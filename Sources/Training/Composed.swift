import Adapters
import Bundles
import Files
import Models

/// Adapters of several bundles under one composition, with their heads and tensors.
package struct Composed: Sendable {
    package private(set) var members: [Member] = []
    package internal(set) var heads: [NamedHead] = []
    /// Of members, heads and trained blocks, by full name. Blocks that are new have none.
    package internal(set) var tensors: [String: NamedTensor] = [:]
    /// The language adapters that the bundles were trained on and do not hold.
    package private(set) var languages: [(bundle: String, reference: LanguageReference)] = []
    package internal(set) var composition: Composition?
    /// Scopes of blocks that came with a bundle; all others are new.
    package private(set) var trainedBlocks: Set<String> = []
    /// Of the first bundle that has a head: its settings are those for the head's texts.
    private var provenance: Provenance?
    /// Of each bundle the texts that it was trained on; nil where they are not known.
    private(set) var texts: [TextSketch?] = []
    /// Hash of each member's content, by name.
    private var hashes: [String: String] = [:]
    private var bundles = 0
    /// What parts were before they were trained on with a fusion: hashes by scope (`Provenance.startedFrom`).
    private var startedFrom: [String: String] = [:]
    /// The heads that came with a member, by its name.
    private(set) var headsOf: [String: [String]] = [:]
    /// Of each bundle with heads: tokens of a text at most in its training.
    private var lengths: [(bundle: String, tokens: Int)] = []
    /// By a head's name in its bundles: its names here, each with the bundle.
    private var headSources: [String: [(name: String, bundle: String)]] = [:]

    package init() {}

    /// Takes a bundle's adapters, blocks and heads in. A name that is taken gets a number.
    /// - Parameter file: what messages call the bundle; nil: its name
    /// - Returns: the bundle's composition with its present names, to be placed in a tree for `finish`
    /// - Throws: `BundleError.members` for a bundle without adapters
    package mutating func take(_ bundle: AdapterBundle, file: String? = nil) throws -> Composition {
        guard let composition = bundle.composition, bundle.overlay == nil else {
            throw BundleError.members(
                "bundle \(bundle.name) is of kind \(bundle.kind.rawValue) and has no adapter; give bundles from "
                    + "train-adapter, train-language or fuse")
        }
        bundles += 1
        var scopes: [String: String] = [:]
        var names: [String: String] = [:]
        for member in bundle.members {
            let name = Self.free(member.name, members.map(\.name))
            let taken = Member(name: name, configuration: member.configuration)
            members.append(taken)
            hashes[name] = bundle.contentHash(of: member.scope, configuration: member.configuration.json)
            (names[member.name], scopes[member.scope]) = (name, taken.scope)
        }
        var headNames: [String: String] = [:]
        for head in bundle.heads {
            var taken = head
            taken.name = Self.free(head.name, heads.map(\.name))
            headNames[head.name] = taken.name
            heads.append(taken)
            headSources[head.name, default: []].append((taken.name, file ?? bundle.name))
            scopes[head.scope] = taken.scope
        }
        for name in names.values { headsOf[name] = bundle.heads.compactMap { headNames[$0.name] } }
        for node in composition.nodes { scopes[node.scope] = "blocks/\(Self.taken(node.id, bundles))" }
        for tensor in bundle.tensors {
            let scope = TensorName.scope(tensor.name)
            let name = (scopes[scope] ?? scope) + tensor.name.dropFirst(scope.count)
            tensors[name] = NamedTensor(name, tensor.shape, tensor.values)
        }
        for (scope, hash) in bundle.provenance.startedFrom { startedFrom[scopes[scope] ?? scope] = hash }
        texts.append(bundle.provenance.texts)
        if provenance == nil, !bundle.heads.isEmpty { provenance = bundle.provenance }
        if let length = bundle.provenance.maxLength, !bundle.heads.isEmpty {
            lengths.append((file ?? bundle.name, length))
        }
        if let language = bundle.language { languages.append((bundle.name, language)) }
        let bundleNumber = bundles
        return composition.renamed { names[$0] ?? $0 }.identified { Self.taken($0, bundleNumber) }.routed { _, router in
            router.heads?.map { $0.map { headNames[$0] ?? $0 } }
        }
    }

    static func free(_ name: String, _ taken: [String]) -> String {
        guard taken.contains(name) else { return name }
        return (2...taken.count + 2).lazy.map { "\(name)_\($0)" }.first { !taken.contains($0) } ?? name
    }

    /// A block's id until the whole tree is known.
    private static func taken(_ id: String, _ bundle: Int) -> String { "\(bundle).\(id)" }

    /// Sets the whole tree, whose blocks get their final ids.
    package mutating func finish(_ tree: Composition) {
        let final = tree.numbered()
        let ids = Dictionary(zip(tree.nodes, final.nodes).map { ($0.scope, $1.scope) }) { first, _ in first }
        startedFrom = Dictionary(startedFrom.map { (ids[$0] ?? $0, $1) }) { first, _ in first }
        for name in tensors.keys.sorted() where name.hasPrefix("blocks/") {
            let scope = TensorName.scope(name)
            guard let new = ids[scope], let tensor = tensors.removeValue(forKey: name) else { continue }
            let renamed = new + name.dropFirst(scope.count)
            // Final ids have no dot before a name, so they never meet those of bundles
            tensors[renamed] = NamedTensor(renamed, tensor.shape, tensor.values)
            trainedBlocks.insert(new)
        }
        composition = final
    }

    /// Of an adapter's content; nil for a new one.
    func hash(ofMember name: String) -> String? { hashes[name] }

    /// SHA-256 of a block's configuration and tensors.
    func blockHash(_ node: CompositionNode) -> String {
        AdapterBundle.contentHash(
            tensors.values.filter { TensorName.scope($0.name) == node.scope }.sorted { $0.name < $1.name },
            of: node.scope, configuration: ConfigurationValue.map(node.block.fields).json)
    }

    /// Hashes of all that came from bundles, by scope.
    var scopeHashes: [String: String] {
        var all = Dictionary(
            members.compactMap { member in hashes[member.name].map { (member.scope, $0) } }
        ) { first, _ in first }
        for node in composition?.nodes ?? [] where trainedBlocks.contains(node.scope) {
            all[node.scope] = blockHash(node)
        }
        return all
    }

    /// Adds an adapter that has no tensors yet.
    mutating func add(_ member: Member) -> Member {
        let own = Member(name: Self.free(member.name, members.map(\.name)), configuration: member.configuration)
        members.append(own)
        return own
    }

    /// What a user should know: adapters that are the same, whatever they are called.
    package var warnings: [String] {
        var names: [String: [String]] = [:]
        for member in members {
            if let hash = hashes[member.name] { names[hash, default: []].append(member.name) }
        }
        return members.compactMap { member in
            guard let hash = hashes[member.name], let all = names.removeValue(forKey: hash), all.count > 1 else {
                return nil
            }
            return
                "\(all.count) of the adapters are the same one: \(all.joined(separator: ", ")); each copy takes memory "
                + "and time and adds nothing"
        }
    }

    /// Where heads of several bundles read the same texts: whose maximum length they are cut at.
    package var lengthWarnings: [String] {
        guard composition?.routers.isEmpty == false, let first = lengths.first,
            let other = lengths.first(where: { $0.tokens != first.tokens })
        else { return [] }
        return [
            "bundle \(other.bundle) was trained on texts of at most \(counted(other.tokens, "token")), but here the maximum "
                + "is that of \(first.bundle), \(first.tokens); --max-length changes it"
        ]
    }

    /// Where heads of several bundles have one name: whose head answers to it, and how to choose another.
    package var headWarnings: [String] {
        headSources.sorted { $0.key < $1.key }.filter { $0.value.count > 1 }.map { name, sources in
            if composition?.routers.contains(where: { $0.router is Parallel }) == true {
                let others = sources.dropFirst().map { "that of \($0.bundle) is called \($0.name)" }
                return
                    "\(sources.count) bundles have a head named \(name): that of \(sources[0].bundle) keeps the name, "
                    + others.joined(separator: ", ")
            }
            let others = sources.dropFirst().map { "--head \($0.name) for that of \($0.bundle)" }
            return
                "\(sources.count) bundles have a head named \(name): that of \(sources[0].bundle) is used; choose "
                + others.joined(separator: ", ")
        }
    }

    /// Warnings about bundles whose language adapter is not in the composition.
    package var languageWarnings: [String] {
        let there = Set(hashes.values)
        return languages.filter { !there.contains($0.reference.hash) }.map {
            "bundle \($0.bundle) was trained on language adapter \($0.reference.name), which is not part of the composition"
        }
    }

    /// Everything as one bundle, to evaluate or to save.
    /// - Throws: `AdapterError.composition` for a block that needs training, or a part without a head where each needs one
    package func bundle(name: String, base: BaseIdentity) throws -> AdapterBundle {
        try routed().unroutedBundle(name: name, base: base)
    }

    private func unroutedBundle(name: String, base: BaseIdentity) throws -> AdapterBundle {
        var bundle = AdapterBundle(
            name: name, base: base, members: members.sorted { $0.name < $1.name }, composition: composition,
            heads: heads.sorted { $0.name < $1.name }, provenance: provenance ?? Provenance())
        bundle.provenance.startedFrom = startedFrom
        bundle.provenance.texts = TextSketch.union(texts)
        bundle.tensors = try bundle.specs().map { spec in
            guard let tensor = tensors[spec.name] else {
                let block = composition?.nodes.first { spec.name.hasPrefix($0.scope + "/") }?.block
                let phrase = block.map { type(of: $0).phrase } ?? "a block with weights"
                throw AdapterError.composition(
                    "\(composition?.text ?? ""): \(spec.name) is missing: \(phrase) needs training; train it with "
                        + "'amalgam fuse --compose', or use average")
            }
            return NamedTensor(spec.name, spec.shape, tensor.values)
        }
        return bundle
    }
}
