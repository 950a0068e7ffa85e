import Adapters
import Files
import Foundation
import Models

/// Bundles as folders that AdapterHub's `adapters` library (1.3.0) loads.
///
/// An adapter, or a head, or a fusion in the folder itself; a fusion's adapters in folders of their names within it; one
/// head beside the adapter or the fusion, several in `heads/NAME`.
package enum AdapterHubExport {
    static let furtherHeads = "heads"

    /// Writes the folder, each file whole or not at all; nothing is written where something cannot be said there.
    /// - Parameter name: the adapter's new name, and that of a head of the same name; or the head's. A fusion has none.
    /// - Returns: words to the user: what the library will do otherwise, and names that it could not have taken
    /// - Throws: `BundleError`, `FileError`
    @discardableResult
    package static func write(_ bundle: AdapterBundle, to folder: URL, name: String? = nil) throws -> [String] {
        var writer = AdapterHubWriter(bundle: bundle, name: name)
        try writer.make()
        try refuseStale(folder, writing: Set(writer.files.map(\.path)))
        if ModelCard.isReplaceable(in: folder) {
            let card = ModelCard(
                bundle: bundle, library: "adapter-transformers",
                loading:
                    "import adapters\n\nmodel = adapters.AutoAdapterModel.from_pretrained(\(ModelCard.base(bundle)))\n"
                    + bundle.adapterHubPython(folder: ".").replacing("; ", with: "\n"),
                notes: writer.warnings)
            writer.files.append((ModelCard.file, card.data))
        }
        for (path, data) in writer.files {
            let url = folder.appendingPathComponent(path)
            let parent = url.deletingLastPathComponent()
            try Folder.make(parent)
            try AtomicFile.replace(url, with: data)
        }
        return writer.warnings
    }

    /// A module that an earlier export has left there would be read as a part of this one.
    private static func refuseStale(_ folder: URL, writing files: Set<String>) throws {
        for part in AdapterHubModule.Part.allCases {
            for name in [part.configuration, part.tensors, part.pickle] where !files.contains(name) {
                guard FileManager.default.fileExists(atPath: folder.appendingPathComponent(name).path) else { continue }
                throw AdapterHubModule.wrong(
                    folder.path, name, "an existing file", "only files of this export",
                    fix: "use a new folder, or empty this one")
            }
        }
    }
}

private struct AdapterHubWriter {
    let bundle: AdapterBundle
    let name: String?
    var files: [(path: String, data: Data)] = []
    var warnings: [String] = []
    private var tensors: [String: NamedTensor]

    init(bundle: AdapterBundle, name: String?) {
        self.bundle = bundle
        self.name = name
        tensors = Dictionary(bundle.tensors.map { ($0.name, $0) }) { first, _ in first }
    }

    private func cannot(_ field: String, _ found: String, _ expected: String, fix: String) -> BundleError {
        .content(file: bundle.name, field: field, found: found, expected: expected, fix: fix)
    }

    mutating func make() throws {
        guard AdapterHubNames.modelTypes.contains(bundle.base.shape.family) else {
            throw cannot(
                "base.architecture", bundle.base.shape.family, AdapterHubNames.modelTypes.joined(separator: ", "),
                fix: "only encoders of these families can be exported")
        }
        warnings += ForeignWarnings.language(bundle)
        warnings += try ForeignWarnings.gates(bundle).map { "results in the library will differ: \($0)" }
        switch bundle.kind {
        case .mlm:
            throw cannot(
                "kind", "mlm", "adapter, fusion or head",
                fix: "its folder would contain the word embeddings of the base; export only the language adapters")
        case .full:
            throw cannot(
                "kind", "full", "adapter, fusion or head", fix: "AdapterHub has no format for all weights of a model")
        case .adapter:
            guard bundle.members.count == 1, let member = bundle.members.first else {
                throw cannot("members", "\(bundle.members.map(\.name))", "one", fix: "export them one by one")
            }
            try writeAdapter(member, as: theirs(name ?? member.name), folder: "")
        case .fusion where bundle.composition?.isFlat == true: try writeFusion()
        case .fusion, .composition: return try writeSetup()
        case .head:
            guard bundle.heads.contains(where: { AdapterHubHeads.holds($0.head) }) else {
                throw cannot(
                    "heads", bundle.heads.first.map(described) ?? "none",
                    "a head for labels, for tags or for one number",
                    fix: "this format has no other heads")
            }
        }
        try writeHeads()
    }

    private mutating func theirs(_ name: String) -> String {
        let theirs = AdapterHubNames.theirs(name)
        if theirs != name {
            warnings.append("\(name) is exported as \(theirs), because the library allows no '.', ',' or '/' in names")
        }
        return theirs
    }

    /// A head in a message.
    private func described(_ named: NamedHead) -> String {
        let count = named.head.numbers.count
        return "head \(named.name) of kind \(named.head.kind)" + (count > 1 ? " with \(counted(count, "number"))" : "")
    }

