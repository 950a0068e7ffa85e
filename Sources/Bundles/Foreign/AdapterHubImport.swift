import Adapters
import Files
import Foundation
import Models

/// Folders of AdapterHub's `adapters` library as bundles.
///
/// An adapter's folder, with a head or without; a head's; a fusion's, whose adapters are in folders of their names within
/// it or beside it; a composition's (`AdapterHubSetupFile`). What the folder does not say about the base (all but its width and, from the tensors, its layers) is
/// 0: unknown.
package enum AdapterHubImport {
    /// - Parameters:
    ///   - name: the bundle's, and the adapter's or the head's where the folder holds one; nil: as it is there
    ///   - model: the base model, which a prompt needs: its folder does not tell the number of layers
    /// - Throws: `BundleError`, `AdapterError`, `FileError` naming the file and the field or tensor
    package static func read(folder: URL, name: String? = nil, model: EncoderModel? = nil) throws -> AdapterBundle {
        try readTelling(folder: folder, name: name, model: model).bundle
    }

    /// The same with what the user should know of the bundle.
    package static func readTelling(
        folder: URL, name: String?, model: EncoderModel? = nil
    ) throws -> (bundle: AdapterBundle, warnings: [String]) {
        var reader = AdapterHubReader(folder: folder, model: model)
        let bundle = try reader.bundle(name: name)
        return (bundle, reader.warnings + warnings(bundle, folder: folder.path))
    }

    /// What the user should know of a bundle that was read from a folder.
    static func warnings(_ bundle: AdapterBundle, folder: String) -> [String] {
        let flow = bundle.composition.flatMap { try? AdapterHubSetup.flow($0, of: bundle) }
        let gates = (try? ForeignWarnings.gates(bundle)) ?? []
        return ((flow?.differences ?? []) + gates).map { "\(folder): results differ from the library's: there, \($0)" }
            + bundle.heads.compactMap { ForeignWarnings.oneOutput($0, folder: folder) }
            + bundle.heads.filter {
                !$0.head.labels.isEmpty && $0.head.labels == AdapterHubLabels.anonymous($0.head.labels.count)
            }.map {
                "\(folder): the head \($0.name) has no names for its labels (neither id2label nor label2id), so they are "
                    + "\($0.head.labels.prefix(3).joined(separator: ", "))\($0.head.labels.count > 3 ? ", …" : ""); add "
                    + "id2label to head_config.json and import it again"
            }
    }
}

private struct AdapterHubReader {
    let folder: URL
    let model: EncoderModel?
    /// By the scope of the tensors that they hold: `members/NAME`, `blocks/fuse`, `heads/NAME`.
    private var modules: [String: AdapterHubModule] = [:]
    private var members: [Member] = []
    private var heads: [NamedHead] = []
    /// Of a fusion or a setup; nil: of the only adapter, if there is one.
    private var composition: Composition?
    private(set) var warnings: [String] = []

    init(folder: URL, model: EncoderModel?) { (self.folder, self.model) = (folder, model) }

