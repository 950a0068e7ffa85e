import Adapters
import Files
import Foundation
import Models
import Numerics

/// PEFT folders as bundles: those of `PEFTMethods`.
///
/// The tensors tell which projections are adapted, and the sizes of the base; the configuration tells the rest. The base's
/// family is that of the names; where these fit several families, of `auto_mapping` or of the given model.
package enum PEFTImport {
    /// - Parameters:
    ///   - name: the adapter's; nil: the folder's
    ///   - model: the base, if it is known: for its family, its number of layers, and BERT's pooler
    /// - Returns: the bundle, and warnings
    /// - Throws: `BundleError`, `AdapterError`, `FileError` naming the file and the field or tensor
    package static func read(
        folder: URL, name: String?, model: EncoderModel?
    ) throws -> (bundle: AdapterBundle, warnings: [String]) {
        var reader = try PEFTReader(folder: folder, model: model)
        return try reader.bundle(name: name)
    }
}

private struct PEFTReader {
    private var module: PEFTModule
    private let method: any PEFTMethod
    private let choice: PEFTChoice
    private let model: EncoderModel?
    private var warnings: [String] = []

    init(folder: URL, model: EncoderModel?) throws {
        let kind = PEFTModule.kind(in: folder)
        guard let type = PEFTMethods.builtIn.first(where: { .string($0.kind) == kind }) else {
            try NotAnAdapter.check(folder)
            throw AdapterHubModule.wrong(
                folder.path, "peft_type", kind?.json ?? "nothing",
                PEFTMethods.builtIn.map { $0.kind }.joined(separator: " or "))
        }
        module = try PEFTModule(folder)
        method = try type.init(module)
        choice = try PEFTChoice(module, hasModules: method.table == nil)
        self.model = model
    }

    /// The modules that are adapted, as the file names them.
    private var adapted: [String] {
        guard method.table == nil else { return [] }
        return module.names.filter { $0.hasSuffix(method.marker) }.map { String($0.dropLast(method.marker.count)) }
    }

    mutating func bundle(name: String?) throws -> AdapterBundle.WithWarnings {
        let adapted = adapted
        let (architecture, prefix) =
            try method.table.map { (try $0.architecture(in: module, model: model), "") } ?? architecture(adapted)
        let sites = architecture.sites.compactMap { site in
            site.weight.map { (site: site, module: prefix + $0.dropLast(".weight".count)) }
        }
        try checkTargets(adapted)
        let known = Dictionary(sites.map { ($0.module, $0.site) }) { first, _ in first }
        for name in adapted where known[name] == nil {
            throw module.wrong(
                name + method.marker, "\(method.title) on this module", "\(method.targets) of the encoder")
        }
        let acting = method.table == nil ? sites.filter { module.has($0.module + method.marker) } : []
        if let part = acting.first(where: { $0.site.rows != nil }) {
            throw module.wrong(
                part.module + method.marker, "\(method.title) on queries, keys and values together",
                "\(method.title) on other modules: ours acts on each of the three alone")
        }
        let name = GroupName.safe(name ?? module.folder.standardizedFileURL.lastPathComponent)
        let member = Member(name: name, configuration: try method.adapter(acting, architecture, in: module))
        var bundle = AdapterBundle(
            name: name,
            base: BaseIdentity(name: baseName, fingerprint: nil, shape: architecture.configuration), members: [member],
            composition: .leaf(name))
        if let model { bundle.base.name = model.name }
        var needsBase = false
        for (site, path) in acting {
            for tensor in try method.tensors(of: site, path, in: module) {
                var values = try module.take("\(path).\(tensor.theirs)", shape: tensor.theirShape)
                if let base = tensor.base { values = zip(values, try self.base(base)).map { $0 - $1 } }
                bundle.tensors.append(
                    NamedTensor("\(member.scope)/\(site.site.name)/\(tensor.ours)", tensor.shape, values))
                needsBase = needsBase || tensor.base != nil
            }
        }
        // On other weights, the sums would be others
        if needsBase { bundle.base.fingerprint = model?.computeFingerprint() }
        try method.finish(&bundle, architecture, model: model, in: &module)
        if model == nil, let field = choice.layerChoice {
            let layers = architecture.configuration.layers
            warnings.append(
                "\(module.folder.path): \(field) picks layers, so these files do not tell how many layers the base model "
                    + "has; assumed \(layers), up to the highest adapted layer; if it has more, give it with --model")
        }
        try addHead(to: &bundle)
        try module.finish(expected: "\(method.content) at \(method.targets)")
        try checkSchema(bundle)
        return (bundle, warnings)
    }

