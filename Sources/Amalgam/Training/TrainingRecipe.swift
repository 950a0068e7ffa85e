import Adapters
import Bundles
import Training

/// What a training on tasks learns. The model's own weights stay frozen, except in ``allWeights``; heads always learn.
public struct TrainingRecipe: Sendable {
    private enum Form: Sendable {
        case adapter(AdapterConfiguration, from: AdapterBundle?)
        case fusion([AdapterBundle], FusionOptions)
        case composition(Composition, new: AdapterConfiguration?, from: AdapterBundle?)
        case head
        case allWeights
    }

    private let form: Form

    /// One adapter and a head for each task.
    /// - Parameters:
    ///   - configuration: The method and its fields.
    ///   - start: A bundle of one adapter with the same configuration, whose values the new one starts with; nil for the
    ///     method's own start.
    public static func adapter(
        _ configuration: AdapterConfiguration = .bottleneck, startingFrom start: AdapterBundle? = nil
    ) -> TrainingRecipe { TrainingRecipe(form: .adapter(configuration, from: start)) }

    /// Attention over frozen adapters (AdapterFusion, Pfeiffer et al. 2021). A bundle that is a fusion gives its adapters.
    /// - Parameters:
    ///   - bundles: Of bottleneck adapters, trained on the same model.
    ///   - options: How the fusion attends.
    public static func fusion(_ bundles: [AdapterBundle], _ options: FusionOptions = .dynamic) -> TrainingRecipe {
        TrainingRecipe(form: .fusion(bundles, options))
    }

    /// A composition: its new blocks learn, and the adapters in place of ``Composition/new``. What comes from bundles is
    /// frozen.
    /// - Parameters:
    ///   - composition: With `new` at most once, and once in each part of ``Composition/multitask(_:tasks:)``.
    ///   - configuration: Of new adapters; needed if there is one.
    ///   - start: As for ``adapter(_:startingFrom:)``.
    public static func composition(
        _ composition: Composition, new configuration: AdapterConfiguration? = nil,
        startingFrom start: AdapterBundle? = nil
    ) -> TrainingRecipe { TrainingRecipe(form: .composition(composition, new: configuration, from: start)) }

    /// A head alone.
    public static let head = TrainingRecipe(form: .head)

    /// All weights of the model.
    public static let allWeights = TrainingRecipe(form: .allWeights)

    /// The learning rate where none is given.
    var rate: Double {
        switch form {
        case .adapter: 1e-3
        case .fusion: 5e-4
        case .composition(let composition, _, _): composition.places.isEmpty ? 5e-4 : 1e-3
        case .head: 5e-3
        case .allWeights: 2e-4
        }
    }

    /// The kind of the bundle that it makes.
    public var kind: AdapterBundle.Kind {
        switch form {
        case .adapter: .adapter
        case .fusion: .fusion
        // One that cannot be built says so when it is trained
        case .composition: (try? resolved()).flatMap { .init(rawValue: $0.recipe.kind.rawValue) } ?? .composition
        case .head: .head
        case .allWeights: .full
        }
    }

    /// The bundles that it starts from.
    var bundles: [AdapterBundle] {
        switch form {
        case .adapter(_, let start): [start].compactMap { $0 }
        case .fusion(let bundles, _): bundles
        case .composition(let composition, _, let start): composition.bundles + [start].compactMap { $0 }
        case .head, .allWeights: []
        }
    }

    /// Whether bundles on another language adapter are worth a warning: those of a fusion are.
    var warnsOfLanguages: Bool { if case .fusion = form { true } else { false } }

    /// - Returns: what the targets below train, and warnings
    func resolved() throws -> (recipe: Recipe, warnings: [Warning]) {
        switch form {
        case .adapter(let configuration, let start):
            return (.adapter(configuration.stored, from: start?.stored), [])
        case .fusion(let bundles, let options):
            try check(options)
            for bundle in bundles { try bundle.checkFusable() }
            return (try .fusion(bundles.map(\.stored), options.stored), [])
        case .composition(let composition, let new, let start):
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
                from: places.isEmpty ? nil : start?.stored)
            return (recipe, composed.languageWarnings.map { .of(.composition, $0) })
        case .head: return (.head, [])
        case .allWeights: return (.full, [])
        }
    }

    private func check(_ options: FusionOptions) throws {
        guard options.regularization >= 0, options.regularization.isFinite else {
            throw TrainingError.setting(
                name: "regularization", found: "\(options.regularization)", expected: "0 or more")
        }
        guard options.temperature > 0, options.temperature.isFinite else {
            throw TrainingError.setting(name: "temperature", found: "\(options.temperature)", expected: "over 0")
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