    private func unique(_ names: [String], _ what: String) throws {
        guard Set(names).count == names.count else {
            throw cannot(what, "\(names)", "names that also differ after the export", fix: "rename one of them")
        }
    }

    private mutating func writeAdapter(_ member: Member, as name: String, folder: String) throws {
        let specs = try member.specs(Architecture(bundle.base.shape)).map(\.name)
        try write(
            .adapter, name: name, configuration: AdapterHubConfiguration.adapter(member, bundle: bundle),
            tensors: specs,
            scope: member.scope, folder: folder)
    }

    private mutating func writeFusion() throws {
        guard let composition = bundle.composition, case .block(let node) = composition else { return }
        warnings += try AdapterHubSetup.differences(composition, of: bundle)
        let names = node.children.flatMap(\.members)
        if let name, name != bundle.name {
            warnings.append("the library names a fusion after its adapters, so --name is not used")
        }
        let theirNames = names.map { theirs($0) }
        try unique(theirNames, "members")
        for (name, theirName) in zip(names, theirNames) {
            guard let member = bundle.members.first(where: { $0.name == name }) else {
                throw cannot("members", "no \(name)", "all adapters of the fusion", fix: "create the bundle again")
            }
            guard theirName != AdapterHubExport.furtherHeads else {
                throw cannot("members", name, "a name other than that of the heads' folder", fix: "rename the adapter")
            }
            try writeAdapter(member, as: theirName, folder: theirName + "/")
        }
        try writeFusion(node, names: theirNames, folder: "")
    }

    /// A fusion's own tensors.
    private mutating func writeFusion(_ node: CompositionNode, names: [String], folder: String) throws {
        guard let fusion = (node.block as? Fuse)?.configuration else { return }
        guard fusion.temperature == 1 else {
            throw cannot(
                "fusion.temperature", "\(fusion.temperature)", "1",
                fix: "in the library, the temperature falls to 1 during training")
        }
        guard fusion.prior == nil else {
            throw cannot(
                "fusion.prior", "\(fusion.prior ?? [])", "none",
                fix: "the library has no prior; train a fusion without one")
        }
        if fusion.value, fusion.regularization > 0, fusion.regularization != AdapterHubConfiguration.regularization {
            warnings.append(
                "in the library, further training uses a regularization of \(AdapterHubConfiguration.regularization), not \(fusion.regularization)"
            )
        }
        let fused = node.children.compactMap { child in bundle.members.first { $0.name == child.members.last } }
        if let difference = try AdapterHubConfiguration.fusionDifference(fused, file: bundle.name) {
            warnings.append("results in the library will differ: \(difference)")
        }
        let specs = try bundle.composition?.blockSpecs(bundle.members, Architecture(bundle.base.shape)) ?? []
        try write(
            .fusion, name: names.joined(separator: ","), configuration: AdapterHubConfiguration.fusion(fusion),
            tensors: specs.map(\.name).filter { $0.hasPrefix(node.scope + "/") }, scope: node.scope, folder: folder,
            more: ["adapter_names": .list(names.map { .string($0) })])
    }

    /// A composition as `save_adapter_setup` writes it.
    private mutating func writeSetup() throws {
        guard let composition = bundle.composition else { return }
        if let name, name != bundle.name {
            warnings.append("the library names a composition's parts one by one, so --name is not used")
        }
        var names: [String: String] = [:]
        for member in composition.members { names[member] = theirs(member) }
        try unique(composition.members.map { names[$0] ?? $0 }, "members")
        let heads = bundle.heads.filter { AdapterHubHeads.holds($0.head) }.map { theirs($0.name) }
        let setup = try AdapterHubSetup.setup(
            composition, heads: heads, of: bundle, theirs: { names[$0] ?? $0 })
        warnings += setup.warnings
        try unique(setup.fusions.map(\.name), "fusions")
        for member in bundle.members where names[member.name] != nil {
            let name = names[member.name] ?? member.name
            try writeAdapter(member, as: name, folder: name + "/")
        }
        for (node, name) in setup.fusions {
            try writeFusion(node, names: name.split(separator: ",").map(String.init), folder: name + "/")
        }
        let json = setup.json.indented(floats: [])
        files.append((AdapterHubSetup.file, Data((json + "\n").utf8)))
        try writeHeads { "\($0)/" }
    }

