import Files
import Foundation

@testable import Text

/// Files under Tests/Golden/tokenizer, which tokenizer_golden.py makes.
enum Golden {
    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Golden").appendingPathComponent("tokenizer")

    struct Case {
        var text: String
        var pair: String?
        var maxLength: Int
        var encoding: Encoding
    }

    struct Malformed: Error {
        var file: String
    }

    static func fields(_ name: String) throws -> JSONFields {
        guard let fields = try TextFile.object(folder.appendingPathComponent(name)) else { throw Malformed(file: name) }
        return fields
    }

    static func integers(_ value: JSONValue) -> [Int32] {
        guard case .array(let values) = value else { return [] }
        return values.compactMap { if case .integer(let number) = $0 { Int32(number) } else { nil } }
    }

    static func cases(_ name: String) throws -> [Case] {
        try fields(name).requiredArray("cases").map { value in
            guard case .array(let parts) = value, parts.count == 6, case .string(let text) = parts[0],
                case .integer(let maxLength) = parts[2]
            else { throw Malformed(file: name) }
            var pair: String?
            if case .string(let text) = parts[1] { pair = text }
            var encoding = Encoding(ids: integers(parts[3]))
            let offsets = integers(parts[4])
            var last: Int32 = 0
            for index in stride(from: 0, to: offsets.count, by: 2) {
                let start = last + offsets[index]
                last = start + offsets[index + 1]
                encoding.offsets.append(start..<last)
            }
            let kinds = integers(parts[5])
            for index in stride(from: 0, to: kinds.count, by: 3) {
                encoding.typeIDs += repeatElement(kinds[index + 1], count: Int(kinds[index]))
                encoding.sequence += repeatElement(UInt8(kinds[index + 2]), count: Int(kinds[index]))
            }
            return Case(text: text, pair: pair, maxLength: maxLength, encoding: encoding)
        }
    }

    /// A text as a list of scalars, for messages.
    static func shown(_ text: String) -> String {
        text.unicodeScalars.map { String($0.value, radix: 16) }.joined(separator: " ")
    }

    /// A fresh folder for one test's files.
    static func temporaryFolder() throws -> URL {
        let url = FileManager.default.temporaryDirectory.appendingPathComponent("amalgam-text-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        return url
    }
}
