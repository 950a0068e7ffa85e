import Adapters
import Files
import Foundation
import Models
import Numerics

/// What a bundle knows of the model that it was trained on.
package struct BaseIdentity: Equatable, Sendable {
    package var name: String
    /// SHA-256 over the base's canonical content; nil for adapters that came from elsewhere.
    package var fingerprint: String?
    /// Digest of all that decides which ids its tokenizer gives; nil for adapters that came from elsewhere, and in files
    /// of version 1.
    package var tokenizer: String?
    /// Its numbers; 0 is one that is not known, in imported bundles.
    package var shape: ModelConfiguration

    package init(name: String, fingerprint: String?, tokenizer: String? = nil, shape: ModelConfiguration) {
        self.name = name
        self.fingerprint = fingerprint
        self.tokenizer = tokenizer
        self.shape = shape
    }
}

/// A tensor by its full name: `members/NAME/afterFeedForward/3/down.weight`, `blocks/ID/…`, `heads/NAME/…`, `base/…`.
package struct NamedTensor: Equatable, Sendable {
    package var name: String
    /// [out, in] for matrices.
    package var shape: [Int]
    package var values: [Float]

    package init(_ name: String, _ shape: [Int], _ values: [Float]) {
        self.name = name
        self.shape = shape
        self.values = values
    }
}

/// Names of tensors: `adapters/NAME/…`, `blocks/ID/…`, `heads/NAME/…`.
package enum TensorName {
    /// The adapter, block or head that a tensor belongs to: the first two parts of its name.
    package static func scope(_ name: String) -> String {
        name.split(separator: "/", maxSplits: 2).prefix(2).joined(separator: "/")
    }
}

/// What a head was trained for.
package struct HeadTask: Equatable, Sendable {
    /// The task's name, as its definition has it.
    package var name: String
    /// Of task: "text-classification".
    package var kind: String

    package init(name: String, kind: String) {
        self.name = name
        self.kind = kind
    }
}

/// A head with the task that it is for.
package struct NamedHead: Equatable, Sendable {
    /// Of its group in the file: the task's name, made safe for one.
    package var name: String
    package var head: any Head
    /// nil for heads that came from elsewhere, and in files of version 1.
    package var task: HeadTask?
    /// Whether it was trained on pairs of texts, if its kind of task reads single texts too; nil where it does not, or
    /// where the bundle does not say.
    package var pairs: Bool?

    package init(_ name: String, _ head: any Head, task: HeadTask? = nil, pairs: Bool? = nil) {
        self.name = name
        self.head = head
        self.task = task
        self.pairs = pairs
    }

    package var scope: String { "heads/\(name)" }

    package static func == (a: NamedHead, b: NamedHead) -> Bool {
        a.name == b.name && a.head.equals(b.head) && a.task == b.task
    }
}

/// Where a bundle came from: what shapes the result, and what it reached. Never paths, threads or times.
package struct Provenance: Equatable, Sendable {
    package var task = ""
    package var dataSHA256 = ""
    package var seed = 0
    /// Canonical JSON of the settings.
    package var settings = "{}"
    package var steps = 0
    package var epochs = 0
    /// Canonical JSON of the metrics on dev.
    package var metrics = "{}"
    package var kernels = ""
    package var license = ""
    /// SHA-256 of adapters and blocks as they were before this training changed them, by their scopes (`members/NAME`,
    /// `blocks/ID`); only those that came from other bundles.
    package var startedFrom: [String: String] = [:]
    /// The texts that it and its parts were trained on; nil: not known.
    package var texts: TextSketch?

    package init() {}
}

/// The language adapter that a bundle was trained on, which it does not carry.
package struct LanguageReference: Equatable, Sendable {
    package var name: String
    /// Of its content (`AdapterBundle.contentHash`).
    package var hash: String

    package init(name: String, hash: String) {
        self.name = name
        self.hash = hash
    }
}

