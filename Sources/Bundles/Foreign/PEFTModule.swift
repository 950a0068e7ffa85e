import Adapters
import Files
import Foundation
import Models

/// A PEFT folder on disk: its configuration, and the tensors beside it.
struct PEFTModule {
    static let configuration = "adapter_config.json"
    static let tensors = "adapter_model.safetensors"
    private static let pickle = "adapter_model.bin"
    private static let mostJSON = 1 << 24
    static let mostLayers = 1024

    let file: String
    let folder: URL
    let fields: [String: ConfigurationValue]
    private let weights: SafetensorsFile
    /// Names without `base_model.model.`, or `base_model.` where a tensor is the adapter's and no module's.
    private(set) var rest: Set<String>
    /// The file's own name of each.
    private let stored: [String: String]

    /// Whether a folder is PEFT's: its configuration names a `peft_type`.
    static func stands(in folder: URL) -> Bool { kind(in: folder) != nil }

    /// `peft_type`; nil if the folder is not PEFT's.
    static func kind(in folder: URL) -> ConfigurationValue? {
        let url = folder.appendingPathComponent(configuration)
        guard FileManager.default.fileExists(atPath: url.path), let fields = try? json(url) else { return nil }
        return fields["peft_type"]
    }

    /// - Throws: `BundleError`, `FileError`
    init(_ folder: URL) throws {
        self.folder = folder
        let url = folder.appendingPathComponent(Self.configuration)
        file = url.path
        fields = try Self.json(url)
        let weightsFile = folder.appendingPathComponent(Self.tensors)
        if !FileManager.default.fileExists(atPath: weightsFile.path),
            FileManager.default.fileExists(atPath: folder.appendingPathComponent(Self.pickle).path)
        {
            throw BundleError.content(
                file: folder.path, field: Self.tensors, found: "only \(Self.pickle)",
                expected: "safetensors (a pickle can run code)",
                fix: "load it in Python and save it with model.save_pretrained(FOLDER, safe_serialization=True)")
        }
        weights = try SafetensorsFile(weightsFile)
        var stored: [String: String] = [:]
        var foreign: String?
        var twice: String?
        for name in weights.names {
            let prefix = [PEFTExport.prefix, PEFTExport.adapterPrefix].first(where: name.hasPrefix)
            guard prefix != nil || name == PEFTTable.name else {
                foreign = foreign ?? name
                continue
            }
            if stored.updateValue(name, forKey: String(name.dropFirst(prefix?.count ?? 0))) != nil { twice = name }
        }
        self.stored = stored
        rest = Set(stored.keys)
        if let twice { throw wrong(twice, "a tensor", "one tensor of this module", in: weights.name) }
        if let foreign {
            throw wrong(foreign, "a tensor", "names that begin with \(PEFTExport.prefix)", in: weights.name)
        }
    }

    var names: [String] { rest.sorted() }
    var weightsFile: String { weights.name }

    func has(_ name: String) -> Bool { stored[name] != nil }

    func shape(_ name: String) -> [Int]? { stored[name].flatMap { weights.tensors[$0]?.shape } }

    /// A matrix's shape, of sizes that a bundle can have.
    func matrix(_ name: String) throws -> (rows: Int, columns: Int) {
        guard let shape = shape(name) else { throw wrong(name, "missing", "a tensor", in: weights.name) }
        guard shape.count == 2, shape.allSatisfy({ (1...1_048_576).contains($0) }) else {
            throw wrong(name, "shape \(shape)", "a matrix", in: weights.name)
        }
        return (shape[0], shape[1])
    }

    /// - Throws: `BundleError` for a tensor that is missing, of another shape, or not finite
    mutating func take(_ name: String, shape: [Int]) throws -> [Float] {
        guard let found = self.shape(name) else {
            throw wrong(name, "missing", "shape \(shape)", in: weights.name)
        }
        guard found == shape else { throw wrong(name, "shape \(found)", "shape \(shape)", in: weights.name) }
        rest.remove(name)
        let values = try weights.floats(stored[name] ?? name)
        guard let bad = values.firstIndex(where: { !$0.isFinite }) else { return values }
        throw wrong(name, "\(values[bad]) at element \(bad)", "finite numbers", in: weights.name)
    }

    /// - Parameter content: what was taken, and of what, for messages
    /// - Throws: `BundleError` for a tensor that nobody took
    func finish(expected content: String) throws {
        guard let extra = names.first else { return }
        throw wrong(
            extra, "a tensor", "only \(content) of the encoder, and a classification head",
            in: weights.name)
    }

    func wrong(_ field: String, _ found: String, _ expected: String, in file: String? = nil) -> BundleError {
        func text(_ field: String) -> String? { if case .string(let text)? = fields[field] { text } else { nil } }
        return .content(
            file: file ?? self.file, field: field, found: found, expected: expected,
            fix: PEFTFolder.fix(
                kind: text("peft_type"), task: text("task_type"), base: text("base_model_name_or_path"),
                path: folder.path))
    }

    // MARK: The model's family

    /// `auto_mapping` of an adapter for the encoder alone.
    static func encoderMapping(_ family: String) -> ConfigurationValue {
        let module = family.replacingOccurrences(of: "-", with: "_")
        return .map([
            "base_model_class": .string(TransformersNames.of(family)?.encoderClass ?? ""),
            "parent_library": .string("transformers.models.\(module).modeling_\(module)"),
        ])
    }

    /// The `model_type` that `auto_mapping` tells; nil where it does not.
    var mappedFamily: String? {
        guard case .map(let mapping)? = fields["auto_mapping"], case .string(let library)? = mapping["parent_library"]
        else { return nil }
        return Architectures.encoderTypes.first { type in
            let module = type.replacingOccurrences(of: "-", with: "_")
            return library == "transformers.models.\(module).modeling_\(module)"
        }
    }

    private static func json(_ url: URL) throws -> [String: ConfigurationValue] {
        let file = try MappedFile(url)
        guard file.bytes.count <= mostJSON else {
            throw FileError.tooLarge(file: url.path, field: "JSON", found: file.bytes.count, limit: mostJSON)
        }
        guard case .map(let fields)? = ConfigurationValue(json: file.withBytes { [UInt8]($0) }) else {
            throw BundleError.content(
                file: url.path, field: "the whole file", found: "not a JSON object", expected: "a JSON object",
                fix: "save it again with peft")
        }
        return fields
    }
}
