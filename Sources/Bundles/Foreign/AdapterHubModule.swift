import Adapters
import Files
import Foundation

/// One of AdapterHub's modules on disk: a configuration and the tensors beside it.
struct AdapterHubModule {
    enum Part: CaseIterable {
        case adapter, fusion, head

        var configuration: String {
            switch self {
            case .adapter: "adapter_config.json"
            case .fusion: "adapter_fusion_config.json"
            case .head: "head_config.json"
            }
        }
        var tensors: String {
            switch self {
            case .adapter: "adapter.safetensors"
            case .fusion: "model_adapter_fusion.safetensors"
            case .head: "model_head.safetensors"
            }
        }
        /// What the library writes where it is not asked for safetensors: a pickle, which runs code when it is read.
        var pickle: String {
            switch self {
            case .adapter: "pytorch_adapter.bin"
            case .fusion: "pytorch_model_adapter_fusion.bin"
            case .head: "pytorch_model_head.bin"
            }
        }
        /// The call that saves it as we can read it.
        var save: String {
            switch self {
            case .adapter: "model.save_adapter(FOLDER, NAME, use_safetensors=True)"
            case .fusion: "model.save_adapter_fusion(FOLDER, NAMES, use_safetensors=True)"
            case .head: "model.save_head(FOLDER, NAME, use_safetensors=True)"
            }
        }
    }

    /// Layers and widths that are believed at most.
    static let mostLayers = 1024
    private static let mostHidden = 65_536
    private static let mostJSON = 1 << 24

    let configurationFile: String
    let fields: [String: ConfigurationValue]
    /// As its tensors have it.
    let name: String
    let hidden: Int
    let modelType: String
    let modelName: String
    private let weights: SafetensorsFile
    private var rest: Set<String>
    /// The file's own name of each tensor, by today's.
    private let stored: [String: String]
    /// What stands before `encoder.layer.`: `bert.`, or nothing.
    let prefix: String
    /// One more than the highest layer with a tensor; 0 without any.
    private(set) var layers = 0

    static func stands(_ part: Part, in folder: URL) -> Bool {
        [part.configuration, part.tensors, part.pickle].contains {
            FileManager.default.fileExists(atPath: folder.appendingPathComponent($0).path)
        }
    }

    /// - Throws: `BundleError`, `FileError`
    init(_ part: Part, in folder: URL) throws {
        func file(_ name: String) -> URL { folder.appendingPathComponent(name) }
        let configurationFile = file(part.configuration).path
        let tensorsFile = file(part.tensors)
        if !FileManager.default.fileExists(atPath: tensorsFile.path),
            FileManager.default.fileExists(atPath: file(part.pickle).path)
        {
            // The library cannot save a prefix as safetensors, because its layers share their tensors
            let isPrefix = (try? Self.json(file(part.configuration))).map { AdapterHubPrefix.stands($0["config"]) }
            throw BundleError.content(
                file: folder.path, field: part.tensors, found: "only \(part.pickle)",
                expected: "safetensors (a pickle can run code)",
                fix: isPrefix == true
                    ? "convert it in that folder: python -c \"import torch, safetensors.torch as s; s.save_file({k: v.clone() "
                        + "for k, v in torch.load('\(part.pickle)').items()}, '\(part.tensors)')\""
                    : "load it in Python and save it with \(part.save)"
            )
        }
        self.configurationFile = configurationFile
        let fields = try Self.json(file(part.configuration))
        self.fields = fields
        func text(_ field: String) throws -> String {
            guard case .string(let value)? = fields[field] else {
                throw Self.wrong(configurationFile, field, fields[field]?.json ?? "nothing", "text")
            }
            return value
        }
        name = try text("name")
        modelType = try text("model_type")
        if case .string(let name)? = fields["model_name"] { modelName = name } else { modelName = "unknown" }
        guard case .number(let number)? = fields["hidden_size"], let hidden = Int(exactly: number),
            (1...Self.mostHidden).contains(hidden)
        else {
            throw Self.wrong(
                configurationFile, "hidden_size", fields["hidden_size"]?.json ?? "nothing",
                "a number in 1...\(Self.mostHidden)")
        }
        self.hidden = hidden
        guard AdapterHubNames.modelTypes.contains(modelType) else {
            throw Self.wrong(
                configurationFile, "model_type", modelType, AdapterHubNames.modelTypes.joined(separator: ", "),
                fix: "only encoders of the BERT family are supported")
        }
        weights = try SafetensorsFile(tensorsFile)
        var stored: [String: String] = [:]
        let spelling = AdapterHubSpelling.of(modelType)
        for name in weights.names {
            let key = AdapterHubFormerNames.tensor(spelling?.bert(name) ?? name)
            guard let other = stored.updateValue(name, forKey: key) else { continue }
            throw Self.wrong(weights.name, name, "the same tensor as \(other)", "each tensor once")
        }
        self.stored = stored
        rest = Set(stored.keys)
        let names = stored.keys.sorted()
        prefix =
            names.lazy.compactMap { AdapterHubNames.place($0)?.prefix }.first
            ?? names.lazy.compactMap { name in
                name.firstRange(of: AdapterHubPrompt.module).map { String(name[..<$0.lowerBound]) }
            }.first ?? ""
        for tensor in names {
            guard let place = AdapterHubNames.place(tensor) else { continue }
            guard let layer = Int(place.layer), (0..<Self.mostLayers).contains(layer) else {
                throw Self.wrong(
                    weights.name, stored[tensor] ?? tensor, "layer \(place.layer)", "a layer in 0..<\(Self.mostLayers)")
            }
            layers = max(layers, layer + 1)
        }
    }