    /// A tensor of the base model.
    /// - Throws: `BundleError` without the model
    private func base(_ name: String) throws -> [Float] {
        guard let model else {
            throw BundleError.content(
                file: module.folder.path, field: "the base model", found: "nothing",
                expected: "the model that the adapter was trained on: the folder holds the whole \(method.targets), "
                    + "bundles what is added to the model's", fix: "give the base model with --model")
        }
        return model.weight(name)?.values ?? []
    }

    private var baseName: String {
        guard case .string(let name)? = module.fields["base_model_name_or_path"], !name.isEmpty else {
            return "unknown"
        }
        return name.hasPrefix("/") ? String(name.split(separator: "/").last ?? "unknown") : name
    }

    // MARK: The base

    private func architecture(_ adapted: [String]) throws -> (Architecture, prefix: String) {
        guard !adapted.isEmpty else {
            throw module.wrong(
                String(method.marker.dropFirst()), "no such tensor", method.content, in: module.weightsFile)
        }
        if let model {
            let prefixes = ["", model.architecture.encoderPrefix]
            return (model.architecture, prefixes.first { fits(adapted, model.architecture, $0) } ?? "")
        }
        var layers = 0
        for name in adapted {
            guard let number = name.split(separator: ".").lazy.compactMap({ Int($0) }).first else { continue }
            guard (0..<PEFTModule.mostLayers).contains(number) else {
                throw module.wrong(name, "layer \(number)", "a layer below \(PEFTModule.mostLayers)")
            }
            layers = max(layers, number + 1)
        }
        var found: [(family: String, prefix: String)] = []
        for family in Architectures.encoderTypes {
            let probe = try Architecture(Self.shape(family, layers: layers, hidden: 2, intermediate: 3))
            for prefix in ["", probe.encoderPrefix] where fits(adapted, probe, prefix) {
                found.append((family, prefix))
            }
        }
        if let mapped = module.mappedFamily { found = found.filter { $0.family == mapped } }
        guard let first = found.first else {
            throw module.wrong(
                try misfit(adapted, layers: layers) + method.marker, "\(method.title) on this module",
                "\(method.targets) of \(Architectures.encoderTypes.joined(separator: ", "))", in: module.weightsFile)
        }
        guard found.allSatisfy({ Architectures.isSameFamily($0.family, first.family) }) else {
            throw BundleError.content(
                file: module.folder.path, field: "the base model",
                found: "names that fit \(found.map(\.family).joined(separator: ", "))", expected: "one family",
                fix: "give the base model with --model")
        }
        let (hidden, intermediate) = try sizes(
            adapted, try Architecture(Self.shape(first.family, layers: layers, hidden: 2, intermediate: 3)),
            first.prefix)
        return (
            try Architecture(Self.shape(first.family, layers: layers, hidden: hidden, intermediate: intermediate)),
            first.prefix
        )
    }

    /// The first module that no family has, by the family that has most of the others.
    private func misfit(_ adapted: [String], layers: Int) throws -> String {
        var least = adapted
        for family in Architectures.encoderTypes {
            let probe = try Architecture(Self.shape(family, layers: layers, hidden: 2, intermediate: 3))
            for prefix in ["", probe.encoderPrefix] {
                let others = adapted.filter { !fits([$0], probe, prefix) }
                if !others.isEmpty, others.count < least.count { least = others }
            }
        }
        return least[0]
    }

    private static func shape(_ family: String, layers: Int, hidden: Int, intermediate: Int) -> ModelConfiguration {
        ModelConfiguration(
            family: family, hidden: hidden, layers: layers, heads: 0, intermediate: intermediate, vocabulary: 0,
            positions: 0, types: 0)
    }

    private func fits(_ adapted: [String], _ architecture: Architecture, _ prefix: String) -> Bool {
        let modules = Set(architecture.sites.compactMap(\.weight).map { prefix + $0.dropLast(".weight".count) })
        return adapted.allSatisfy(modules.contains)
    }

