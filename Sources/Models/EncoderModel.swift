import Files
import Foundation
import Numerics

/// A pretrained encoder: its numbers and its frozen tensors, mapped from the file and never copied.
package final class EncoderModel: Sendable {
    package let folder: URL
    package let name: String
    package let configuration: EncoderConfiguration
    private let modelPooling: Result<Pool.Kind, ModelError>
    /// What stands before each text where nobody says otherwise: sentence-transformers' default prompt.
    package let textPrefix: String
    package let tensors: EncoderTensors
    let weights: [String: Weight]
    let weightsFile: URL
    let weightsMap: SafetensorsFile
    /// Elements that are looked at before their pages are given back: a large table must not be in memory because it was
    /// checked or hashed.
    static let piece = 1 << 20

    /// Reads a Hugging Face folder: config.json, model.safetensors and, if there, what sentence-transformers
    /// keeps about pooling and prompts.
    /// - Throws: `ModelError`, `FileError` for what is missing or does not fit.
    package init(folder: URL) throws {
        let configurationFile = folder.appendingPathComponent("config.json")
        guard FileManager.default.fileExists(atPath: configurationFile.path) else {
            throw ModelError.noFolder(path: folder.path)
        }
        self.folder = folder
        name = folder.standardizedFileURL.lastPathComponent
        configuration = try EncoderConfiguration(file: configurationFile)
        modelPooling = try SentenceSettings.pooling(folder)
        textPrefix = try SentenceSettings.textPrefix(folder)
        weightsFile = folder.appendingPathComponent("model.safetensors")
        tensors = EncoderTensors(configuration)
        weightsMap = try SafetensorsFile(weightsFile)
        weights = try Self.load(weightsMap, path: weightsFile.path, tensors)
    }

    /// The files that hold the weights, for the fingerprint's cache.
    var weightsFiles: [URL] { [weightsFile] }

    package func weight(_ name: String) -> Weight? { weights[name] }

    /// What the model was made for: sentence-transformers' 1_Pooling/config.json says; first token where nothing says.
    /// - Throws: `ModelError.pooling` where it is something that we do not have.
    package func pooling() throws(ModelError) -> Pool.Kind { try modelPooling.get() }

    /// Lets the mapped weights' memory go until they are read again: after they were copied, or packed.
    package func releasePages() { weightsMap.releasePages() }

    private static func load(_ file: SafetensorsFile, path: String, _ tensors: EncoderTensors) throws
        -> [String: Weight]
    {
        // A bare BertModel has no prefix; models with a head put the encoder under its family's name
        let probe = tensors.list[0].name
        let prefix = ["", "bert.", "roberta.", "model."].first { file.tensors[$0 + probe] != nil } ?? ""
        var weights: [String: Weight] = [:]
        for (name, shape) in tensors.list {
            guard let tensor = file.tensors[prefix + name] else {
                throw ModelError.tensor(
                    file: path, name: prefix + name, found: "not there", expected: "shape \(shape)")
            }
            guard tensor.shape == shape else {
                throw ModelError.tensor(
                    file: path, name: prefix + name, found: "shape \(tensor.shape)", expected: "\(shape)")
            }
            let weight: Weight
            if let pointer = try file.float32Pointer(prefix + name) {
                weight = Weight(floats: pointer, shape: shape, owner: file) { tensor.releasePages() }
            } else {
                weight = Weight(try file.floats(prefix + name), shape: shape)
            }
            for start in stride(from: 0, to: weight.count, by: piece) {
                let values = UnsafeBufferPointer(
                    start: weight.floats + start, count: min(piece, weight.count - start))
                if let bad = firstNotFinite(values) {
                    throw ModelError.weight(
                        file: path, name: prefix + name, found: "\(values[bad])", element: start + bad)
                }
                file.releasePages()
            }
            weights[name] = weight
        }
        return weights
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
