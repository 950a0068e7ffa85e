import Foundation

/// Float32 elements on their way into a file.
package enum FloatSource {
    case array([Float])
    /// Of memory that stays valid while the file is written.
    case memory(UnsafeBufferPointer<Float>)

    var count: Int {
        switch self {
        case .array(let floats): floats.count
        case .memory(let floats): floats.count
        }
    }
}

extension SafetensorsWriter {
    /// Writes float32 tensors to a file from where they are in memory, without a copy of the whole.
    /// - Parameter values: of the tensor with this index, [shape] elements; called once for each
    /// - Throws: `FileError`
    package static func write(
        _ url: URL, float32 tensors: [(name: String, shape: [Int])], metadata: [String: String] = [:],
        values: (Int) throws(FileError) -> FloatSource
    ) throws(FileError) {
        let (header, order) = try header(tensors: tensors.map { ($0.name, $0.shape, .float32) }, metadata: metadata)
        try AtomicFile.replace(url) { (write) throws(FileError) in
            try header.withBytes { (bytes) throws(FileError) in try write(bytes) }
            for i in order {
                let source = try values(i)
                guard source.count == checkedProduct(tensors[i].shape) else {
                    throw .notWritable(
                        field: "tensor \(tensors[i].name)", found: "\(source.count) elements",
                        expected: "as many as shape \(tensors[i].shape) has")
                }
                switch source {
                case .memory(let floats): try write(UnsafeRawBufferPointer(floats))
                case .array(let floats):
                    let bytes = floats.withUnsafeBytes { Data($0) }
                    try bytes.withBytes { (bytes) throws(FileError) in try write(bytes) }
                }
            }
        }
    }
}
