import Adapters
import Foundation

/// A method of parameter-efficient fine-tuning with its fields.
///
/// A preset is a starting point; any field can be replaced:
///
/// ```swift
/// let narrow = try AdapterConfiguration.bottleneck.with(["reduction_factor": 32])
/// let wide = try AdapterConfiguration(preset: "lora", ["rank": 16, "targets": "all"])
/// ```
public struct AdapterConfiguration: Sendable, Equatable {
    let stored: Adapters.AdapterConfiguration

    init(_ stored: Adapters.AdapterConfiguration) { self.stored = stored }

    /// A preset with some fields replaced.
    /// - Parameters:
    ///   - preset: One of ``presetNames``.
    ///   - fields: Values by the names of the method's fields; see ``fields`` for those that there are.
    /// - Throws: ``AmalgamError/Kind/configuration``, naming the field, for an unknown preset or field, or a value out of
    ///   range.
    public init(preset: String, _ fields: [String: SettingValue] = [:]) throws(AmalgamError) {
        guard Self.presetNames.contains(preset) else {
            throw AmalgamError(
                AdapterError.unknownConfiguration(source: "preset", name: preset, known: Self.presetNames))
        }
        let start = AdapterConfiguration(try translated { try Adapters.AdapterConfiguration.resolve(preset) })
        self = try start.with(fields)
    }

    /// Reads a YAML file with `method` and any of its fields.
    /// - Throws: ``AmalgamError/Kind/configuration`` or ``AmalgamError/Kind/invalidContent``, naming the file and the field.
    public init(contentsOf file: URL) throws(AmalgamError) {
        stored = try translated { try Adapters.AdapterConfiguration.resolve(file.path) }
    }

    /// A preset or a YAML file, with some fields replaced, as a command line has them.
    /// - Parameters:
    ///   - nameOrFile: One of ``presetNames``, or a path that ends with .yaml or .yml or has a slash.
    ///   - overrides: `field=value` each; lists and maps in JSON.
    /// - Throws: As ``init(preset:_:)`` and ``init(contentsOf:)``.
    public init(_ nameOrFile: String, overrides: [String] = []) throws(AmalgamError) {
        stored = try translated { try Adapters.AdapterConfiguration.resolve(nameOrFile, overrides: overrides) }
    }

    /// Several methods that act together as one adapter, such as Mix-and-Match (``mixAndMatch``).
    ///
    /// ```swift
    /// let both = try AdapterConfiguration(union: [.lora, .parallelBottleneck])
    /// let wider = try both.with(["lora.rank": 16])
    /// ```
    /// Where two parts act at one site, they act as in a stack, in the order of the list.
    /// - Parameter parts: 1 to 32, none of them a union; at most one with a prompt.
    /// - Throws: ``AmalgamError/Kind/configuration`` for other parts.
    public init(union parts: [AdapterConfiguration]) throws(AmalgamError) {
        let configs = parts.map { part in
            SettingValue.map(part.fields.merging(["method": .string(part.method)]) { $1 }).stored
        }
        stored = try translated {
            try Adapters.AdapterConfiguration(
                method: Union.name, fields: ["configs": .list(configs)], source: Union.name)
        }
    }

    /// The same method with some fields replaced.
    /// - Parameter fields: Values by the names of the method's fields. A field of a union's part has the part's method before
    ///   it, `lora.rank`; the second part of a method is `lora_2`.
    /// - Throws: ``AmalgamError/Kind/configuration``, naming the field.
    public func with(_ fields: [String: SettingValue]) throws(AmalgamError) -> AdapterConfiguration {
        try translated { AdapterConfiguration(try stored.with(fields.mapValues(\.stored))) }
    }

    /// Names of all presets: `seq_bn`, `lora`, `ia3`, ….
    public static var presetNames: [String] { AdapterMethods.presetNames }

    /// The method's name: `bottleneck`, `lora`, `ia3`, `bitfit`, `ln_tuning`, `prefix_tuning`,
    /// `prompt_tuning`, `reft`, `union`, `vera`.
    public var method: String { stored.method }

    /// The method's fields with their values. A field that came later with its default value is not listed.
    public var fields: [String: SettingValue] { stored.fields.mapValues { SettingValue($0) } }

