import Adapters
import Files
import Models
import Numerics

/// A bundle from an HDF5 tree whose content nobody vouches for.
struct BundleReader {
    let file: String
    let root: HDF5Group

    private func wrong(_ field: String, _ found: String, _ expected: String) -> BundleError {
        .content(
            file: file, field: field, found: found, expected: expected,
            fix: "export the bundle again from the program that made it")
    }

    private func text(_ group: HDF5Group, _ name: String, in path: String, default fallback: String? = nil) throws
        -> String
    {
        if case .string(let value)? = group.attribute(name) { return value }
        if let fallback, group.attribute(name) == nil { return fallback }
        throw wrong("\(path)@\(name)", "\(group.attribute(name) == nil ? "nothing" : "another type")", "text")
    }

    private func number(_ group: HDF5Group, _ name: String, in path: String, range: ClosedRange<Int>) throws -> Int {
        guard case .integer(let raw)? = group.attribute(name), let value = Int(exactly: raw), range.contains(value)
        else {
            throw wrong(
                "\(path)@\(name)", group.attribute(name).map { "\($0)" } ?? "nothing",
                "an integer in \(range.lowerBound)...\(range.upperBound)")
        }
        return value
    }

    /// - Parameter allowChanged: takes members whose content is not what their hash says
    func bundle(allowChanged: Bool) throws -> AdapterBundle {
        let format = try text(root, "format", in: "/")
        guard format == "amalgam.bundle" else { throw wrong("/@format", format, "amalgam.bundle") }
        let version = try number(root, "version", in: "/", range: 0...Int(Int32.max))
        guard (1...Int(BundleFile.version)).contains(version) else {
            throw BundleError.content(
                file: file, field: "/@version", found: "\(version)", expected: "1 to \(BundleFile.version)",
                fix: "use the version of amalgam that wrote it, or a newer one")
        }
        if let draft = root.attribute("draft") {
            throw BundleError.content(
                file: file, field: "/@draft", found: "\(draft)", expected: "none",
                fix: "a development version of amalgam wrote it; train it again with this program")
        }
        var datasets = Self.datasets(root, version: version)
        let textKeys = datasets.removeValue(forKey: "provenance/\(BundleFile.sketchName)")
        let overlay = try overlay(datasets)
        var bundle = AdapterBundle(name: try text(root, "name", in: "/"), base: try base(overlay), overlay: overlay)
        bundle.members = try members()
        bundle.composition = try composition(bundle.members, version: version)
        try checkLayers(bundle, datasets: datasets.count)
        bundle.heads = try heads(version: version)
        try checkWidths(bundle)
        if let fault = bundle.composition?.routingFault(heads: bundle.heads.map(\.name)) {
            throw wrong("/@composition", "\(fault.field): \(fault.found)", "\(fault.field): \(fault.expected)")
        }
        try checkKind(bundle)
        if root.attribute("language") != nil {
            bundle.language = LanguageReference(
                name: try text(root, "language", in: "/"), hash: try text(root, "language_hash", in: "/"))
        }
        bundle.provenance = try provenance()
        bundle.provenance.texts = try texts(textKeys)
        let pairs = try pairs()
        for i in bundle.heads.indices { bundle.heads[i].pairs = pairs[bundle.heads[i].name] }
        bundle.tensors = try tensors(bundle.specs(), in: datasets)
        if !allowChanged, let change = try memberChanges(bundle).first {
            throw BundleError.content(
                file: file, field: "\(change.path)@hash", found: "\(change.hash) for content \(change.found)",
                expected: "the hash of the content",
                fix: "create it again, or add --allow-changed to inspect, evaluate or predict if you trust the change")
        }
        return bundle
    }

    /// Members whose content is not what their hash says, with both hashes' first digits.
    func memberChanges(_ bundle: AdapterBundle) throws -> [(path: String, hash: String, found: String)] {
        // Members and their tensors come in one order: each is looked at once, however many there are.
        var rest = bundle.tensors[...]
        return try zip(bundle.members, root.group("members")?.groups ?? []).compactMap { member, group in
            let path = "/members/\(member.name)"
            let own = rest.prefix { $0.name.hasPrefix(member.scope + "/") }
            rest = rest.dropFirst(own.count)
            let hash = try text(group.1, "hash", in: path)
            // What stands in the file, not what we read it as: it may be from before a field was added
            let found = AdapterBundle.contentHash(
                own, of: member.scope, configuration: try text(group.1, "config", in: path))
            return hash == found ? nil : (path, String(hash.prefix(12)), String(found.prefix(12)))
        }
    }