    mutating func bundle(name: String?) throws -> AdapterBundle {
        try NotAnAdapter.check(folder)
        let parts = AdapterHubModule.Part.allCases.filter { AdapterHubModule.stands($0, in: folder) }
        guard !parts.contains(.adapter) || !parts.contains(.fusion) else {
            throw AdapterHubModule.wrong(
                folder.path, "the folder", "an adapter and a fusion", "one of them",
                fix: "move the adapter's files into a separate folder with the adapter's name")
        }
        let name = try name.map { try ours($0, in: "--name") }
        if AdapterHubSetupFile.stands(in: folder) {
            try addSetup(parts)
        } else if parts.contains(.adapter) {
            try addAdapter(AdapterHubModule(.adapter, in: folder), as: name)
        } else if parts.contains(.fusion) {
            try addFusion()
        }
        if parts.contains(.head) { try addHead(in: folder, renamed: name) }
        if !parts.isEmpty { try addFurtherHeads() }
        heads.sort { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
        guard
            let first = fusionScopes.first.flatMap({ modules[$0] }) ?? members.first.flatMap({ modules[$0.scope] })
                ?? heads.first.flatMap({ modules[$0.scope] })
        else {
            throw AdapterHubModule.wrong(
                folder.path, "the folder", "no AdapterHub files",
                (AdapterHubModule.Part.allCases.map(\.configuration) + [AdapterHubSetup.file]).joined(
                    separator: ", or "),
                fix: "give a folder that the adapters library saved")
        }
        return try assembled(name: name, first: first)
    }

    private mutating func assembled(name: String?, first: AdapterHubModule) throws -> AdapterBundle {
        for module in modules.values.sorted(by: { $0.configurationFile < $1.configurationFile }) {
            guard module.hidden == first.hidden, module.modelType == first.modelType else {
                throw AdapterHubModule.wrong(
                    module.configurationFile, "hidden_size", "\(module.hidden) of \(module.modelType)",
                    "\(first.hidden) of \(first.modelType), as in \(first.configurationFile)",
                    fix: "import only modules of the same base model")
            }
        }
        var layers = max(modules.values.map(\.layers).max() ?? 0, try prefixLayers())
        layers = try members.flatMap { try leftOut($0) }.reduce(layers) { max($0, $1 + 1) }
        if layers == 0, let member = members.first, try member.configuration.makeMethod().virtualTokens != nil {
            guard let model else {
                throw AdapterHubModule.wrong(
                    folder.path, "the number of layers", "no tensor in a layer (the prompt of \(member.name))",
                    "the base model, which tells it", fix: "give the base model with --model")
            }
            layers = model.configuration.layers
        }
        if let member = try members.first(where: { try Self.choosesLayers($0.configuration) }) {
            guard let model else {
                throw AdapterHubModule.wrong(
                    folder.path, "the number of layers", "only those in config.layers of \(member.name)",
                    "the base model, which tells it", fix: "give the base model with --model")
            }
            layers = model.configuration.layers
        }
        let shape = ModelConfiguration(
            family: first.modelType, hidden: first.hidden, layers: layers, heads: 0,
            intermediate: modules.values.map(\.intermediate).max() ?? 0, vocabulary: 0,
            positions: 0, types: 0)
        var bundle = AdapterBundle(
            name: "",
            base: BaseIdentity(name: first.modelName, fingerprint: nil, shape: shape), members: members,
            composition: composition ?? members.first.map { .leaf($0.name) }, heads: heads)
        bundle.name =
            name ?? composition?.members.joined(separator: ",") ?? members.first?.name ?? heads.first?.name ?? ""
        bundle.tensors = try tensors(bundle)
        return bundle
    }

    /// Whether it names the layers where it acts, and not those where it does not.
    private static func choosesLayers(_ configuration: AdapterConfiguration) throws -> Bool {
        try AdapterHubUnion.parts(of: configuration).contains { ($0.method as? ReFT)?.layers != nil }
    }

    /// Layers that a member leaves out: they are there though they have no tensors.
    private func leftOut(_ member: Member) throws -> Set<Int> {
        try AdapterHubUnion.parts(of: member.configuration).reduce(into: []) {
            $0.formUnion(try leftOut($1.configuration, of: member))
        }
    }

    private func leftOut(_ configuration: AdapterConfiguration, of member: Member) throws -> Set<Int> {
        guard case .list(let layers)? = configuration.fields["leave_out"] else { return [] }
        return Set(
            try layers.map { layer in
                guard case .number(let number) = layer, (0..<Double(AdapterHubModule.mostLayers)).contains(number)
                else {
                    throw AdapterHubModule.wrong(
                        modules[member.scope]?.configurationFile ?? "", "config.leave_out", layer.json,
                        "layers below \(AdapterHubModule.mostLayers)")
                }
                return Int(number)
            })
    }

    private func ours(_ name: String, in file: String) throws -> String {
        guard let name = AdapterHubNames.ours(name) else {
            throw AdapterHubModule.wrong(
                file, "name", "\"\(name)\"", "a name", fix: "use a name that a file can have")
        }
        return name
    }

    private mutating func add(_ module: AdapterHubModule, at scope: String) throws {
        guard modules.updateValue(module, forKey: scope) == nil else {
            throw AdapterHubModule.wrong(
                module.configurationFile, "name", "\(scope) appears twice", "each name once", fix: "rename one of them"
            )
        }
    }

    private mutating func addAdapter(_ module: AdapterHubModule, as name: String?) throws {
        let configuration = try AdapterHubConfiguration.adapter(
            module.fields["config"], former: module.isFormer, file: module.configurationFile)
        let member = Member(
            name: try name ?? ours(module.name, in: module.configurationFile), configuration: configuration)
        members.append(member)
        try add(module, at: member.scope)
    }

    private mutating func addFusion() throws {
        var module = try AdapterHubModule(.fusion, in: folder)
        module.ignoreOtherFusions()
        let file = module.configurationFile
        let theirs: [String]
        switch module.fields["adapter_names"] {
        case .list(let list)?:
            theirs = list.compactMap { if case .string(let name) = $0 { name } else { nil } }
            guard theirs.count == list.count else {
                throw AdapterHubModule.wrong(file, "adapter_names", "a list with other values", "a list of names")
            }
        case nil: theirs = module.name.split(separator: ",").map(String.init)
        case let other?: throw AdapterHubModule.wrong(file, "adapter_names", other.json, "a list of names")
        }
        guard !theirs.isEmpty else { throw AdapterHubModule.wrong(file, "adapter_names", "none", "a list of names") }
        var names: [String] = []
        for name in theirs {
            let name = try ours(name, in: file)
            names.append(name)
            try addAdapter(AdapterHubModule(.adapter, in: try place(of: name)), as: name)
        }
        if let difference = try AdapterHubConfiguration.fusionDifference(members, file: file) {
            throw AdapterHubModule.wrong(
                file, "adapter_names", difference, "adapters that fuse as in the paper",
                fix: "fuse adapters of one configuration that is not parallel")
        }
        // As bundles hold them; the order that counts is the composition's
        members.sort { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
        composition = .fuse(names, try AdapterHubConfiguration.fusion(module.fields["config"], file: file))
        try add(module, at: AdapterHubNames.fusionScope)
    }

    private var fusionScopes: [String] { (composition?.nodes ?? []).filter { $0.block is Fuse }.map(\.scope) }

    /// A composition, with the heads that it names and those beside its adapters.
    private mutating func addSetup(_ own: [AdapterHubModule.Part]) throws {
        let folder = folder
        var fusions: [String: AdapterHubModule] = [:]
        let setup = try AdapterHubSetupFile(folder) { name in
            var module = try AdapterHubModule(.fusion, in: folder.appendingPathComponent(name))
            module.ignoreOtherFusions()
            fusions[name] = module
            return try AdapterHubConfiguration.fusion(module.fields["config"], file: module.configurationFile)
        }
        if let part = own.first(where: { $0 != .head || !setup.hasOwnHead }) {
            throw AdapterHubModule.wrong(
                folder.path, part.configuration, "a module beside \(AdapterHubSetup.file)",
                "modules in folders of their names",
                fix: "move it into a separate folder")
        }
        composition = setup.composition
        warnings += setup.warnings
        for name in setup.composition.members.sorted(by: { $0.utf8.lexicographicallyPrecedes($1.utf8) }) {
            try addAdapter(AdapterHubModule(.adapter, in: folder.appendingPathComponent(name)), as: name)
        }
        let nodes = setup.composition.nodes.filter { $0.block is Fuse }
        for (node, name) in zip(nodes, setup.fusions) {
            guard let module = fusions[name] else { continue }
            let fused = node.children.compactMap { child in members.first { $0.name == child.members.last } }
            if let difference = try AdapterHubConfiguration.fusionDifference(fused, file: module.configurationFile) {
                warnings.append("\(module.configurationFile): results differ from the library's: \(difference)")
            }
            try add(module, at: node.scope)
        }
        var seen: Set<String> = []
        for name in setup.heads + setup.composition.members where seen.insert(name).inserted {
            let place = folder.appendingPathComponent(name)
            if setup.heads.contains(name) || AdapterHubModule.stands(.head, in: place) {
                try addHead(in: place, renamed: nil)
            }
        }
    }

    /// A member's folder: within the fusion's, or beside it.
    private func place(of name: String) throws -> URL {
        let places = [folder, folder.standardizedFileURL.deletingLastPathComponent()].map {
            $0.appendingPathComponent(name)
        }
        guard let place = places.first(where: { AdapterHubModule.stands(.adapter, in: $0) }) else {
            throw AdapterHubModule.wrong(
                folder.path, "adapter \(name)", "no folder", places.map(\.path).joined(separator: " or "),
                fix: "save it there with \(AdapterHubModule.Part.adapter.save)")
        }
        return place
    }

    /// - Parameter renamed: the bundle's new name: a head alone takes it, and a head that goes with the adapter
    private mutating func addHead(in folder: URL, renamed: String?) throws {
        let module = try AdapterHubModule(.head, in: folder)
        let goesWith =
            members.isEmpty || (composition == nil && members.first.flatMap { modules[$0.scope]?.name } == module.name)
        let new = goesWith ? renamed : nil
        let head = NamedHead(
            try new ?? ours(module.name, in: module.configurationFile),
            try AdapterHubHeads.head(module.fields, file: module.configurationFile))
        heads.append(head)
        try add(module, at: head.scope)
    }

    /// Heads in `heads/NAME`: where we put them if there are several.
    private mutating func addFurtherHeads() throws {
        let further = folder.appendingPathComponent(AdapterHubExport.furtherHeads)
        let names = (try? FileManager.default.contentsOfDirectory(atPath: further.path)) ?? []
        for name in names.sorted() where AdapterHubModule.stands(.head, in: further.appendingPathComponent(name)) {
            try addHead(in: further.appendingPathComponent(name), renamed: nil)
        }
    }

    /// The layers that the members' prefixes are for.
    private func prefixLayers() throws -> Int {
        var most = 0
        for member in members {
            for part in try AdapterHubUnion.parts(of: member.configuration) {
                guard let method = part.method as? PrefixTuning, let module = modules[member.scope] else { continue }
                let leftOut = try leftOut(part.configuration, of: member).count
                most = max(most, AdapterHubPrefix.layers(method, leftOut: leftOut, in: module))
            }
        }
        return most
    }

    /// The tensors of members whose modules do not hold them one by one, by full name.
    private mutating func converted(_ architecture: Architecture) throws -> [String: [Float]] {
        var tensors: [String: [Float]] = [:]
        for member in members {
            for part in try AdapterHubUnion.parts(of: member.configuration) {
                guard var module = modules[member.scope] else { continue }
                let own: [String: [Float]]
                switch part.method {
                case let method as PrefixTuning:
                    own = try AdapterHubPrefix.take(method, architecture, from: &module)
                case let method as ReFT: own = try AdapterHubReFT.take(method, architecture, from: &module)
                default: continue
                }
                for (name, values) in own { tensors["\(member.scope)/\(part.ours(name))"] = values }
                modules[member.scope] = module
            }
        }
        return tensors
    }

    private mutating func tensors(_ bundle: AdapterBundle) throws -> [NamedTensor] {
        let scopes = modules.keys.sorted()
        let converted = try converted(Architecture(bundle.base.shape))
        let methods = Dictionary(
            try members.map { ($0.scope, try $0.configuration.makeMethod()) }
        ) { first, _ in first }
        let tensors = try bundle.specs().map { spec in
            if let values = converted[spec.name] { return NamedTensor(spec.name, spec.shape, values) }
            guard let scope = scopes.first(where: { spec.name.hasPrefix($0 + "/") }), var module = modules[scope],
                let theirs = AdapterHubNames.theirs(
                    spec.name, scope: scope, method: methods[scope], head: heads.first { $0.scope == scope }?.head,
                    module: module.name, prefix: module.prefix)
            else { throw BundleError.members("\(folder.path): \(spec.name): AdapterHub has no name for this tensor") }
            modules[scope] = nil  // so that the module is not copied
            defer { modules[scope] = module }
            let values = try module.take(
                theirs, copy: AdapterHubNames.copy(theirs), shape: AdapterHubNames.shape(spec.shape, theirs: theirs))
            return NamedTensor(spec.name, spec.shape, values)
        }
        let absent = try members.map { try leftOut($0) }
        for scope in fusionScopes {
            modules[scope]?.ignoreLayers(absent.dropFirst().reduce(absent.first ?? []) { $0.intersection($1) })
        }
        for scope in scopes { try modules[scope]?.finish() }
        return tensors
    }
}