/// Adapters with their composition, heads, and what else is needed to use them.
package struct AdapterBundle: Equatable, Sendable {
    /// What users call a bundle by what it holds.
    package enum Kind: String, Sendable, CaseIterable {
        case adapter, fusion, composition, full, head, mlm

        /// Of a bundle without an overlay.
        package init(_ composition: Composition?) {
            switch composition {
            case nil: self = .head
            case .leaf?: self = .adapter
            case .block(let node)?: self = node.block is Fuse ? .fusion : .composition
            }
        }
    }

    /// Tensors that belong to no adapter, block or head.
    package enum Overlay: Equatable, Sendable {
        /// All weights of the base, under `base/`.
        case base
        /// A masked-language head, under `mlm/`.
        case languageHead
    }

    package var name: String
    package var base: BaseIdentity
    package var members: [Member]
    package var composition: Composition?
    package var overlay: Overlay?
    package var heads: [NamedHead]
    package var tensors: [NamedTensor]
    package var provenance: Provenance
    /// nil: trained on the bare base.
    package var language: LanguageReference?

    package init(
        name: String, base: BaseIdentity, members: [Member] = [], composition: Composition? = nil,
        overlay: Overlay? = nil, heads: [NamedHead] = [], tensors: [NamedTensor] = [],
        provenance: Provenance = Provenance()
    ) {
        self.name = name
        self.base = base
        self.members = members
        self.composition = composition
        self.overlay = overlay
        self.heads = heads
        self.tensors = tensors
        self.provenance = provenance
    }

    package var kind: Kind {
        switch overlay {
        case .base?: .full
        case .languageHead?: .mlm
        case nil: Kind(composition)
        }
    }

    package static func == (a: AdapterBundle, b: AdapterBundle) -> Bool {
        a.overlay == b.overlay && a.name == b.name && a.base == b.base && a.composition == b.composition
            && a.members.map(\.name) == b.members.map(\.name)
            && a.members.map(\.configuration) == b.members.map(\.configuration) && a.heads == b.heads
            && a.tensors == b.tensors && a.provenance == b.provenance && a.language == b.language
    }

    /// The tensors that its members, blocks, heads and overlay must have, in order: the schema.
    /// - Parameter architecture: of the model; nil: what the bundle says of its base.
    package func specs(for architecture: Architecture? = nil) throws -> [ParameterSpec] {
        let architecture = try architecture ?? Architecture(base.shape)
        let shape = architecture.configuration
        var specs: [ParameterSpec] = []
        for member in members { specs += try member.specs(architecture) }
        if let composition { specs += try composition.blockSpecs(members, architecture) }
        for head in heads { specs += head.head.specs(hidden: shape.hidden, scope: head.scope) }
        switch overlay {
        case .base: specs += architecture.tensors.map { ParameterSpec("base/\($0.name)", $0.shape, .zeros) }
        case .languageHead: specs += MaskedLanguageHead.specs(hidden: shape.hidden, vocabulary: shape.vocabulary)
        case nil: break
        }
        return specs
    }

    /// Bytes of parameters under a prefix (`members/NAME`), as float32.
    package func bytes(under prefix: String) -> Int {
        tensors.reduce(0) { $0 + ($1.name.hasPrefix(prefix + "/") ? $1.values.count * 4 : 0) }
    }

    /// SHA-256 of a member's or head's content: its configuration and its tensors.
    package func contentHash(of scope: String, configuration: String) -> String {
        Self.contentHash(tensors.filter { $0.name.hasPrefix(scope + "/") }, of: scope, configuration: configuration)
    }

    /// The same where the scope's tensors are at hand.
    package static func contentHash(_ tensors: some Sequence<NamedTensor>, of scope: String, configuration: String)
        -> String
    {
        var digest = Digest.Incremental()
        digest.update(Data(configuration.utf8))
        for tensor in tensors {
            digest.update(Data("\n\(tensor.name.dropFirst(scope.count)) \(tensor.shape)\n".utf8))
            tensor.values.withUnsafeBytes { digest.update($0) }
        }
        return digest.hexDigest()
    }
}
