import Files
import Foundation
import Testing

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

    static func fields(_ name: String) throws -> JSONFields { try fields(at: folder.appendingPathComponent(name)) }

    static func fields(at url: URL) throws -> JSONFields {
        guard let fields = try TextFile.object(url) else { throw Malformed(file: url.path) }
        return fields
    }

    static func integers(_ value: JSONValue) -> [Int32] {
        guard case .array(let values) = value else { return [] }
        return values.compactMap { if case .integer(let number) = $0 { Int32(number) } else { nil } }
    }

    static func cases(_ name: String) throws -> [Case] { try cases(at: folder.appendingPathComponent(name)) }

    static func cases(at url: URL) throws -> [Case] {
        try cases(.array(fields(at: url).requiredArray("cases")), file: url.lastPathComponent)
    }

    static func cases(_ value: JSONValue, file: String) throws -> [Case] {
        guard case .array(let values) = value else { throw Malformed(file: file) }
        return try values.map { value in
            guard case .array(let parts) = value, parts.count == 6, case .string(let text) = parts[0],
                case .integer(let maxLength) = parts[2]
            else { throw Malformed(file: file) }
            var pair: String?
            if case .string(let text) = parts[1] { pair = text }
            return Case(
                text: text, pair: pair, maxLength: maxLength,
                encoding: encoding(ids: parts[3], offsets: parts[4], kinds: parts[5]))
        }
    }

    /// Offsets are coded as [start - last end, length, ...]; kinds as runs [count, type id, sequence, ...].
    static func encoding(ids: JSONValue, offsets: JSONValue, kinds: JSONValue) -> Encoding {
        var encoding = Encoding(ids: integers(ids))
        let offsets = integers(offsets)
        var last: Int32 = 0
        for index in stride(from: 0, to: offsets.count, by: 2) {
            let start = last + offsets[index]
            last = start + offsets[index + 1]
            encoding.offsets.append(start..<last)
        }
        let kinds = integers(kinds)
        for index in stride(from: 0, to: kinds.count, by: 3) {
            encoding.typeIDs += repeatElement(kinds[index + 1], count: Int(kinds[index]))
            encoding.sequence += repeatElement(UInt8(kinds[index + 2]), count: Int(kinds[index]))
        }
        return encoding
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

    /// Ids, type ids, offsets and sequences; the first few that differ are shown.
    static func compare(_ tokenizer: any Tokenizer, _ cases: [Case]) {
        var wrong = 0
        for (index, expected) in cases.enumerated() {
            var made = tokenizer.encode(expected.text, pair: expected.pair, maxLength: expected.maxLength)
            made.isTruncated = false  // the fixtures do not say
            guard made != expected.encoding else { continue }
            wrong += 1
            if wrong > 5 { continue }
            let tokens = made.ids.map { tokenizer.token($0) ?? "?" }
            let wanted = expected.encoding.ids.map { tokenizer.token($0) ?? "?" }
            Issue.record(
                """
                case \(index): \(expected.text.debugDescription) [\(shown(expected.text))] pair \
                \(expected.pair.debugDescription) at most \(expected.maxLength):
                made \(tokens) \(made.offsets) \(made.typeIDs) \(made.sequence)
                for  \(wanted) \(expected.encoding.offsets) \(expected.encoding.typeIDs) \(expected.encoding.sequence)
                """)
        }
        #expect(wrong == 0)
    }
}
