import Foundation

@testable import Files

/// Weights in four bits, and every tensor of them.
enum Q4Fuzz: FuzzedReader {
    static let name = "q4"
    static let files = [
        "Files/Q4BlockFile.swift", "Files/GGUFBlocks.swift", "Files/ByteCursor.swift", "Files/Elements.swift",
    ]
    static let tokens: [[UInt8]] =
        words("E5S1", "emb.word", "emb.pos", "l0.q.w", "é", "e\u{301}") + [
            [0, 0, 0, 0], [1, 0, 0, 0], [32, 0, 0, 0], [0xFF, 0xFF, 0xFF, 0xFF], [0xFF, 0xFF, 0xFF, 0x7F],
            [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F], [0, 0x7C], [18, 0, 0, 0, 0, 0, 0, 0],
        ]
    static let memory = (constant: 1 << 14, perByte: 32)

    static func read(_ bytes: [UInt8]) throws -> () throws -> Void {
        let file = try Q4BlockFile(Data(bytes), name: Invariants.file)
        return {
            for (name, tensor) in file.tensors {
                do {
                    let whole = try file.floats(name, 0..<tensor.count)
                    Invariants.require(
                        whole.count == tensor.count && whole.allSatisfy { $0.isFinite }, "wrong values of \(name)")
                    let middle = tensor.count / 64 * 32
                    let parts = try file.floats(name, 0..<middle) + file.floats(name, middle..<tensor.count)
                    Invariants.require(parts == whole, "other values in parts of \(name)")
                } catch {
                    Invariants.require("\(error)".contains("finite"), "\(error)")
                }
            }
        }
    }
}
