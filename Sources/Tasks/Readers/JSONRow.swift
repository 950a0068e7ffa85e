import Files

/// A row from a JSON object.
enum JSONRow {
    static let fix = "expected one JSON object per line"

    /// - Parameter fix: what is expected of the text
    static func values(
        _ content: ArraySlice<UInt8>, file: String, line: Int, fix: String = fix
    ) throws(TaskError) -> [String: FieldValue] {
        guard TextBytes.string(content) != nil else { throw .notUTF8(file: file, line: line) }
        let value: JSONValue
        do { value = try JSONReader.read(Array(content)) } catch {
            throw .malformed(error, file: file, line: line, fix: fix)
        }
        guard case .object(let members) = value else {
            throw .malformed(file: file, line: line, problem: "\(value.kind), not a JSON object", fix: fix)
        }
        var values: [String: FieldValue] = [:]
        for (name, value) in members {
            guard values.updateValue(FieldValue(value), forKey: name) == nil else {
                throw .malformed(
                    file: file, line: line, problem: "'\(shown(name))' appears twice", fix: "remove one of them")
            }
        }
        return values
    }
}

extension TaskError {
    /// A row that is not JSON.
    static func malformed(_ fault: JSONFault, file: String, line: Int, fix: String) -> TaskError {
        if let number = fault.notANumber {
            let field = fault.member.map { " in '\(shown($0))'" } ?? ""
            return .malformed(
                file: file, line: line, problem: "not valid JSON: \(number)\(field) at byte \(fault.offset)",
                fix: "write null where a number is missing, or delete the row")
        }
        let found = fault.found == JSONFault.end ? "the line ends" : fault.found
        return .malformed(
            file: file, line: line,
            problem: "not valid JSON: \(found) at byte \(fault.offset), expected \(fault.expected)", fix: fix)
    }
}

extension JSONValue {
    /// In words, without the value, which may be long.
    fileprivate var kind: String { FieldValue(self).typeName }
}

extension FieldValue {
    init(_ value: JSONValue) {
        self = Self.flat(value) ?? Self.list(value, levels: 3) ?? .other
    }

    /// A list of what is flat, or of such lists, as clusters of mentions are; nil for others.
    /// - Parameter levels: of lists in lists at most.
    private static func list(_ value: JSONValue, levels: Int) -> FieldValue? {
        guard levels > 0, case .array(let items) = value else { return nil }
        let values = items.compactMap { flat($0) ?? list($0, levels: levels - 1) }
        return values.count == items.count ? .list(values) : nil
    }

    /// A scalar, or an object of scalars; nil for others, and for an object in which a name stands twice.
    private static func flat(_ value: JSONValue) -> FieldValue? {
        guard case .object(let members) = value else { return scalar(value) }
        var values: [String: FieldValue] = [:]
        for (name, member) in members { values[name] = scalar(member) }
        return values.count == members.count ? .object(values) : nil
    }

    private static func scalar(_ value: JSONValue) -> FieldValue? {
        switch value {
        case .string(let text): .string(text)
        case .null: .null
        case .bool(let flag): .boolean(flag)
        case .integer(let integer): .integer(integer)
        // 1.0 is the label 1, as other readers have it.
        case .number(let number): Int(exactly: number).map { .integer($0) } ?? .number(number)
        case .array, .object: nil
        }
    }
}
