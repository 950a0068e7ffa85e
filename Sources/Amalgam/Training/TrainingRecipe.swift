import Adapters
import Bundles
import Training

/// What a training on tasks learns. The model's own weights stay frozen, except in ``allWeights``; heads always learn.
public struct TrainingRecipe: Sendable {
    private enum Form: Sendable {
        case adapter(AdapterConfiguration, from: AdapterBundle?)
        case fusion([AdapterBundle], FusionMethod, from: AdapterBundle?)
        case composition(Composition, new: AdapterConfiguration?, from: AdapterBundle?, fusionFrom: AdapterBundle?)
        case head
        case probe(Composition?)
        case allWeights(from: AdapterBundle?)
    }

    private let form: Form
    private var adapters = BundledAdapters.frozen

    private init(form: Form, adapters: BundledAdapters = .frozen) {
        self.form = form
        self.adapters = adapters
    }

    /// One adapter and a head for each task.
    /// - Parameters:
    ///   - configuration: The method and its fields.
    ///   - start: A bundle of one adapter with the same configuration, whose values the new one starts with; nil for the
    ///     method's own start.
    public static func adapter(
        _ configuration: AdapterConfiguration = .bottleneck, startingFrom start: AdapterBundle? = nil
    ) -> TrainingRecipe { TrainingRecipe(form: .adapter(configuration, from: start)) }

    /// Attention over adapters (AdapterFusion, Pfeiffer et al. 2021). A bundle that is a fusion gives its adapters.
    /// - Parameters:
    ///   - bundles: Of adapters, trained on the same model; none for those of `start`.
    ///   - options: How the fusion attends; nil for the options of `start`, or ``FusionOptions/dynamic`` without one.
    ///   - start: A fusion of the same adapters in the same order, whose attention the new one starts with; its heads are not
    ///     used. nil for the usual start.
    ///   - adapters: Whether the adapters stay frozen, as in the paper, or learn together with the fusion.
    public static func fusion(
        _ bundles: [AdapterBundle], _ options: FusionOptions? = nil, startingFrom start: AdapterBundle? = nil,
        adapters: BundledAdapters = .frozen
    ) -> TrainingRecipe {
        TrainingRecipe(
            form: .fusion(bundles, options.map { .attention($0) } ?? .attention, from: start), adapters: adapters)
    }

    /// Adapters put together by a method: attention over them, learned scales, or a mean below a head that learns.
    /// - Parameters:
    ///   - bundles: Of adapters, trained on the same model. A bundle that is a fusion or ScaLearn gives its adapters.
    ///   - method: How they are put together.
    ///   - adapters: Whether the adapters stay frozen or learn on.
    public static func fusion(
        _ bundles: [AdapterBundle], method: FusionMethod, adapters: BundledAdapters = .frozen
    ) -> TrainingRecipe { TrainingRecipe(form: .fusion(bundles, method, from: nil), adapters: adapters) }

    /// A composition: its new blocks learn, and the adapters in place of ``Composition/new``.
    /// - Parameters:
    ///   - composition: With `new` at most once, and once in each part of ``Composition/multitask(_:tasks:)``.
    ///   - configuration: Of new adapters; needed if there is one.
    ///   - start: As for ``adapter(_:startingFrom:)``.
    ///   - fusionStart: A fusion whose attention the composition's only new fusion starts with, as for
    ///     ``fusion(_:_:startingFrom:adapters:)``.
    ///   - adapters: Whether what comes from bundles, adapters and blocks, stays frozen or learns on.
    public static func composition(
        _ composition: Composition, new configuration: AdapterConfiguration? = nil,
        startingFrom start: AdapterBundle? = nil, fusionStartingFrom fusionStart: AdapterBundle? = nil,
        adapters: BundledAdapters = .frozen
    ) -> TrainingRecipe {
        TrainingRecipe(
            form: .composition(composition, new: configuration, from: start, fusionFrom: fusionStart),
            adapters: adapters)
    }

    /// A head alone.
    public static let head = TrainingRecipe(form: .head)

    /// A linear head on the model's features, fitted exactly and not trained in steps: the mean of the last hidden states
    /// unless ``TrainingOptions/pooling`` says otherwise, or each word's.
    public static let linearProbe = TrainingRecipe(form: .probe(nil))

    /// A linear head on the features that a composition of bundles gives. They stay frozen.
    ///
    /// It minimizes C times the cross-entropy plus half the squared weights of the standardized features (numbers: ridge
    /// regression with the penalty 1/C), with C from 0.001, 0.01, 0.1, 1 and 10: the best on dev, or in cross-validation if the
    /// task has no dev split. One pass over the texts gives the features. Of the options, only those about texts, precision,
    /// names and files have an effect.
    /// - Parameter composition: Of bundles, without ``Composition/new``; all of its blocks are trained or need no training.
    public static func linearProbe(on composition: Composition) -> TrainingRecipe {
        TrainingRecipe(form: .probe(composition))
    }

    /// All weights of the model.
    public static let allWeights = TrainingRecipe(form: .allWeights(from: nil))

    /// All weights of the model, from those of a bundle whose weights were all trained, such as on several tasks. Its heads are not
    /// used.
    public static func allWeights(startingFrom start: AdapterBundle) -> TrainingRecipe {
        TrainingRecipe(form: .allWeights(from: start))
    }

    /// The learning rate where none is given.
    var rate: Double {
        switch form {
        case .adapter: 1e-3
        case .fusion(_, let method, _): method.standardLearningRate
        case .composition(let composition, _, _, _): composition.places.isEmpty ? composition.blockRate : 1e-3
        case .head, .probe: 5e-3
        case .allWeights: 2e-4
        }
    }