    /// Names become folders when a bundle is exported: only such as we write ourselves.
    private func checkName(_ name: String, in path: String) throws {
        guard BundleFile.isName(name) else { throw wrong(path, "the name \"\(name)\"", "a valid folder name") }
    }

    /// 0 is unknown, in bundles that came from elsewhere; but what the tensors' shapes depend on must be there.
    private func base(_ overlay: AdapterBundle.Overlay?) throws -> BaseIdentity {
        guard let group = root.group("base") else { throw wrong("/base", "nothing", "a group") }
        func n(_ name: String, _ most: Int, needed: Bool) throws -> Int {
            try number(group, name, in: "/base", range: (needed ? 1 : 0)...most)
        }
        let full = overlay == .base
        let hasVocabulary = overlay != nil
        let family = try text(group, "architecture", in: "/base")
        guard Architectures.modelTypes.contains(family) else {
            throw wrong("/base@architecture", family, Architectures.modelTypes.joined(separator: ", "))
        }
        let isDecoder = Architectures.decoderTypes.contains(family)
        guard !isDecoder || overlay == nil else {
            throw wrong("/base@architecture", family, "an encoder: of decoders, bundles hold adapters alone")
        }
        var shape = ModelConfiguration(
            family: family, hidden: try n("hidden", 65_536, needed: true),
            layers: try n("layers", 1024, needed: full || root.group("members") != nil),
            heads: try n("heads", 1024, needed: full),
            intermediate: try n("intermediate", 1_048_576, needed: full),
            vocabulary: try n("vocabulary", 16_777_216, needed: hasVocabulary),
            positions: try n("positions", 1_048_576, needed: full), types: try n("types", 1024, needed: false))
        if isDecoder {
            shape.decoder = DecoderShape(
                keyHeads: try n("key_heads", 1024, needed: true), head: try n("head_width", 65_536, needed: true))
        }
        // Some families have no token types; the others need a number of them
        if full, let empty = try Architecture(shape).tensors.first(where: { $0.shape.contains(0) }) {
            throw wrong("/base", "shape \(empty.shape) of \(empty.name)", "no zero")
        }
        let fingerprint = try text(group, "fingerprint", in: "/base")
        let tokenizer = try text(group, "tokenizer", in: "/base", default: "unknown")
        return BaseIdentity(
            name: try text(group, "name", in: "/base"), fingerprint: fingerprint == "unknown" ? nil : fingerprint,
            tokenizer: tokenizer == "unknown" ? nil : tokenizer, shape: shape)
    }

    private func members() throws -> [Member] {
        try (root.group("members")?.groups ?? []).map { name, group in
            let path = "/members/\(name)"
            try checkName(name, in: "/members")
            let json = try text(group, "config", in: path)
            guard case .map(let fields)? = ConfigurationValue(json: json) else {
                throw wrong("\(path)@config", json, "a JSON object")
            }
            let configuration = try AdapterConfiguration(
                method: try text(group, "method", in: path), fields: fields, source: "\(file): \(path)")
            return Member(name: name, configuration: configuration)
        }
    }

    /// What the file holds besides adapters, blocks and heads.
    private func overlay(_ datasets: [String: HDF5Dataset]) throws -> AdapterBundle.Overlay? {
        let groups = Set(datasets.keys.map { $0.prefix { $0 != "/" } })
        let hasHead = groups.contains(MaskedLanguageHead.scope[...])
        guard groups.contains("base") else { return hasHead ? .languageHead : nil }
        guard !hasHead else {
            throw wrong("/\(MaskedLanguageHead.scope)", "tensors beside those of /base", "one of them")
        }
        return .base
    }

    /// A bundle's kind follows from what it holds; the file's says what whoever wrote it meant.
    private func checkKind(_ bundle: AdapterBundle) throws {
        let kind = try text(root, "kind", in: "/")
        guard kind == bundle.kind.rawValue else {
            throw wrong("/@kind", kind, "\(bundle.kind.rawValue), which is what it holds")
        }
    }

    private func composition(_ members: [Member], version: Int) throws -> Composition? {
        guard root.attribute("composition") != nil else { return nil }
        let json = try text(root, "composition", in: "/")
        guard let value = ConfigurationValue(json: json) else { throw wrong("/@composition", json, "JSON") }
        let composition: Composition
        if version > 1 {
            do {
                composition = try Composition(json: value)
            } catch {
                throw wrong("/@composition", "\(error.field): \(error.found)", "\(error.field): \(error.expected)")
            }
        } else {
            guard let former = Composition(version1: value, fusion: try fusion()) else {
                throw wrong("/@composition", json, "a composition")
            }
            composition = former
        }
        let names = Set(members.map(\.name))
        if let missing = composition.members.first(where: { !names.contains($0) }) {
            throw wrong("/@composition", missing, "one of the members \(members.prefix(8).map(\.name))")
        }
        return composition
    }

