import Training

/// Everything that shapes advice on bundles for a task.
public struct AdviceOptions: Sendable, Equatable {
    /// The score that ranks: one of ``methodNames``; default `logme`.
    public var method = TransferabilityScores.names[0]
    /// Training texts that are looked at, 2 or more; default 1,000. A larger split is sampled, stratified by class.
    public var texts = 1000
    /// Seed of the sample, 0 or more; default 0.
    public var seed = 0
    /// Longest text in tokens, special tokens included; longer ones are truncated; default 128.
    public var maxLength = 128
    /// The features of a text; default mean. Of words, each word's own.
    public var pooling = Pooling.mean
    /// What stands before each text; nil (default) for the model's own, as `query: ` of E5 models.
    public var textPrefix: String?
    /// Precision of products with frozen weights; default float32.
    public var precision = Precision.float32
    /// Whether bundles of another model or tokenizer are accepted if all shapes agree; default false.
    public var allowsOtherModel = false

    /// Creates the defaults.
    public init() {}

    /// Names of the scores, the default first: `logme` (You et al. 2021), `h_score` (Bao et al. 2019), `centroid` (nearest class
    /// mean), `probe` (cross-validated linear probe), `leep` (Nguyen et al. 2020; needs a head of classes in the bundle).
    public static var methodNames: [String] { TransferabilityScores.names }

    /// The scores with what they measure.
    package static var methods: [(name: String, summary: String)] {
        TransferabilityScores.builtIn.map { ($0.name, $0.summary) }
    }

    var settings: AdviceSettings {
        var settings = AdviceSettings()
        settings.method = method
        settings.texts = texts
        settings.seed = seed
        settings.maxLength = maxLength
        settings.pooling = pooling.stored
        settings.prefix = textPrefix
        settings.precision = precision.stored
        return settings
    }
}
