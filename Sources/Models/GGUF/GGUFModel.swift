import Files

/// A decoder in a GGUF file, as Hugging Face describes the same model: the numbers of its config.json, and its tensors by their names
/// there, in their order of rows.
///
/// Nothing is unpacked before it is asked for; the file stays mapped.
package struct GGUFModel: Sendable {
    /// A tensor under Hugging Face's name.
    package struct Tensor: Sendable {
        /// Slowest dimension first, as Hugging Face has it.
        package var shape: [Int] { stored.shape }
        /// The blocks as they lie in the file, with rows in the file's order.
        package let stored: GGUFTensor
        /// Where the rows of queries or keys stand; nil: in the file's order.
        package let order: RowOrder?

        /// All elements in Hugging Face's order of rows, as float32; newly allocated.
        /// - Throws: `FileError.unsupported` for an unknown type, `.malformed` for numbers that are not finite
        package func floats() throws(FileError) -> [Float] {
            guard let order else { return try stored.floats() }
            let columns = stored.shape.dropFirst().reduce(1, *)
            let values = try stored.floats()
            return [Float](unsafeUninitializedCapacity: values.count) { sorted, initialized in
                for row in 0..<stored.shape[0] {
                    let from = order.storedRow(row) * columns
                    for column in 0..<columns { sorted[row * columns + column] = values[from + column] }
                }
                initialized = values.count
            }
        }
    }

    /// How llama.cpp stores the rows of queries and keys: the two rows of each rotation stand side by side within a head.
    package struct RowOrder: Equatable, Sendable {
        /// Rows of a head, an even number.
        package let head: Int

        /// The row of the file that is Hugging Face's `row`.
        package func storedRow(_ row: Int) -> Int {
            let (start, inside) = (row / head * head, row % head)
            return start + inside % (head / 2) * 2 + inside / (head / 2)
        }
    }

    package let file: GGUFFile
    /// What config.json would say.
    package let configuration: JSONValue
    private let tensors: [String: Tensor]

    /// The names of its tensors, sorted.
    package var names: [String] { tensors.keys.sorted() }

    package subscript(name: String) -> Tensor? { tensors[name] }

    /// - Throws: `ModelError` for an architecture or a feature that is not known, or numbers that are missing; `FileError` for
    ///   metadata of other types
    package init(_ file: GGUFFile) throws {
        self.file = file
        let fields = try GGUFFields(file)
        configuration = try fields.configuration()
        let order = try fields.order()
        var tensors: [String: Tensor] = [:]
        for stored in file.names {
            guard let name = GGUFFamily.name(of: stored) else {
                throw ModelError.unsupported(
                    file: file.name, field: "tensor \(stored.prefix(80))", found: "a tensor of this name",
                    supported: "the tensors of a \(fields.family.name) model")
            }
            let tensor = try file.tensor(stored)
            let own = stored.contains(".attn_q.") || stored.contains(".attn_k.") ? order : nil
            if let own, tensor.shape[0] % own.head != 0 {
                throw ModelError.field(
                    file: file.name, field: "tensor \(stored)", found: "\(tensor.shape[0]) rows",
                    expected: "a multiple of \(own.head), the rows of a head")
            }
            tensors[name] = Tensor(stored: tensor, order: own)
        }
        self.tensors = tensors
    }
}
