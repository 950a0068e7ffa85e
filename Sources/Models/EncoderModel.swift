import Files
import Foundation
import Numerics

/// A pretrained encoder: its numbers and its frozen tensors, mapped from the file and never copied.
package final class EncoderModel: Sendable {
    package let folder: URL
    package let name: String
    package let configuration: EncoderConfiguration
    package let tensors: EncoderTensors
    let weights: [String: Weight]
    private let files: ShardedSafetensors
    private let parts: ModelFolder
    private let settings: SentenceSettings
    /// Elements that are looked at before their pages are given back: a large table must not be in memory because it was
    /// checked or hashed.
    static let piece = 1 << 20

    /// Reads a Hugging Face folder, a folder of sentence-transformers, or one of the Hub's cache: config.json, the weights
    /// in one file or several, and what sentence-transformers keeps about pooling and prompts.
    /// - Throws: `ModelError`, `FileError` for what is missing or does not fit.
    package init(folder: URL) throws {
        parts = try ModelFolder(folder)
        self.folder = folder
        name = parts.name
        configuration = try EncoderConfiguration(file: parts.encoder.appendingPathComponent("config.json"))
        settings = try SentenceSettings(parts)
        tensors = EncoderTensors(configuration)
        files = try parts.weights()
        weights = try Self.load(files, tensors)
    }

    /// Where config.json, the weights and the tokenizer lie: within `folder`, if not the same.
    package var encoderFolder: URL { parts.encoder }

    /// Texts are lower-cased before the tokenizer's own normalizer (sentence-transformers' `do_lower_case`).
    package var lowersText: Bool { settings.lowersText }

    /// What stands before each text where nobody says otherwise: sentence-transformers' default prompt.
    package var textPrefix: String { settings.textPrefix }

    /// What the folder computes and we skip on purpose: one line each, for the run log.
    package var notes: [String] { settings.notes }

    /// The files that hold the weights, for the fingerprint's cache.
    var weightsFiles: [URL] { files.files.map { URL(fileURLWithPath: $0.name) } }

    package func weight(_ name: String) -> Weight? { weights[name] }

    /// What the model was made for: sentence-transformers' modules say; first token where nothing says.
    /// - Throws: `ModelError.pooling` where it is something that we do not have.
    package func pooling() throws(ModelError) -> Pool.Kind { try settings.pooling.get() }

    /// Lets the mapped weights' memory go until they are read again: after they were copied, or packed.
    package func releasePages() { files.releasePages() }

    /// The names that a tensor may have: BERT's first files call a norm's weight gamma and its bias beta.
    private static func spellings(_ name: String) -> [String] {
        for (new, old) in [("LayerNorm.weight", "LayerNorm.gamma"), ("LayerNorm.bias", "LayerNorm.beta")]
        where name.hasSuffix(new) {
            return [name, name.dropLast(new.count) + old]
        }
        return [name]
    }

    private static func load(_ files: ShardedSafetensors, _ tensors: EncoderTensors) throws -> [String: Weight] {
        // A bare BertModel has no prefix; models with a head put the encoder under its family's name
        let probe = tensors.list[0].name
        let prefix = ["", "bert.", "roberta.", "model."].first { files.file(of: $0 + probe) != nil } ?? ""
        var weights: [String: Weight] = [:]
        for (name, shape) in tensors.list {
            let found = spellings(prefix + name).filter { files.file(of: $0) != nil }
            guard let stored = found.first, let file = files.file(of: stored), let tensor = file.tensors[stored] else {
                throw ModelError.tensor(
                    file: files.name, name: prefix + name, found: "missing", expected: "shape \(shape)")
            }
            guard found.count == 1 else {
                throw ModelError.tensor(
                    file: files.name, name: stored, found: "also stored as \(found[1])", expected: "one of the two")
            }
            weights[name] = try weight(stored, tensor, shape: shape, in: file)
        }
        return weights
    }

    private static func weight(
        _ name: String, _ tensor: SafetensorsTensor, shape: [Int], in file: SafetensorsFile
    ) throws -> Weight {
        guard tensor.shape == shape else {
            throw ModelError.tensor(
                file: file.name, name: name, found: "shape \(tensor.shape)", expected: "\(shape)")
        }
        let weight: Weight
        if let pointer = try file.float32Pointer(name) {
            weight = Weight(floats: pointer, shape: shape, owner: file) { tensor.releasePages() }
        } else {
            weight = Weight(try file.floats(name), shape: shape)
        }
        for start in stride(from: 0, to: weight.count, by: piece) {
            let values = UnsafeBufferPointer(start: weight.floats + start, count: min(piece, weight.count - start))
            if let bad = firstNotFinite(values) {
                throw ModelError.weight(file: file.name, name: name, found: "\(values[bad])", element: start + bad)
            }
            file.releasePages()
        }
        return weight
    }

    /// The index of the first NaN or infinity. Blocks are told by their bits, which the compiler makes vectors of.
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
