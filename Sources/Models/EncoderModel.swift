import Files
import Foundation
import Numerics

/// A pretrained model: its architecture and its frozen tensors, mapped from the file and never copied: floats, or a GGUF file's
/// blocks.
package final class EncoderModel: Sendable {
    package let folder: URL
    package let name: String
    package let architecture: Architecture
    let weights: [String: Weight]
    /// How the matrices are held.
    package let storage: WeightStorage
    /// Where the numbers stand that a matrix in NF4 was made from, by the matrix's name.
    private let sources: [String: Source]

    private enum Source: Sendable {
        case safetensors(SafetensorsFile, String)
        case gguf(GGUFModel.Tensor)
    }
    /// nil: the weights are in a GGUF file.
    private let files: ShardedSafetensors?
    private let gguf: GGUFFile?
    /// What config.json would say of a GGUF file's model; nil: the folder has one.
    package let ggufConfiguration: [UInt8]?
    private let parts: ModelFolder
    private let settings: SentenceSettings
    /// Elements that are read before their pages are released: checking or hashing a large table must not load it.
    static let piece = 1 << 20

    /// Reads a Hugging Face folder, a folder of sentence-transformers, one of the Hub's cache, or one with a GGUF file: config.json,
    /// the weights in one file or several, and what sentence-transformers keeps about pooling and prompts.
    /// - Parameter storage: how the matrices are held in memory.
    /// - Throws: `ModelError`, `FileError` for what is missing or does not fit.
    package init(folder: URL, storage: WeightStorage = .stored) throws {
        parts = try ModelFolder(folder)
        self.folder = folder
        self.storage = storage
        name = parts.name
        settings = try SentenceSettings(parts)
        if let url = parts.gguf {
            let model = try GGUFModel(GGUFFile(url))
            ggufConfiguration = Array(model.configuration.json.utf8)
            architecture = try Architecture(
                ModelConfiguration(Array(model.configuration.json.utf8), name: url.path))
            (files, gguf) = (nil, model.file)
            (weights, sources) = try Self.load(model, architecture, storage)
            return
        }
        architecture = try Architecture(
            ModelConfiguration(file: parts.encoder.appendingPathComponent("config.json")))
        ggufConfiguration = nil
        let files = try parts.weights()
        (self.files, gguf) = (files, nil)
        (weights, sources) = try Self.load(files, architecture, storage)
    }

    /// - Throws: `ModelError.purpose` for a model that writes texts
    package func requireEncoder() throws(ModelError) {
        guard architecture.isDecoder else { return }
        throw .purpose(
            path: folder.path, found: "a decoder (\(configuration.family)), which writes texts",
            expected: "an encoder, which reads them (\(Architectures.list(Architectures.encoderTypes)))")
    }

    /// - Throws: `ModelError.purpose` for a model that only reads texts
    package func requireDecoder() throws(ModelError) {
        guard !architecture.isDecoder else { return }
        throw .purpose(
            path: folder.path, found: "an encoder (\(configuration.family)), which only reads texts",
            expected: "a decoder, which writes them (\(Architectures.list(Architectures.decoderTypes)))")
    }

    /// The tokens that end a text: those of generation_config.json, else of config.json.
    /// - Throws: `ModelError` for a file that is no JSON object, or a field of another type
    package func endTokens() throws(ModelError) -> Set<Int32> {
        let file = parts.encoder.appendingPathComponent("generation_config.json")
        if let bytes = FileManager.default.contents(atPath: file.path) {
            let fields = ConfigurationFields(json: try ModelJSON([UInt8](bytes), file: file.path))
            let ends = try fields.tokenIDs("eos_token_id", below: configuration.vocabulary)
            if !ends.isEmpty { return Set(ends.map { Int32($0) }) }
        }
        return Set((configuration.decoder?.ends ?? []).map { Int32($0) })
    }

    package var configuration: ModelConfiguration { architecture.configuration }

    /// Where config.json, the weights and the tokenizer lie: within `folder`, if not the same.
    package var encoderFolder: URL { parts.encoder }

    /// Texts are lower-cased before the tokenizer's own normalizer (sentence-transformers' `do_lower_case`).
    package var lowersText: Bool { settings.lowersText }

    /// What stands before each text where nobody says otherwise: sentence-transformers' default prompt.
    package var textPrefix: String { settings.textPrefix }

    /// What the folder computes and we skip on purpose: one line each, for the run log.
    package var notes: [String] { settings.notes }

    /// The files that hold the weights, for the fingerprint's cache.
    var weightsFiles: [URL] {
        files.map { $0.files.map { URL(fileURLWithPath: $0.name) } } ?? [parts.gguf].compactMap { $0 }
    }

    package func weight(_ name: String) -> Weight? { weights[name] }

    /// Bytes of the matrices in blocks that lie in a mapped file, and are not in memory before they are read.
    package var mappedBlocks: Int {
        gguf == nil || storage == .float32
            ? 0 : weights.values.reduce(0) { $0 + ($1.blocks.map { $0.format == .nf4 ? 0 : $0.byteCount } ?? 0) }
    }

    /// What the weights take, and in which formats.
    package var storageSummary: StorageSummary { StorageSummary(weights.values) }

    /// What the model was made for: sentence-transformers' modules say; first token where nothing says.
    /// - Throws: `ModelError.pooling` where it is something that we do not have.
    package func pooling() throws(ModelError) -> Pool.Kind { try settings.pooling.get() }

    /// Lets the mapped weights' memory go until they are read again: after they were copied, or packed.
    package func releasePages() {
        files?.releasePages()
        gguf?.releasePages()
    }

    /// The numbers that a matrix in NF4 was made from; nil: the tensor is as its file has it.
    func source(of name: String) throws -> Weight? {
        switch sources[name] {
        case .safetensors(let file, let stored): try Self.stored(stored, in: file)
        case .gguf(let tensor): try tensor.weight(unpacks: false)
        case nil: nil
        }
    }

    private static func stored(_ name: String, in file: SafetensorsFile) throws -> Weight {
        let tensor = try file.tensor(name)
        if let pointer = try file.float32Pointer(name) {
            return Weight(floats: pointer, shape: tensor.shape, owner: file) { tensor.releasePages() }
        }
        return Weight(try file.floats(name), shape: tensor.shape)
    }

    private static func load(
        _ files: ShardedSafetensors, _ architecture: Architecture, _ storage: WeightStorage
    ) throws -> (weights: [String: Weight], sources: [String: Source]) {
        // A bare model has no prefix; models with a head put the encoder under its family's name
        let family = architecture.family
        let probe = architecture.wordTable
        let prefix = ([""] + family.prefixes + ["model."]).first { files.file(of: $0 + probe) != nil } ?? ""
        var weights: [String: Weight] = [:]
        var sources: [String: Source] = [:]
        for tensor in architecture.tensors {
            let prefix = tensor.standsApart ? "" : prefix
            let found = family.spellings(prefix + tensor.name).filter { files.file(of: $0) != nil }
            guard let stored = found.first, let file = files.file(of: stored), let entry = file.tensors[stored] else {
                throw ModelError.tensor(
                    file: files.name, name: prefix + tensor.name, found: "missing", expected: "shape \(tensor.shape)")
            }
            guard found.count == 1 else {
                throw ModelError.tensor(
                    file: files.name, name: stored, found: "also stored as \(found[1])", expected: "one of the two")
            }
            var weight = try weight(stored, entry, shape: tensor.shape, in: file)
            if storage == .nf4, architecture.isQuantized(tensor) {
                weight = Weight(NF4.blocks(of: weight) { entry.releasePages() })
                sources[tensor.name] = .safetensors(file, stored)
            }
            weights[tensor.name] = weight
        }
        return (weights, sources)
    }

    /// A tensor beside the encoder's in the model's files, such as BERT's pooler: by its name in a model with a head.
    /// - Returns: nil if the files have no such tensor of this shape
    /// - Throws: `ModelError` for numbers that are not finite
    package func extraTensor(_ name: String, shape: [Int]) throws -> [Float]? {
        let spellings =
            [name] + architecture.family.prefixes.filter(name.hasPrefix).map { String(name.dropFirst($0.count)) }
        for name in spellings {
            guard let file = files?.file(of: name), file.tensors[name]?.shape == shape else { continue }
            let values = try file.floats(name)
            if let bad = values.firstIndex(where: { !$0.isFinite }) {
                throw ModelError.weight(file: file.name, name: name, found: "\(values[bad])", element: bad)
            }
            return values
        }
        return nil
    }

    /// Under Hugging Face's names, all below the family's prefix but those that stand apart.
    private static func load(
        _ model: GGUFModel, _ architecture: Architecture, _ storage: WeightStorage
    ) throws -> (weights: [String: Weight], sources: [String: Source]) {
        var weights: [String: Weight] = [:]
        var sources: [String: Source] = [:]
        for tensor in architecture.tensors {
            let name = (tensor.standsApart ? "" : architecture.encoderPrefix) + tensor.name
            guard let stored = model[name], stored.shape == tensor.shape else {
                throw ModelError.tensor(
                    file: model.file.name, name: name, found: model[name].map { "shape \($0.shape)" } ?? "missing",
                    expected: "shape \(tensor.shape)")
            }
            var weight = try stored.weight(unpacks: storage == .float32)
            try requireFinite(weight, name, in: model.file.name) { stored.stored.releasePages() }
            if storage == .nf4, architecture.isQuantized(tensor) {
                guard ["F32", "F16", "BF16"].contains(stored.stored.type.name) else {
                    throw ModelError.unsupported(
                        file: model.file.name, field: "tensor \(name)", found: stored.stored.type.name,
                        supported:
                            "float numbers (F32, F16 or BF16) to make NF4 from; this file is quantized already, so use it as it is"
                    )
                }
                weight = Weight(NF4.blocks(of: weight) { stored.stored.releasePages() })
                sources[tensor.name] = .gguf(stored)
            }
            weights[tensor.name] = weight
        }
        model.file.releasePages()
        return (weights, sources)
    }

    /// Looks at all numbers of a weight, some rows at a time.
    /// - Throws: `ModelError.weight` for the first that is not finite
    private static func requireFinite(
        _ weight: Weight, _ name: String, in file: String, afterReading: () -> Void
    ) throws(ModelError) {
        guard let blocks = weight.blocks else { return }
        let rows = max(1, piece / blocks.columns)
        let room = AlignedBuffer(count: min(rows, blocks.rows) * blocks.columns)
        for first in stride(from: 0, to: blocks.rows, by: rows) {
            let some = first..<min(blocks.rows, first + rows)
            blocks.copy(rows: some, to: room.floats)
            let values = UnsafeBufferPointer(start: room.floats, count: some.count * blocks.columns)
            if let bad = firstNotFinite(values) {
                throw .weight(file: file, name: name, found: "\(values[bad])", element: first * blocks.columns + bad)
            }
            afterReading()
        }
    }

    private static func weight(
        _ name: String, _ tensor: SafetensorsTensor, shape: [Int], in file: SafetensorsFile
    ) throws -> Weight {
        guard tensor.shape == shape else {
            throw ModelError.tensor(
                file: file.name, name: name, found: "shape \(tensor.shape)", expected: "\(shape)")
        }
        let weight = try stored(name, in: file)
        for start in stride(from: 0, to: weight.count, by: piece) {
            let values = UnsafeBufferPointer(start: weight.floats + start, count: min(piece, weight.count - start))
            if let bad = firstNotFinite(values) {
                throw ModelError.weight(file: file.name, name: name, found: "\(values[bad])", element: start + bad)
            }
            file.releasePages()
        }
        return weight
    }

    /// The index of the first NaN or infinity. Blocks are tested by their bits, which the compiler vectorizes.
    static func firstNotFinite(_ values: UnsafeBufferPointer<Float>) -> Int? {
        var start = 0
        while start < values.count {
            let end = min(start + 4096, values.count)
            var bits: UInt32 = 0
            // An exponent of all ones is what NaN and infinity have, and no other number.
            for i in start..<end { bits |= (values[i].bitPattern & 0x7F80_0000) &+ 0x0080_0000 }
            if bits & 0x8000_0000 != 0 {
                for i in start..<end where !values[i].isFinite { return i }
            }
            start = end
        }
        return nil
    }
}
