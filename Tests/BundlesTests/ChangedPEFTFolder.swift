import Files
import Foundation

@testable import Bundles

/// A copy of a PEFT folder with a changed configuration, and tensors that are renamed, changed or dropped (nil).
/// - Parameters:
///   - out: is replaced
///   - tensors: by their full names
func changedPEFT(
    _ source: URL, to out: URL, _ fields: [String: ConfigurationValue] = [:],
    tensors: (String, [Int], [Float]) -> (String, [Int], [Float])? = { ($0, $1, $2) }
) throws -> URL {
    try? FileManager.default.removeItem(at: out)
    try FileManager.default.createDirectory(at: out, withIntermediateDirectories: true)
    let json = try Data(contentsOf: source.appendingPathComponent(PEFTModule.configuration))
    guard case .map(let map)? = ConfigurationValue(json: [UInt8](json)) else { return out }
    try Data(ConfigurationValue.map(map.merging(fields) { $1 }).json.utf8)
        .write(to: out.appendingPathComponent(PEFTModule.configuration))
    let file = try SafetensorsFile(source.appendingPathComponent(PEFTModule.tensors))
    let list = try file.names.compactMap { tensors($0, try file.tensor($0).shape, try file.floats($0)) }
    try SafetensorsWriter.data(tensors: list.map { (name: $0.0, shape: $0.1, value: .float32($0.2)) })
        .write(to: out.appendingPathComponent(PEFTModule.tensors))
    return out
}