    /// The fusion's configuration in version 1.
    private func fusion() throws -> FusionConfiguration? {
        guard root.attribute("fusion") != nil else { return nil }
        let json = try text(root, "fusion", in: "/")
        guard let value = ConfigurationValue(json: json), let fusion = FusionConfiguration(json: value) else {
            throw wrong("/@fusion", json, "value, regularization and temperature")
        }
        return fusion
    }

    private func heads(version: Int) throws -> [NamedHead] {
        try (root.group("heads")?.groups ?? []).map { name, group in
            let path = "/heads/\(name)"
            try checkName(name, in: "/heads")
            let kind = try text(group, "kind", in: path)
            guard let type = Heads.named(kind) else {
                throw wrong("\(path)@kind", kind, Heads.kinds.joined(separator: ", "))
            }
            var labels: [String] = []
            if let attribute = group.attribute("labels") {
                guard let list = self.labels(attribute), Set(list).count == list.count else {
                    throw wrong("\(path)@labels", "not a list", "a list of different labels")
                }
                labels = list
            }
            let (fields, task) = (try headFields(group, in: path, version: version), try headTask(group, in: path))
            do {
                return NamedHead(name, try type.init(fields: fields, labels: labels), task: task)
            } catch let fault as HeadFault {
                throw wrong("\(path)@\(fault.field)", fault.found, fault.expected)
            }
        }
    }

    /// What a head has beside its labels: one attribute for each field in version 1, JSON since then.
    private func headFields(_ group: HDF5Group, in path: String, version: Int) throws -> HeadFields {
        guard version > 1 else {
            return HeadFields([
                "pooling": .string(try text(group, "pooling", in: path)),
                "text_prefix": .string(try text(group, "text_prefix", in: path, default: "")),
            ])
        }
        let json = try text(group, "config", in: path)
        guard case .map(let fields)? = ConfigurationValue(json: json) else {
            throw wrong("\(path)@config", json, "a JSON object")
        }
        return HeadFields(fields)
    }

    /// What the head was trained for: both of its attributes, or none.
    private func headTask(_ group: HDF5Group, in path: String) throws -> HeadTask? {
        guard group.attribute("task") != nil || group.attribute("task_kind") != nil else { return nil }
        return HeadTask(name: try text(group, "task", in: path), kind: try text(group, "task_kind", in: path))
    }

    /// A list of texts, or JSON of one where it is too long for a list.
    private func labels(_ attribute: HDF5Attribute?) -> [String]? {
        switch attribute {
        case .strings(let labels)?: return labels
        case .string(let json)?:
            guard case .list(let items)? = ConfigurationValue(json: json) else { return nil }
            let labels = items.compactMap { if case .string(let label) = $0 { label } else { nil } }
            return labels.count == items.count ? labels : nil
        default: return nil
        }
    }

    private func provenance() throws -> Provenance {
        var p = Provenance()
        guard let group = root.group("provenance") else { return p }
        let path = "/provenance"
        p.task = try text(group, "task", in: path, default: "")
        p.dataSHA256 = try text(group, "data_sha256", in: path, default: "")
        p.seed = try number(group, "seed", in: path, range: 0...Int(Int64.max))
        p.settings = try text(group, "settings", in: path, default: "{}")
        p.steps = try number(group, "steps", in: path, range: 0...Int(Int64.max))
        p.epochs = try number(group, "epochs", in: path, range: 0...Int(Int64.max))
        p.metrics = try text(group, "metrics", in: path, default: "{}")
        p.kernels = try text(group, "kernels", in: path, default: "")
        p.license = try text(group, "license", in: path, default: "")
        let started = try text(group, "started_from", in: path, default: "{}")
        guard case .map(let hashes)? = ConfigurationValue(json: started) else {
            throw wrong("\(path)@started_from", started, "a JSON object")
        }
        p.startedFrom = hashes.compactMapValues { if case .string(let hash) = $0 { hash } else { nil } }
        return p
    }

