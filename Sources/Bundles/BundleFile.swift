import Adapters
import Files
import Foundation
import Models
import Numerics

/// Bundles as files: an HDF5 tree in a sealed container, written whole or not at all.
package enum BundleFile {
    /// What is written. Version 1 is read too; it does not know the tokenizer, nor what its heads were trained for.
    package static let version: Int64 = 2
    package static let creator = "amalgam 0.1"
    /// Of `Provenance.texts`: numbers by `DocumentSet.key` of the target `Tasks`. Another way to compute them is another name.
    static let sketchName = "text_keys_1"

    /// Writes a bundle; the same bundle always gives the same bytes.
    /// - Throws: `FileError`
    package static func write(_ bundle: AdapterBundle, to url: URL) throws {
        try AtomicFile.replace(url, with: try data(bundle))
    }

    /// The bytes of the file.
    /// - Throws: `FileError`; `BundleError.content` for a name that no group of the file can have
    package static func data(_ bundle: AdapterBundle) throws -> Data {
        try checkNames(bundle)
        return try BundleContainer.seal(tree(bundle))
    }

    /// Refuses what could not be written, before hours of training rather than after: names that no group can have, and
    /// lists and texts that are too long for the format. Of its tensors only the names count, not the values.
    /// - Throws: what `data` would
    package static func check(_ bundle: AdapterBundle) throws {
        try checkNames(bundle)
        var skeleton = bundle
        skeleton.tensors = try bundle.specs().map { NamedTensor($0.name, [0], []) }
        try HDF5.check(tree(skeleton))
    }

    private static func checkNames(_ bundle: AdapterBundle) throws {
        for head in bundle.heads where Set(head.head.labels).count < head.head.labels.count {
            throw BundleError.content(
                file: bundle.name, field: "labels of head \(head.name)", found: "a label that appears twice",
                expected: "different labels", fix: "rename one of them")
        }
        for name in bundle.members.map(\.name) + bundle.heads.map(\.name) where !isName(name) {
            throw BundleError.content(
                file: bundle.name, field: "name",
                found: name.utf8.count > 200 ? "\(name.utf8.count) bytes" : "\"\(name)\"",
                expected: "1 to 200 bytes without '/' and control characters", fix: "rename the adapter or head")
        }
    }

    /// Whether an adapter or head can be called so: names are groups of the file, and folders when exported.
    package static func isName(_ name: String) -> Bool {
        !name.isEmpty && name != "." && name != ".." && name.utf8.count <= 200
            && !name.utf8.contains { $0 == UInt8(ascii: "/") || $0 < 0x20 }
    }

    /// A list; as one text of JSON where it is too long for an attribute of the format.
    private static func labels(_ labels: [String]) -> HDF5Attribute {
        labels.count <= 4000 ? .strings(labels) : .string(ConfigurationValue.list(labels.map { .string($0) }).json)
    }

    private static func tree(_ bundle: AdapterBundle) -> HDF5Group {
        var root = HDF5Group()
        root.attributes = [
            ("format", .string("amalgam.bundle")), ("version", .integer(version)),
            ("kind", .string(bundle.kind.rawValue)), ("name", .string(bundle.name)), ("creator", .string(creator)),
        ]
        if let composition = bundle.composition {
            root.attributes.append(("composition", .string(composition.json.json)))
        }
        if let language = bundle.language {
            root.attributes += [("language", .string(language.name)), ("language_hash", .string(language.hash))]
        }

        let shape = bundle.base.shape
        var base = HDF5Group()
        base.attributes = [
            ("name", .string(bundle.base.name)), ("architecture", .string(shape.family)),
            ("fingerprint", .string(bundle.base.fingerprint ?? "unknown")),
            ("tokenizer", .string(bundle.base.tokenizer ?? "unknown")), ("hidden", .integer(Int64(shape.hidden))),
            ("layers", .integer(Int64(shape.layers))), ("heads", .integer(Int64(shape.heads))),
            ("intermediate", .integer(Int64(shape.intermediate))), ("vocabulary", .integer(Int64(shape.vocabulary))),
            ("positions", .integer(Int64(shape.positions))), ("types", .integer(Int64(shape.types))),
        ]
        if let decoder = shape.decoder {
            base.attributes += [
                ("key_heads", .integer(Int64(decoder.keyHeads))), ("head_width", .integer(Int64(decoder.head))),
            ]
        }
        var members = HDF5Group()
        for member in bundle.members {
            var group = HDF5Group()
            let configuration = member.configuration.json
            group.attributes = [
                ("method", .string(member.configuration.method)), ("config", .string(configuration)),
                ("hash", .string(bundle.contentHash(of: member.scope, configuration: configuration))),
            ]
            members.groups.append((member.name, group))
        }
        var heads = HDF5Group()
        for named in bundle.heads {
            var group = HDF5Group()
            group.attributes = [
                ("kind", .string(named.head.kind)), ("config", .string(ConfigurationValue.map(named.head.fields).json)),
            ]
            if !named.head.labels.isEmpty { group.attributes.append(("labels", labels(named.head.labels))) }
            if let task = named.task {
                group.attributes += [("task", .string(task.name)), ("task_kind", .string(task.kind))]
            }
            heads.groups.append((named.name, group))
        }
        let p = bundle.provenance
        var provenance = HDF5Group()
        provenance.attributes = [
            ("task", .string(p.task)), ("data_sha256", .string(p.dataSHA256)), ("seed", .integer(Int64(p.seed))),
            ("settings", .string(p.settings)), ("steps", .integer(Int64(p.steps))),
            ("epochs", .integer(Int64(p.epochs))), ("metrics", .string(p.metrics)), ("kernels", .string(p.kernels)),
            ("license", .string(p.license)),
        ]
        let pairs = bundle.heads.compactMap { head in head.pairs.map { (head.name, ConfigurationValue.bool($0)) } }
        if !pairs.isEmpty {
            let map = ConfigurationValue.map(Dictionary(pairs) { first, _ in first })
            provenance.attributes.append(("pairs", .string(map.json)))
        }
        if !p.startedFrom.isEmpty {
            let map = ConfigurationValue.map(p.startedFrom.mapValues { .string($0) })
            provenance.attributes.append(("started_from", .string(map.json)))
        }
        if let texts = p.texts {
            provenance.attributes.append(("texts", .integer(Int64(texts.texts))))
            if texts.isPartial { provenance.attributes.append(("texts_partial", .integer(1))) }
            if !texts.keys.isEmpty {
                let keys = texts.keys.map { Int64(bitPattern: $0) }
                provenance.datasets = [(sketchName, HDF5Dataset(shape: [keys.count], value: .int64(keys)))]
            }
        }
        root.groups = [("base", base)]
        if !bundle.members.isEmpty { root.groups.append(("members", members)) }
        if !bundle.heads.isEmpty { root.groups.append(("heads", heads)) }
        root.groups.append(("provenance", provenance))
        for tensor in bundle.tensors {
            root.insert(
                HDF5Dataset(shape: tensor.shape, value: .float32(tensor.values)),
                at: tensor.name.split(separator: "/").map(String.init)[...])
        }
        return root
    }

    /// Reads a bundle and checks it against its own configuration: every tensor that its members, blocks and heads need
    /// is there, of the right shape, and finite; nothing else is; each member's content is what its hash says.
    /// - Parameter allowChanged: accepts a file that another program has changed since it was written.
    /// - Throws: `FileError`, `BundleError`, `AdapterError`
    package static func read(_ url: URL, allowChanged: Bool = false) throws -> AdapterBundle {
        let (root, _) = try BundleContainer.open(url, allowChanged: allowChanged)
        return try BundleReader(file: url.path, root: root).bundle(allowChanged: allowChanged)
    }

    /// The same from a file's bytes.
    /// - Parameter name: what messages call the file
    package static func read(_ data: Data, name: String, allowChanged: Bool = false) throws -> AdapterBundle {
        let (root, _) = try BundleContainer.open(data, name: name, allowChanged: allowChanged)
        return try BundleReader(file: name, root: root).bundle(allowChanged: allowChanged)
    }

    /// What of a bundle is not as it was written: a line for the seal, and one for each member whose content is not what
    /// its hash says. Empty for a file that nobody has changed.
    ///
    /// For `inspect --verify`, which with `--allow-changed` says what was changed instead of refusing the file.
    /// - Throws: `FileError`, `BundleError`, `AdapterError` for what cannot be read even as a changed file
    package static func changes(_ url: URL) throws -> [String] {
        let (root, sha256) = try BundleContainer.open(url, allowChanged: true)
        let reader = BundleReader(file: url.path, root: root)
        let bundle = try reader.bundle(allowChanged: true)
        var changes = try reader.memberChanges(bundle).map { "\($0.path): content \($0.found), sealed with \($0.hash)" }
        if (try? BundleContainer.open(url)) == nil {
            changes.insert("the file: changed after it was written; SHA-256 is now \(sha256)", at: 0)
        }
        return changes
    }
}

extension HDF5Group {
    fileprivate mutating func insert(_ dataset: HDF5Dataset, at path: ArraySlice<String>) {
        guard let first = path.first else { return }
        if path.count == 1 {
            datasets.append((first, dataset))
        } else if let i = groups.firstIndex(where: { $0.0 == first }) {
            groups[i].1.insert(dataset, at: path.dropFirst())
        } else {
            var group = HDF5Group()
            group.insert(dataset, at: path.dropFirst())
            groups.append((first, group))
        }
    }
}