    /// The methods that a union is made of, in the order in which they act; none for any other method.
    public var parts: [AdapterConfiguration] {
        let union = try? stored.makeMethod() as? Union
        return union?.parts.map { AdapterConfiguration($0.configuration) } ?? []
    }

    /// A bottleneck after each feed-forward sublayer (Pfeiffer et al. 2021): preset `seq_bn`.
    public static let bottleneck = builtIn("seq_bn")
    /// Bottlenecks after attention and feed-forward (Houlsby et al. 2019): preset `double_seq_bn`.
    public static let doubleBottleneck = builtIn("double_seq_bn")
    /// A bottleneck beside the feed-forward sublayer (He et al. 2022): preset `par_bn`.
    public static let parallelBottleneck = builtIn("par_bn")
    /// The same with a learned factor on each bottleneck's output: preset `scaled_par_bn`.
    public static let scaledParallelBottleneck = builtIn("scaled_par_bn")
    /// A bottleneck with an invertible adapter at the embeddings, for languages (MAD-X, Pfeiffer et al. 2020): preset
    /// `seq_bn_inv`.
    public static let invertibleBottleneck = builtIn("seq_bn_inv")
    /// Low-rank updates of projections, rank 8 on query and value (Hu et al. 2021): preset `lora`.
    public static let lora = builtIn("lora")
    /// LoRA with the magnitudes of a weight's rows apart from their directions (Liu et al. 2024): preset `dora`.
    public static let dora = builtIn("dora")
    /// LoRA that starts from a weight's largest singular vectors (Meng et al. 2024): preset `pissa`. Its bundles hold plain
    /// LoRA of twice the rank.
    public static let pissa = builtIn("pissa")
    /// LoRA whose B learns at 16 times A's learning rate (Hayou et al. 2024): preset `lora_plus`.
    public static let loraPlus = builtIn("lora_plus")
    /// A low-rank update of frozen random matrices that all layers share; a projection learns two vectors (Kopiczko et al. 2024):
    /// preset `vera`.
    public static let vera = builtIn("vera")
    /// Bottlenecks after attention and feed-forward whose matrices are sums of Kronecker products (Karimi Mahabadi et al. 2021):
    /// preset `compacter`.
    public static let compacter = builtIn("compacter")
    /// The same after the feed-forward sublayer alone: preset `compacter++`.
    public static let compacterPlusPlus = builtIn("compacter++")
    /// Edits of each layer's output at the first three tokens, in a learned subspace with orthonormal directions (Wu et al. 2024):
    /// preset `loreft`. The presets `noreft` and `direft` are simpler forms.
    public static let loReFT = builtIn("loreft")
    /// Learned factors on keys, values and intermediate activations (Liu et al. 2022): preset `ia3`.
    public static let ia3 = builtIn("ia3")
    /// All biases, those of norms too (BitFit, Ben Zaken et al. 2022): preset `bitfit`.
    public static let bitFit = builtIn("bitfit")
    /// The weights and biases of all norms (Qi et al. 2022): preset `ln_tuning`.
    public static let layerNormTuning = builtIn("ln_tuning")
    /// 30 learned keys and values in each layer's attention (Li & Liang 2021): preset `prefix_tuning`. With `takes_positions`, as in
    /// `peft`, the text's positions begin after them.
    public static let prefixTuning = builtIn("prefix_tuning")
    /// 10 learned rows before each text, in the output of the embeddings (Lester et al. 2021): preset `prompt_tuning`. With
    /// `insert_into` word_embeddings, as in `peft`, they stand among the words.
    public static let promptTuning = builtIn("prompt_tuning")

    /// Mix-and-Match: prefix tuning together with a wide parallel bottleneck (He et al. 2022): preset `mam`.
    public static let mixAndMatch = builtIn("mam")
    /// Prefix tuning, a bottleneck and LoRA, each with a gate that weighs what it adds to a text (UniPELT, Mao et al. 2022):
    /// preset `unipelt`.
    public static let uniPELT = builtIn("unipelt")

    private static func builtIn(_ name: String) -> AdapterConfiguration {
        do { return AdapterConfiguration(try .resolve(name)) } catch { preconditionFailure("\(error)") }
    }
}
