import Files
import Models
import Numerics

/// A method of parameter-efficient fine-tuning: what it adds, and what it does at its sites.
///
/// A new method is one file that conforms to this, one line in `AdapterMethods.builtIn`, and its test. Command-line
/// choices, configuration files, the bundle's schema and the shared test suites follow from the registry. CONTRIBUTING.md has a
/// complete example, and says which of the requirements with a default a method overrides.
package protocol AdapterMethod: Sendable {
    /// The field's term, as in bundles.
    static var name: String { get }
    /// Named configurations: `seq_bn` and the like. Each gives the fields that differ from `defaults`.
    static var presets: [(name: String, fields: [String: ConfigurationValue])] { get }
    /// All fields with their default values.
    static var defaults: [String: ConfigurationValue] { get }
    /// Fields that came after the method's first bundles. A configuration in which one has its default value does not
    /// hold it, so that these bundles keep their bytes.
    static var laterFields: Set<String> { get }
    /// Fields that shape the training alone: trained adapters that differ in nothing else can be merged.
    static var trainingFields: Set<String> { get }
    /// Sets a field as a user names it, before the configuration is read.
    /// - Parameter source: of the configuration, for messages
    /// - Throws: `AdapterError` for a name that no configuration of the method can have
    static func set(
        _ field: String, to value: ConfigurationValue, in fields: inout [String: ConfigurationValue], source: String
    ) throws(AdapterError)

    /// - Throws: `AdapterError` for a field that is unknown, of another type, or not supported.
    init(_ configuration: ConfigurationReader) throws(AdapterError)
    /// Fields of which a configuration keeps another form than it was given: with what it left out.
    var resolvedFields: [String: ConfigurationValue] { get }

    /// Trainable tensors, named `site/layer/tensor`, or with a name alone if all sites share one; shapes [out, in].
    func specs(_ architecture: Architecture) -> [ParameterSpec]
    /// What a new adapter begins with where that depends on the base's weights.
    /// - Parameter weight: of a projection, [output, input] row by row
    /// - Throws: `AdapterError` for a base on which the method cannot act
    func start(_ architecture: Architecture, weight: (SiteSpec) throws -> [Float]) throws -> AdapterStart
    /// Rows that each sequence has beside its tokens, which `delta` fills at `embeddingSum` or `afterEmbeddings`, and positions that
    /// are taken from its tokens; nil: none.
    var virtualTokens: VirtualTokens? { get }
    /// Whether what it does to a token depends on other tokens of the text, other than through attention.
    var mixesTokens: Bool { get }
    /// What it adds to the bias of a projection or to the weight and bias of a norm; nil: nothing. `Merge` merges it.
    func shift(at site: SiteSpec, _ tensors: MemberTensors) throws -> SiteShift?
    /// What it does at a site of the architecture that the tensors were made for; nil: nothing.
    func delta(at site: Site, _ context: SiteContext, _ tensors: MemberTensors) throws -> SiteDelta?
    /// Keys and values that precede each sequence's own in a layer's attention, [sequences, rows · width] each; nil: none.
    /// - Parameter input: what the attention's projections read, [tokens, hidden]
    func extraKeysValues(
        layer: Int, input: Value, of architecture: Architecture, _ tensors: MemberTensors, in builder: PlanBuilder
    ) throws -> (keys: Value, values: Value, rows: Int)?
    /// The fields that differ in the form that bundles hold, where that is not the form that is trained.
    var savedFields: [String: ConfigurationValue] { get }
    /// The tensors of the form that bundles hold, by name; only asked for if `savedFields` has any.
    /// - Parameter tensors: frozen, as they were trained.
    func savedTensors(_ architecture: Architecture, _ tensors: MemberTensors) throws -> [String: [Float]]
    /// Its bottleneck at a site, which fusion can attend over. nil for methods of another form.
    func bottleneck(at site: SiteSpec) -> Bottleneck?
    /// Whether it adds to what a projection gives, and changes nothing else there. A fusion attends over that at the ends of
    /// the blocks.
    func adds(at projection: Site) -> Bool
    /// Why a fusion cannot attend over it although it has no bottleneck, as a clause for a message; nil: it can, since it only
    /// adds to the projections at the ends of the blocks.
    var notFusable: String? { get }
    /// Makes its effect on a projection part of the projection's weight and bias; where it does nothing, neither changes.
    /// - Parameter tensor: the values of one of its tensors at this site, by the last part of the name: "A"
    /// - Throws: `AdapterError.merge` for a method that does more than a projection can
    func merge(into projection: inout Projection, _ tensor: (String) throws -> [Float]) throws
    /// How several of its adapters become one without training.
    /// - Throws: `MergeFault` where the sum of two such adapters is not what they do together
    func mergedForm() throws(MergeFault) -> MergedForm
}

extension AdapterMethod {
    package static var laterFields: Set<String> { [] }
    package static var trainingFields: Set<String> { [] }

    package static func set(
        _ field: String, to value: ConfigurationValue, in fields: inout [String: ConfigurationValue], source: String
    ) throws(AdapterError) { fields[field] = value }

    package var resolvedFields: [String: ConfigurationValue] { [:] }

    package func start(_ architecture: Architecture, weight: (SiteSpec) throws -> [Float]) throws -> AdapterStart {
        AdapterStart()
    }

    package var virtualTokens: VirtualTokens? { nil }
    package var mixesTokens: Bool { false }

    package func shift(at site: SiteSpec, _ tensors: MemberTensors) throws -> SiteShift? { nil }

    package func delta(at site: Site, _ context: SiteContext, _ tensors: MemberTensors) throws -> SiteDelta? { nil }

    package func extraKeysValues(
        layer: Int, input: Value, of architecture: Architecture, _ tensors: MemberTensors, in builder: PlanBuilder
    ) throws -> (keys: Value, values: Value, rows: Int)? { nil }

    package var savedFields: [String: ConfigurationValue] { [:] }
    package func savedTensors(_ architecture: Architecture, _ tensors: MemberTensors) throws -> [String: [Float]] {
        [:]
    }

    /// What it has virtual tokens for, in messages.
    var virtualTokensText: String {
        virtualTokens?.count == 0 ? "a prefix that takes positions" : "a prompt"
    }

    package func bottleneck(at site: SiteSpec) -> Bottleneck? { nil }
    package func adds(at projection: Site) -> Bool { false }
    package var notFusable: String? { "it adds nothing at the end of a block" }

    package func merge(into projection: inout Projection, _ tensor: (String) throws -> [Float]) throws {
        throw AdapterError.merge(method: Self.name)
    }

    package func mergedForm() throws(MergeFault) -> MergedForm {
        throw MergeFault("method", found: Self.name, expected: "a method that can be merged", fix: MergeFault.compose)
    }
}

/// The registry of methods.
package enum AdapterMethods {
    package static let builtIn: [any AdapterMethod.Type] = [
        BitFit.self,
        BottleneckAdapter.self,
        IA3.self,
        LNTuning.self,
        LoRA.self,
        PrefixTuning.self,
        PromptTuning.self,
        ReFT.self,
        Union.self,
        VeRA.self,
    ]

    package static func named(_ name: String) -> (any AdapterMethod.Type)? { builtIn.first { $0.name == name } }

    package static var presetNames: [String] { builtIn.flatMap { $0.presets.map(\.name) } }
}
