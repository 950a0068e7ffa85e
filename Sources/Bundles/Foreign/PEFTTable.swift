import Adapters
import Files
import Models

/// The one tensor of PEFT's methods that put something before each text (`PromptLearningConfig`): [virtual tokens, columns].
/// Names of modules tell neither the model's family nor its sizes there; the configuration tells the sizes.
struct PEFTTable: Sendable {
    static let name = "prompt_embeddings"
    /// `task_type` of an adapter for the encoder alone. Without a task, the library does not load a prompt.
    static let encoderTask = "FEATURE_EXTRACTION"
    /// Fields of every such configuration.
    private static let common: Set<String> = [
        "num_virtual_tokens", "token_dim", "num_layers", "num_attention_heads", "num_transformer_submodules",
    ]

    /// Virtual tokens.
    let rows: Int
    private let hidden: Int
    private let layers: Int

    /// - Parameters:
    ///   - fields: further ones of the class
    ///   - name: of the class
    /// - Throws: `BundleError` naming a field of the configuration
    init(_ module: PEFTModule, fields: Set<String>, class name: String) throws {
        try module.check(
            refused: [("num_transformer_submodules", [.number(1)])], others: Self.common.union(fields), class: name)
        let tasks: [ConfigurationValue] = [.string("SEQ_CLS"), .string(Self.encoderTask)]
        guard let task = module.fields["task_type"], tasks.contains(task) else {
            throw module.wrong(
                "task_type", module.fields["task_type"]?.json ?? "nothing", tasks.map(\.json).joined(separator: " or "))
        }
        rows = try module.integer("num_virtual_tokens", in: 1...4096)
        hidden = try module.integer("token_dim", in: 1...1_048_576)
        layers = try module.integer("num_layers", in: 1...PEFTModule.mostLayers)
    }

    /// That of the model, or of a model of these sizes.
    /// - Throws: `BundleError` for a model of other sizes, or without one if the family is not known
    func architecture(in module: PEFTModule, model: EncoderModel?) throws -> Architecture {
        if let model {
            let shape = model.configuration
            for (field, found, expected) in [
                ("token_dim", hidden, shape.hidden), ("num_layers", layers, shape.layers),
            ] where found != expected {
                throw module.wrong(field, "\(found)", "\(expected), as \(model.name) has")
            }
            return model.architecture
        }
        guard let family = module.mappedFamily else {
            throw BundleError.content(
                file: module.folder.path, field: "the base model", found: "nothing that tells its family",
                expected: "the model that the adapter was trained on", fix: "give the base model with --model")
        }
        return try Architecture(
            ModelConfiguration(
                family: family, hidden: hidden, layers: layers, heads: 0, intermediate: 0, vocabulary: 0, positions: 0,
                types: 0))
    }

    /// The fields of a configuration.
    /// - Parameter rows: virtual tokens
    static func fields(
        _ kind: String, rows: Int, _ shape: ModelConfiguration, _ more: [String: ConfigurationValue]
    ) -> [String: ConfigurationValue] {
        more.merging([
            "peft_type": .string(kind), "num_virtual_tokens": .init(rows), "token_dim": .init(shape.hidden),
            "num_layers": .init(shape.layers), "num_transformer_submodules": .init(1),
            // The library takes it from the model where it is not known
            "num_attention_heads": shape.heads > 0 ? .init(shape.heads) : .null,
        ]) { $1 }
    }
}

/// A method that adapts no modules.
protocol PEFTTableMethod: PEFTMethod {
    /// Fields of ours.
    var configuration: [String: ConfigurationValue] { get }
}

extension PEFTTableMethod {
    var marker: String { "" }
    var content: String { PEFTTable.name }

    func widths(of name: String, in module: PEFTModule) throws -> (input: Int?, output: Int?) { (nil, nil) }

    func tensors(of site: SiteSpec, _ name: String, in module: PEFTModule) throws -> [PEFTTensor] { [] }

    func adapter(
        _ acting: [(site: SiteSpec, module: String)], _ architecture: Architecture, in module: PEFTModule
    ) throws -> AdapterConfiguration {
        try AdapterConfiguration(method: Self.method, fields: configuration, source: module.file)
    }

    /// Takes the table.
    func finish(
        _ bundle: inout AdapterBundle, _ architecture: Architecture, model: EncoderModel?, in module: inout PEFTModule
    ) throws {
        guard let member = bundle.members.first, let rows = table?.rows else { return }
        let parts = try adapter([], architecture, in: module).makeMethod().specs(architecture)
        let widths = parts.map { $0.shape[1] }
        let values = try module.take(PEFTTable.name, shape: [rows, widths.reduce(0, +)])
        for (part, own) in zip(parts, TensorTable.parts(of: values, rows: rows, widths: widths)) {
            bundle.tensors.append(NamedTensor("\(member.scope)/\(part.name)", part.shape, own))
        }
    }
}
