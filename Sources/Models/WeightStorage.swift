import Files
import Numerics

/// How a model's matrices are held in memory.
package enum WeightStorage: String, CaseIterable, Sendable {
    /// As the file has them: a GGUF file's blocks where they lie.
    case stored
    /// Unpacked to float32.
    case float32 = "fp32"
    /// The layers' matrices in NF4, made from a float model; word embeddings and the output layer as the file has them.
    case nf4
}

/// Some of a model's storages, counted: what provenance and reports say of the base.
package struct StorageSummary: Equatable, Sendable {
    /// Bytes of all weights where they lie.
    package let bytes: Int
    /// "Q4_1, Q8_0": the formats of matrices in blocks, sorted; empty: all is float32.
    package let formats: [String]

    package var description: String { formats.isEmpty ? "float32" : formats.joined(separator: ", ") }

    init(_ weights: some Sequence<Weight>) {
        var (bytes, formats) = (0, Set<String>())
        for weight in weights {
            bytes += weight.byteCount
            if let blocks = weight.blocks { formats.insert(blocks.format.rawValue) }
        }
        (self.bytes, self.formats) = (bytes, formats.sorted())
    }
}

extension GGUFModel.Tensor {
    /// The tensor as a frozen weight, in the rows' order of Hugging Face: a matrix that is not in float32 stays in the file.
    /// - Throws: `FileError.unsupported` for an unknown type; numbers that are not finite are found only in what is unpacked here
    package func weight(unpacks: Bool) throws(FileError) -> Weight {
        if !unpacks, shape.count == 2, stored.count > 0, let format = Blocks.Format(rawValue: stored.type.name) {
            return Weight(
                Blocks(
                    format, stored.bytes, rows: shape[0], columns: shape[1], head: order?.head,
                    owner: Stored(tensor: stored)))
        }
        return Weight(try floats(), shape: shape)
    }

    /// Keeps the file mapped.
    private final class Stored: Sendable {
        let tensor: GGUFTensor
        init(tensor: GGUFTensor) { self.tensor = tensor }
    }
}