    /// The hidden and the intermediate size, from the shapes of the tensors; 0: not known.
    private func sizes(_ adapted: [String], _ probe: Architecture, _ prefix: String) throws -> (Int, Int) {
        var sizes = [2: 0, 3: 0]
        for site in probe.sites {
            guard let weight = site.weight else { continue }
            let name = prefix + weight.dropLast(".weight".count)
            guard module.has(name + method.marker) else { continue }
            let (input, output) = try method.widths(of: name, in: module)
            if let input { sizes[site.input] = input }
            if let output { sizes[site.output] = output }
        }
        return (sizes[2] ?? 0, sizes[3] ?? 0)
    }

    // MARK: The configuration

    /// Each name in `target_modules` means a module that is there, and each module is meant.
    private func checkTargets(_ adapted: [String]) throws {
        guard let targets = choice.targets else { return }
        func means(_ target: String, _ name: String) -> Bool { name == target || name.hasSuffix("." + target) }
        if let missing = targets.first(where: { target in !adapted.contains { means(target, $0) } }) {
            throw module.wrong("target_modules", missing, "modules with tensors in \(module.weightsFile)")
        }
        if let extra = adapted.first(where: { name in !targets.contains { means($0, name) } }) {
            throw module.wrong(
                extra + method.marker, "a tensor", "only modules in target_modules", in: module.weightsFile)
        }
    }

    // MARK: The head

    /// A classification head under `modules_to_save`; BERT's pooler may be the base's own.
    private mutating func addHead(to bundle: inout AdapterBundle) throws {
        guard !module.rest.isEmpty, choice.isClassifier,
            let classifier = TransformersNames.of(bundle.base.shape.family)?.classifier
        else { return }
        let hidden = bundle.base.shape.hidden
        guard module.has("\(classifier.out).weight") else { return }
        let count = try module.matrix("\(classifier.out).weight").rows
        guard (1...65_536).contains(count) else {
            throw module.wrong("\(classifier.out).weight", "\(count) labels", "1 to 65536", in: module.weightsFile)
        }
        let head = NamedHead(bundle.name, AdapterHubLabels.head(AdapterHubLabels.anonymous(count)))
        for (ours, theirs) in TransformersNames.tensors(classifier, scope: head.scope) {
            let isDense = theirs.hasPrefix(classifier.dense + ".")
            let shape = (isDense ? [hidden, hidden] : [count, hidden]).prefix(theirs.hasSuffix(".bias") ? 1 : 2)
            let values: [Float]
            if isDense, !module.has(theirs) {
                values = try baseTensor(theirs, Array(shape), classifier)
            } else {
                values = try module.take(theirs, shape: Array(shape))
            }
            bundle.tensors.append(NamedTensor(ours, Array(shape), values))
        }
        bundle.heads = [head]
        warnings.append(
            ForeignWarnings.oneOutput(head, folder: module.folder.path)
                ?? "\(module.folder.path): PEFT's files have no names for labels, so they are "
                + ForeignWarnings.shown(AdapterHubLabels.anonymous(count)))
    }

    private func baseTensor(
        _ name: String, _ shape: [Int], _ classifier: TransformersNames.Classifier
    ) throws -> [Float] {
        guard let values = try model?.extraTensor(name, shape: shape) else {
            throw BundleError.content(
                file: module.weightsFile, field: name, found: "missing",
                expected: "the head's dense layer, which PEFT saves with modules_to_save="
                    + "\(classifier.modules)",
                fix: model == nil
                    ? "give the base model with --model, whose pooler the adapter was trained with"
                    : "train it with these modules_to_save, since the base model has no pooler")
        }
        return values
    }

    /// The tensors are those that the configuration asks for.
    private func checkSchema(_ bundle: AdapterBundle) throws {
        let specs = try bundle.specs()
        guard specs.map(\.name) == bundle.tensors.map(\.name), specs.map(\.shape) == bundle.tensors.map(\.shape) else {
            throw module.wrong("tensors", "other tensors", "those of its configuration", in: module.weightsFile)
        }
    }
}

extension AdapterBundle {
    fileprivate typealias WithWarnings = (bundle: AdapterBundle, warnings: [String])
}