    /// The feed-forward's width, where LoRA matrices tell it; 0: not known.
    var intermediate: Int {
        for (name, file) in stored.sorted(by: { $0.key < $1.key }) {
            guard let tensor = weights.tensors[file], tensor.shape.count == 2 else { continue }
            let size: Int? =
                if name.contains(".intermediate.dense.loras."), name.hasSuffix(".lora_B") {
                    tensor.shape[0]
                } else if name.contains(".output.dense.loras."), name.hasSuffix(".lora_A") {
                    tensor.shape[1]
                } else {
                    nil
                }
            if let size, (1...1_048_576).contains(size) { return size }
        }
        return 0
    }

    /// Saved before the library wrote its version.
    var isFormer: Bool { fields["version"] == nil }

    /// The library saves by a part of the name, and so a fusion's file may hold longer fusions too.
    mutating func ignoreOtherFusions() {
        rest = rest.filter { !$0.contains(".adapter_fusion_layer.") || $0.contains(".adapter_fusion_layer.\(name).") }
    }

    /// The library makes a fusion in each layer, also where no member has an adapter and so nothing runs.
    mutating func ignoreLayers(_ layers: Set<Int>) {
        rest = rest.filter { AdapterHubNames.place($0).flatMap { Int($0.layer) }.map(layers.contains) != true }
    }

    /// - Throws: `BundleError` for a tensor that is missing, of another shape, or not finite
    mutating func take(_ tensor: String, shape: [Int]) throws -> [Float] {
        guard let name = stored[tensor], let found = weights.tensors[name] else {
            let theirs = AdapterHubSpelling.of(modelType)?.theirs(tensor) ?? tensor
            throw Self.wrong(weights.name, theirs, "missing", "shape \(shape), as \(configurationFile) says")
        }
        guard found.shape == shape else {
            throw Self.wrong(
                weights.name, name, "shape \(found.shape)", "\(shape), as \(configurationFile) says")
        }
        rest.remove(tensor)
        let values = try weights.floats(name)
        guard let bad = values.firstIndex(where: { !$0.isFinite }) else { return values }
        throw Self.wrong(weights.name, name, "\(values[bad]) at element \(bad)", "finite numbers")
    }

    /// A tensor that the library's files hold under two names; one is enough.
    /// - Throws: `BundleError` where the two are not the same
    mutating func take(_ tensor: String, copy: String?, shape: [Int]) throws -> [Float] {
        guard let copy, self.shape(copy) != nil else { return try take(tensor, shape: shape) }
        let values = try take(copy, shape: shape)
        guard self.shape(tensor) != nil else { return values }
        guard try take(tensor, shape: shape) == values else {
            throw Self.wrong(weights.name, stored[tensor] ?? tensor, "other numbers than \(copy)", "the same numbers")
        }
        return values
    }

    func shape(_ tensor: String) -> [Int]? { stored[tensor].flatMap { weights.tensors[$0]?.shape } }

    /// The tensors whose names end so, after a dot or as a whole; the shortest first.
    func names(ending: String) -> [String] {
        stored.keys.filter { $0 == ending || $0.hasSuffix("." + ending) }.sorted { ($0.count, $0) < ($1.count, $1) }
    }

    /// - Throws: `BundleError` for a tensor that nobody took
    func finish() throws {
        guard let extra = rest.sorted().first else { return }
        throw Self.wrong(
            weights.name, stored[extra] ?? extra, "a tensor", "no tensor of that name by \(configurationFile)",
            fix: "the module has an unsupported part, or the two files belong to different modules")
    }

    static func json(_ url: URL) throws -> [String: ConfigurationValue] {
        let file = try MappedFile(url)
        guard file.bytes.count <= mostJSON else {
            throw FileError.tooLarge(file: url.path, field: "JSON", found: file.bytes.count, limit: mostJSON)
        }
        guard case .map(let fields)? = ConfigurationValue(json: file.withBytes { [UInt8]($0) })
        else { throw wrong(url.path, "the whole file", "not a JSON object", "a JSON object") }
        return fields
    }

    static func wrong(
        _ file: String, _ field: String, _ found: String, _ expected: String,
        fix: String = "save it again with adapters 1.3.0"
    ) -> BundleError {
        .content(file: file, field: field, found: found, expected: expected, fix: fix)
    }
}
