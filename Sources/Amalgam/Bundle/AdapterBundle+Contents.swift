import Adapters
import Bundles
import Models
import Tasks
import Training

/// What a bundle holds, as values.
extension AdapterBundle {
    /// What a bundle is, by what it holds.
    public enum Kind: String, Sendable, CaseIterable {
        /// One adapter.
        case adapter
        /// A fusion of adapters.
        case fusion
        /// Another composition of adapters.
        case composition
        /// All weights of the model.
        case full
        /// Heads alone.
        case head
        /// A head that predicts masked tokens.
        case maskedLanguageHead = "mlm"
    }

    /// What it is, by what it holds.
    public var kind: Kind { Kind(rawValue: stored.kind.rawValue) ?? .composition }

    /// Its name: by default that of its task or language.
    public var name: String { stored.name }

    /// The number of all values that it holds.
    public var parameters: Int { stored.tensors.reduce(0) { $0 + $1.values.count } }

    /// An adapter in a bundle.
    public struct Member: Sendable, Equatable {
        /// Its name in the composition.
        public var name: String
        /// Its method and fields.
        public var configuration: AdapterConfiguration
        /// The number of its values.
        public var parameters: Int
        /// SHA-256 of its configuration and values.
        public var contentHash: String
        /// The content hash of the adapter that this one was before the bundle's training, where it learned together with a
        /// fusion; nil for an adapter that the training left as it was, or that is new.
        public var startedFrom: String?

        /// Size of its values in bytes, as float32.
        public var bytes: Int { parameters * 4 }
    }

    /// The adapters, by name.
    public var members: [Member] {
        stored.members.map { member in
            Member(
                name: member.name, configuration: AdapterConfiguration(member.configuration),
                parameters: stored.bytes(under: member.scope) / 4,
                contentHash: stored.contentHash(of: member.scope, configuration: member.configuration.json),
                startedFrom: stored.provenance.startedFrom[member.scope])
        }
    }

    /// How the adapters act together, such as `stack(a, fuse(b, c))`; nil without adapters.
    public var composition: String? { stored.composition?.text }

    /// Whether its adapters run side by side on the same texts (``Composition/parallel(_:)``): each has heads of its own.
    public var isParallel: Bool { stored.composition?.routers.contains { $0.router is Parallel } == true }

    /// The same as a tree, in the form that files have: an adapter's name, or a block with its parts and options; nil without
    /// adapters.
    public var compositionTree: SettingValue? { (stored.composition?.json).map { SettingValue($0) } }

    /// A head in a bundle.
    public struct Head: Sendable, Equatable {
        /// What a head gives for a text.
        public enum Output: Sendable, Equatable {
            /// One of some classes.
            case classes([String])
            /// A tag for each word.
            case tags([String])
            /// A dependency tree over the words, with these labels of arcs.
            case trees([String])
            /// So many numbers.
            case numbers(Int)
            /// Any number of these labels; a label is given if its probability reaches its threshold.
            case labelSets([String], thresholds: [Float])
            /// One of the choices of a question.
            case choices
            /// A part of a context; `hasNone` tells whether it may say that there is no answer.
            case answers(hasNone: Bool)
            /// The similarity of two texts, a number of this range.
            case similarity(ClosedRange<Float>)
            /// A ranking of documents for a query, or of entities for a mention.
            case ranking(ofEntities: Bool)
            /// Clusters of mentions that refer to the same thing.
            case clusters
            /// The tokens that are hidden in a text.
            case tokens
        }

        /// Its name: that of its task.
        public var name: String
        /// What it is called in the file: `classification`, `tagging`, `parsing`, `regression`, `multi_label`, `multiple_choice`, `span`,
        /// `similarity`, `ranking`, `coreference`, `masked_language`.
        public var kind: String
        /// The task that it was trained for; nil for a head that came from elsewhere.
        public var task: String?
        /// The kind of this task; nil for a head that came from elsewhere.
        public var taskKind: TextTask.Kind?
        /// What it gives.
        public var output: Output
        /// What it reads of a text; nil if it reads each word or token by itself.
        public var pooling: Pooling?
        /// What stands before each text: `query: ` for E5 models.
        public var textPrefix: String

        /// Its classes, tags or labels in the order of probabilities, or the labels of its arcs; empty for numbers,
        /// choices, answers, clusters and tokens.
        public var labels: [String] {
            switch output {
            case .classes(let labels), .tags(let labels), .trees(let labels), .labelSets(let labels, _): labels
            case .numbers, .choices, .answers, .similarity, .ranking, .clusters, .tokens: []
            }
        }
    }

