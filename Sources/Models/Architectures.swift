import Numerics

/// A family of models that differ only in numbers: one value, in one file in `Families`.
package struct ModelFamily: Sendable {
    /// The values of `model_type` in config.json that mean this family.
    let modelTypes: [String]
    /// What may stand before the tensors' names in the files of models with a head: "bert.".
    let prefixes: [String]
    /// Other names that a tensor may have in old files, by its ending.
    let formerEndings: [(ending: String, former: String)]
    /// `ModelConfiguration.firstPosition` of usual models, which fingerprints do not mention.
    let usualFirstPosition: Int
    /// The numbers of a config.json.
    let configuration: @Sendable (_ modelType: String, ConfigurationFields) throws(ModelError) -> ModelConfiguration
    let layout: @Sendable (ModelConfiguration) -> any EncoderLayout
    /// Whether its models write texts.
    var isDecoder = false

    /// The names that a tensor may have in a file.
    func spellings(_ name: String) -> [String] {
        for (ending, former) in formerEndings where name.hasSuffix(ending) {
            return [name, name.dropLast(ending.count) + former]
        }
        return [name]
    }
}

/// The families of models that Amalgam knows.
package enum Architectures {
    static let builtIn: [ModelFamily] = [
        .bert, .roberta, .distilBERT, .modernBERT, .electra, .llama, .qwen2, .qwen3, .mistral,
    ]

    static func named(_ modelType: String) -> ModelFamily? { builtIn.first { $0.modelTypes.contains(modelType) } }

    /// Every `model_type`.
    package static var modelTypes: [String] { builtIn.flatMap(\.modelTypes) }

    /// Those of models that read texts.
    package static var encoderTypes: [String] { builtIn.filter { !$0.isDecoder }.flatMap(\.modelTypes) }

    /// Those of models that write texts.
    package static var decoderTypes: [String] { builtIn.filter(\.isDecoder).flatMap(\.modelTypes) }

    /// Whether two `model_type`s compute the same from the same tensors.
    package static func isSameFamily(_ a: String, _ b: String) -> Bool {
        a == b || named(a)?.modelTypes.contains(b) == true
    }

    /// For messages: "bert, roberta or xlm-roberta".
    static var known: String { list(modelTypes) }

    /// For messages.
    package static func list(_ types: [String]) -> String {
        types.count < 2
            ? types.joined() : types.dropLast().joined(separator: ", ") + " or " + (types.last ?? "")
    }
}