    /// The texts that it was trained on; nil in files that do not say it.
    private func texts(_ dataset: HDF5Dataset?) throws -> TextSketch? {
        let path = "/provenance"
        guard let group = root.group("provenance"), group.attribute("texts") != nil else {
            if dataset != nil { throw wrong("\(path)@texts", "nothing", "a number") }
            return nil
        }
        let count = try number(group, "texts", in: path, range: 0...Int(Int64.max))
        let isPartial =
            try group.attribute("texts_partial") != nil && number(group, "texts_partial", in: path, range: 0...1) == 1
        guard let dataset else { return TextSketch(keys: [], texts: count, isPartial: isPartial) }
        let field = "\(path)/\(BundleFile.sketchName)"
        guard case .int64(let numbers) = dataset.value, dataset.shape == [numbers.count] else {
            throw wrong(field, "shape \(dataset.shape)", "a list of int64")
        }
        let keys = numbers.map { UInt64(bitPattern: $0) }
        guard keys.count <= min(count, TextSketch.most) else {
            throw wrong(field, "\(keys.count) numbers", "at most \(min(count, TextSketch.most))")
        }
        guard zip(keys, keys.dropFirst()).allSatisfy({ $0 < $1 }), keys.first != 0 else {
            throw wrong(field, "numbers that are not in order", "different numbers above 0, ascending")
        }
        return TextSketch(keys: keys, texts: count, isPartial: isPartial)
    }

    /// By head, whether it was trained on pairs of texts.
    private func pairs() throws -> [String: Bool] {
        guard let group = root.group("provenance") else { return [:] }
        let json = try text(group, "pairs", in: "/provenance", default: "{}")
        guard case .map(let heads)? = ConfigurationValue(json: json) else {
            throw wrong("/provenance@pairs", json, "a JSON object")
        }
        return heads.compactMapValues { if case .bool(let value) = $0 { value } else { nil } }
    }

    /// Every dataset of the file by its path; in version 1, the one fusion's are in a group of their own.
    private static func datasets(_ root: HDF5Group, version: Int) -> [String: HDF5Dataset] {
        var found: [String: HDF5Dataset] = [:]
        func collect(_ group: HDF5Group, _ path: String) {
            for (name, dataset) in group.datasets { found[path + name] = dataset }
            for (name, child) in group.groups {
                collect(child, version == 1 && path.isEmpty && name == "fusion" ? "blocks/fuse/" : path + name + "/")
            }
        }
        collect(root, "")
        return found
    }

    /// A head without tensors says how wide the rows are that it gives; they are the base's.
    private func checkWidths(_ bundle: AdapterBundle) throws {
        for head in bundle.heads {
            switch head.head.output {
            case .similarity(_, let width), .ranking(_, let width):
                guard width != bundle.base.shape.hidden else { continue }
                throw wrong(
                    "/heads/\(head.name)@width", "\(width)", "\(bundle.base.shape.hidden), as the base's hidden states")
            default: continue
            }
        }
    }

    /// Holds the number of layers to the tensors that are there, before a schema of that size is made. Numbers that models
    /// have cost nothing, and pass.
    private func checkLayers(_ bundle: AdapterBundle, datasets: Int) throws {
        let layers = bundle.base.shape.layers
        guard layers <= 64 || layers * max(1, bundle.members.count) <= datasets + 1024 else {
            throw wrong("/base@layers", "\(layers) with \(datasets) tensors", "tensors for each layer")
        }
    }

    private func tensors(_ specs: [ParameterSpec], in datasets: [String: HDF5Dataset]) throws -> [NamedTensor] {
        var found = datasets
        let tensors = try specs.map { spec in
            guard spec.count > 0 else {
                throw wrong("/\(spec.name)", "shape \(spec.shape) by its configuration", "a shape without zeros")
            }
            guard let dataset = found.removeValue(forKey: spec.name) else {
                throw wrong("/\(spec.name)", "missing", "shape \(spec.shape) by its configuration")
            }
            guard dataset.shape == spec.shape else {
                throw wrong("/\(spec.name)", "shape \(dataset.shape)", "\(spec.shape) by its configuration")
            }
            guard case .float32(let values) = dataset.value else {
                throw wrong("/\(spec.name)", "another type", "float32")
            }
            guard let bad = values.firstIndex(where: { !$0.isFinite }) else {
                return NamedTensor(spec.name, spec.shape, values)
            }
            throw wrong("/\(spec.name)", "\(values[bad]) at element \(bad)", "finite numbers")
        }
        if let extra = found.keys.sorted().first { throw wrong("/\(extra)", "a tensor", "no tensor of that name") }
        return tensors
    }
}