    /// The learning rate of what comes from bundles; nil: it is frozen.
    var adapterRate: Double? { adapters.rate }

    /// The kind of the bundle that it makes.
    public var kind: AdapterBundle.Kind {
        switch form {
        case .adapter: .adapter
        case .fusion(_, let method, _): method.isAttention ? .fusion : .composition
        // One that cannot be built says so when it is trained
        case .composition, .probe(.some):
            (try? resolved()).flatMap { .init(rawValue: $0.recipe.kind.rawValue) } ?? .composition
        case .head, .probe(nil): .head
        case .allWeights: .full
        }
    }

    /// The bundles that it starts from.
    var bundles: [AdapterBundle] {
        switch form {
        case .adapter(_, let start): [start].compactMap { $0 }
        case .fusion(let bundles, _, let start): bundles + [start].compactMap { $0 }
        case .composition(let composition, _, let start, let fusionStart):
            composition.bundles + [start, fusionStart].compactMap { $0 }
        case .probe(let composition): composition?.bundles ?? []
        case .allWeights(let start): [start].compactMap { $0 }
        case .head: []
        }
    }

    var isProbe: Bool { if case .probe = form { true } else { false } }

    /// Whether bundles on another language adapter are worth a warning: those of a fusion are.
    var warnsOfLanguages: Bool { if case .fusion = form { true } else { false } }

    /// - Returns: what the targets below train, and warnings
    func resolved() throws -> (recipe: Recipe, warnings: [Warning]) {
        switch form {
        case .adapter(let configuration, let start):
            return (.adapter(configuration.stored, from: start?.stored), [])
        case .fusion(let bundles, let method, let start):
            if bundles.isEmpty, start == nil {
                throw AmalgamError.make(
                    .composition, "the fusion: found no bundle, expected at least one", found: "no bundle",
                    expected: "at least one")
            }
            return (try method.recipe(over: bundles, from: start), [])
        case .composition(let composition, let new, let start, let fusionStart):
            let places = composition.places
            if let place = new == nil ? places.first : composition.repeatedPlace {
                throw AmalgamError.composition(
                    at: place, found: "new",
                    expected: new == nil
                        ? "a bundle, or a configuration for the new adapter"
                        : "new only once, or once in each part of multitask",
                    inCommand: new == nil ? "a bundle; train-adapter trains a new adapter" : nil)
            }
            try composition.checkFusions()
            var composed = Composed()
            let tree = try composition.tree(into: &composed)
            let recipe = Recipe.composition(
                tree, of: composed, new: places.isEmpty ? nil : new?.stored,
                from: places.isEmpty ? nil : start?.stored, fusionFrom: fusionStart?.stored)
            return (recipe, composed.languageWarnings.map { .of(.composition, $0) })
        case .head: return (.head, [])
        case .probe(nil): return (.probe(), [])
        case .probe(let composition?):
            if let place = composition.places.first {
                throw AmalgamError.composition(
                    at: place, found: "new", expected: "a bundle: a linear probe trains nothing below its head")
            }
            var composed = Composed()
            let tree = try composition.tree(into: &composed)
            return (.probe(on: tree, of: composed), composed.languageWarnings.map { .of(.composition, $0) })
        case .allWeights(let start): return (start.map { .full(from: $0.stored) } ?? .full, [])
        }
    }
}

/// What a training does with adapters and blocks that come from bundles.
public enum BundledAdapters: Sendable, Equatable {
    /// They stay as they are.
    case frozen
    /// They learn together with the rest, and the new bundle has them as they are in the end. `learningRate` is their peak
    /// rate, over 0; nil for ``standardLearningRate``.
    case trained(learningRate: Double? = nil)

    /// The peak rate of adapters that learn on where none is given: 1e-3, as for a new adapter.
    public static let standardLearningRate = 1e-3

    var rate: Double? {
        switch self {
        case .frozen: nil
        case .trained(let rate): rate ?? Self.standardLearningRate
        }
    }
}

/// What a training on running text learns: masked language modeling (Devlin et al. 2019, section 3.1).
public struct LanguageRecipe: Sendable {
    private enum Form: Sendable {
        case head
        case adapter(AdapterConfiguration, head: AdapterBundle)
    }

    private let form: Form

    /// A head that predicts masked tokens. Train one on text of all your languages, then use it for each of them.
    public static let head = LanguageRecipe(form: .head)

    /// A language adapter below a frozen head (MAD-X, Pfeiffer et al. 2020).
    /// - Parameters:
    ///   - configuration: The method and its fields.
    ///   - head: A bundle from the recipe ``head``.
    public static func adapter(
        _ configuration: AdapterConfiguration = .invertibleBottleneck, head: AdapterBundle
    ) -> LanguageRecipe { LanguageRecipe(form: .adapter(configuration, head: head)) }

    var bundles: [AdapterBundle] { if case .adapter(_, let head) = form { [head] } else { [] } }

    /// The kind of the bundle that it makes.
    public var kind: AdapterBundle.Kind { if case .head = form { .maskedLanguageHead } else { .adapter } }

    var stored: Training.LanguageRecipe {
        switch form {
        case .head: .head
        case .adapter(let configuration, let head): .adapter(configuration.stored, head: head.stored)
        }
    }

    /// The bundle's name where ``TrainingOptions/name`` has none.
    public func name(_ corpora: [TextCorpus]) -> String {
        switch form {
        case .head: "mlm"
        case .adapter: corpora.map(\.name).joined(separator: "+")
        }
    }
}