    /// - Parameter folder: of a head by its name there; nil: beside the adapter, or in `heads/NAME` if there are several
    private mutating func writeHeads(_ folder: ((String) -> String)? = nil) throws {
        var names: [String] = []
        for head in bundle.heads {
            let renamed = bundle.kind == .head ? bundle.heads.count == 1 : head.name == bundle.members.first?.name
            let takesName = bundle.kind == .adapter || bundle.kind == .head
            names.append(theirs(takesName && renamed ? name ?? head.name : head.name))
        }
        try unique(names, "heads")
        for (named, name) in zip(bundle.heads, names) {
            let head = named.head
            guard let configuration = AdapterHubHeads.configuration(head) else {
                warnings.append(
                    "the folder does not contain the \(described(named)), because the library's heads are for labels, for "
                        + "tags or for one number")
                continue
            }
            if let scale = head.numbers.first, scale != .identity { fold(scale, into: named) }
            if case .pooled(let pooling) = head.input, pooling != .first {
                warnings.append(
                    "head \(named.name) reads the mean of all tokens, but the library's classification head reads the "
                        + "first token, so results in the library will differ; an import restores it as it is")
            }
            if !head.textPrefix.isEmpty {
                warnings.append("head \(named.name): in the library, put \"\(head.textPrefix)\" before each text")
            }
            try write(
                .head, name: name, configuration: configuration,
                tensors: head.specs(hidden: bundle.base.shape.hidden, scope: named.scope).map(\.name),
                scope: named.scope,
                folder: folder?(name) ?? (bundle.heads.count == 1 ? "" : "\(AdapterHubExport.furtherHeads)/\(name)/"),
                more: AdapterHubLabels.recorded(head))
        }
    }

    /// The library's heads know no units.
    private mutating func fold(_ scale: NumberScale, into named: NamedHead) {
        for tensor in bundle.tensors where tensor.name.hasPrefix(named.scope + "/") {
            let name = String(tensor.name.dropFirst(named.scope.count + 1))
            tensors[tensor.name] = AdapterHubHeads.folded(tensor, name: name, scale)
        }
        warnings.append(
            "head \(named.name): the mean and the deviation of its numbers (\(scale.mean), \(scale.deviation)) became part of "
                + "its last layer, so the library gives numbers in the data's units")
    }

    private mutating func write(
        _ part: AdapterHubModule.Part, name: String, configuration theirConfiguration: ConfigurationValue,
        tensors names: [String],
        scope: String, folder: String, more: [String: ConfigurationValue] = [:]
    ) throws {
        let type = bundle.base.shape.family
        guard let prefix = AdapterHubNames.prefix(modelType: type),
            let modelClass = AdapterHubNames.modelClass(modelType: type)
        else {
            throw cannot(
                "base.architecture", type, AdapterHubNames.modelTypes.joined(separator: ", "),
                fix: "only encoders of the BERT family can be exported")
        }
        let fields: [String: ConfigurationValue] = [
            "config": theirConfiguration, "hidden_size": .number(Double(bundle.base.shape.hidden)),
            "model_class": .string(modelClass), "model_name": .string(bundle.base.name), "model_type": .string(type),
            "name": .string(name), "version": .string("adapters.1.3.0"),
        ]
        func own(_ ours: String) throws -> NamedTensor {
            guard let tensor = tensors[ours] else {
                throw cannot(ours, "missing", "a tensor", fix: "create the bundle again")
            }
            return tensor
        }
        var values: [NamedTensor] = []
        var written: Set<String> = []
        let configuration = bundle.members.first { $0.scope == scope }?.configuration
        for part in try configuration.map({ try AdapterHubUnion.parts(of: $0) }) ?? [] {
            let architecture = try Architecture(bundle.base.shape)
            func value(_ ours: String) throws -> NamedTensor { try own("\(scope)/\(part.ours(ours))") }
            let names: [String]
            switch part.method {
            case let method as PrefixTuning:
                values += try AdapterHubPrefix.tensors(method, architecture, name: name, prefix: prefix, value: value)
                names = AdapterHubPrefix.names(method, architecture)
            case let method as ReFT:
                values += try AdapterHubReFT.tensors(method, architecture, name: name, prefix: prefix, value: value)
                names = method.specs(architecture).map(\.name)
            default: continue
            }
            written.formUnion(names.map { "\(scope)/\(part.ours($0))" })
        }
        let method = try configuration?.makeMethod()
        for ours in names where !written.contains(ours) {
            guard
                let theirs = AdapterHubNames.theirs(
                    ours, scope: scope, method: method, head: bundle.heads.first { $0.scope == scope }?.head,
                    module: name, prefix: prefix)
            else { throw cannot(ours, "missing", "a tensor", fix: "create the bundle again") }
            let tensor = try own(ours)
            for theirs in [theirs, AdapterHubNames.copy(theirs)].compactMap({ $0 }) {
                values.append(
                    NamedTensor(
                        AdapterHubSpelling.of(type)?.theirs(theirs) ?? theirs,
                        AdapterHubNames.shape(tensor.shape, theirs: theirs), tensor.values))
            }
        }
        let json = ConfigurationValue.map(fields.merging(more) { a, _ in a }).indented(
            floats: AdapterHubConfiguration.floats)
        files.append((folder + part.configuration, Data((json + "\n").utf8)))
        files.append(
            (
                folder + part.tensors,
                try SafetensorsWriter.data(
                    tensors: values.map { (name: $0.name, shape: $0.shape, value: .float32($0.values)) })
            ))
    }
}

extension Composition {
    /// Whether it is a block of single adapters, each once.
    var isFlat: Bool {
        guard case .block(let node) = self else { return false }
        return node.children.allSatisfy { if case .leaf = $0 { true } else { false } }
            && members.count == node.children.count
    }
}
