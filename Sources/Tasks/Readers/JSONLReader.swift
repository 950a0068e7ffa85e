import Foundation

/// JSON Lines: one object a line. Lines end with LF or CRLF; lines of white space are passed over.
package enum JSONLReader: RowReader {
    package static let fileExtension = "jsonl"

    package static func read(_ bytes: [UInt8], file: String, limit: Int?) throws(TaskError) -> RowTable {
        var table = RowTable()
        let decoder = JSONDecoder()
        var rest = try TextBytes.withoutMark(bytes, file: file)
        var line = 0
        while !rest.isEmpty, table.rows.count < limit ?? Int.max {
            line += 1
            let end = rest.firstIndex(of: 0x0A) ?? rest.endIndex
            let content = rest[rest.startIndex..<end]
            rest = rest[min(end + 1, rest.endIndex)...]
            if content.allSatisfy({ $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }) {
                table.skippedLines += 1
                continue
            }
            table.rows.append(Row(line: line, values: try object(content, file: file, line: line, decoder: decoder)))
        }
        return table
    }

    private static func object(
        _ content: ArraySlice<UInt8>, file: String, line: Int, decoder: JSONDecoder
    ) throws(TaskError) -> [String: FieldValue] {
        guard TextBytes.string(content) != nil else { throw .notUTF8(file: file, line: line) }
        guard !isDeep(content) else {
            throw .malformed(
                file: file, line: line, problem: "nested more than \(depthLimit) levels deep",
                mend: "expected one flat JSON object a line")
        }
        do {
            return try decoder.decode([String: FieldValue].self, from: Data(content))
        } catch DecodingError.typeMismatch {
            throw .malformed(
                file: file, line: line, problem: "not a JSON object", mend: "expected one JSON object a line")
        } catch {
            throw .malformed(
                file: file, line: line, problem: "not valid JSON", mend: "expected one JSON object a line")
        }
    }

    private static let depthLimit = 64

    // The decoder recurses once a level; on the small stacks of background threads that ends in an overflow.
    private static func isDeep(_ content: ArraySlice<UInt8>) -> Bool {
        var depth = 0
        var inString = false
        var escaped = false
        for byte in content {
            if inString {
                if escaped {
                    escaped = false
                } else if byte == UInt8(ascii: "\\") {
                    escaped = true
                } else if byte == UInt8(ascii: "\"") {
                    inString = false
                }
                continue
            }
            switch byte {
            case UInt8(ascii: "\""): inString = true
            case UInt8(ascii: "["), UInt8(ascii: "{"):
                depth += 1
                if depth > depthLimit { return true }
            case UInt8(ascii: "]"), UInt8(ascii: "}"): depth -= 1
            default: break
            }
        }
        return false
    }
}

extension FieldValue: Decodable {
    package init(from decoder: any Decoder) throws {
        self = Self.scalar(try decoder.singleValueContainer()) ?? Self.list(decoder)
    }

    private static func scalar(_ value: any SingleValueDecodingContainer) -> FieldValue? {
        if let text = try? value.decode(String.self) { return .string(text) }
        if value.decodeNil() { return .null }
        if let flag = try? value.decode(Bool.self) { return .boolean(flag) }
        if let integer = try? value.decode(Int.self) { return .integer(integer) }
        if let number = try? value.decode(Double.self) { return .number(number) }
        return nil
    }

    private static func list(_ decoder: any Decoder) -> FieldValue {
        guard var items = try? decoder.unkeyedContainer() else { return .other }
        var values: [FieldValue] = []
        while !items.isAtEnd {
            guard let item = try? items.superDecoder(), let container = try? item.singleValueContainer(),
                let value = scalar(container)
            else { return .other }
            values.append(value)
        }
        return .list(values)
    }
}