    /// The heads, by name.
    public var heads: [Head] { stored.heads.map { Head($0) } }

    /// The model that a bundle was trained on.
    public struct Base: Sendable, Equatable {
        /// The model's name.
        public var name: String
        /// `model_type` in its config.json.
        public var family: String
        /// SHA-256 over its weights; nil for adapters that came from elsewhere.
        public var fingerprint: String?
        /// Digest of its tokenizer; nil where it is not known.
        public var tokenizer: String?
        /// Number of layers; 0 where it is not known.
        public var layers: Int
        /// Width of the hidden states.
        public var hiddenSize: Int
    }

    /// The model that it was trained on.
    public var base: Base {
        let base = stored.base
        return Base(
            name: base.name, family: base.shape.family, fingerprint: base.fingerprint, tokenizer: base.tokenizer,
            layers: base.shape.layers, hiddenSize: base.shape.hidden)
    }

    /// A language adapter that a bundle was trained on and does not contain.
    public struct Language: Sendable, Equatable {
        /// The language adapter's name.
        public var name: String
        /// SHA-256 of its content.
        public var hash: String
    }

    /// The language adapter that it was trained on; nil for none.
    public var language: Language? { stored.language.map { Language(name: $0.name, hash: $0.hash) } }

    /// Where a bundle came from. It has no times, paths or thread counts: the same training gives the same bytes.
    public struct Provenance: Sendable, Equatable {
        /// The tasks, joined by `+`; empty for imported bundles.
        public var task: String
        /// SHA-256 of all examples that it was trained and chosen on.
        public var dataSHA256: String
        /// The seed of all random numbers.
        public var seed: Int
        /// The settings by the names that files use.
        public var settings: SettingValue
        /// Steps that were run.
        public var steps: Int
        /// Epochs that were run.
        public var epochs: Int
        /// Scores on dev, by task and metric.
        public var metrics: SettingValue
        /// The matrix kernels: with the same ones the training gives the same bytes.
        public var kernels: String
        /// Licenses of the tasks' data.
        public var license: String
        /// SHA-256 of the adapters (`members/NAME`) and blocks (`blocks/ID`) of other bundles that it started from and changed:
        /// adapters that learned together with a fusion, and a fusion that started from another one.
        public var startedFrom: [String: String]
        /// How many different texts it and its parts were trained on, of which the bundle keeps hashes to find them in other
        /// data (``TextTask/overlap(with:bundles:options:)``); nil: the bundle has none.
        public var texts: Int?
    }

    /// Where it came from.
    public var provenance: Provenance {
        let p = stored.provenance
        func value(_ json: String) -> SettingValue { ConfigurationValue(json: json).map { SettingValue($0) } ?? [:] }
        return Provenance(
            task: p.task, dataSHA256: p.dataSHA256, seed: p.seed, settings: value(p.settings), steps: p.steps,
            epochs: p.epochs, metrics: value(p.metrics), kernels: p.kernels, license: p.license,
            startedFrom: p.startedFrom, texts: p.texts?.texts)
    }
}

extension AdapterBundle.Head {
    init(_ head: NamedHead) {
        name = head.name
        kind = head.head.kind
        task = head.task?.name
        taskKind = head.task.flatMap { TextTask.Kind(rawValue: $0.kind) }
        output =
            switch (head.head.input, head.head.output) {
            case (.marked, .classes(let labels)): .tags(labels)
            case (_, .classes(let labels)): .classes(labels)
            case (_, .numbers(let numbers)): .numbers(numbers.count)
            case (_, .arcs(let labels)): .trees(labels)
            case (_, .labelSets(let labels, let thresholds)): .labelSets(labels, thresholds: thresholds)
            case (_, .choices): .choices
            case (_, .spans(let settings)): .answers(hasNone: settings.hasUnanswerable)
            case (_, .similarity(let range, _)): .similarity(range)
            case (_, .ranking(let settings, _)): .ranking(ofEntities: settings.subject == .entities)
            case (_, .clusters): .clusters
            case (_, .tokens): .tokens
            }
        pooling =
            switch head.head.input {
            case .pooled(.first): .firstToken
            case .pooled(.mean): .mean
            case .marked, .tokens: nil
            }
        textPrefix = head.head.textPrefix
    }
}
