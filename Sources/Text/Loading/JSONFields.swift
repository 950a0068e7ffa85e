import Files

/// An object of a JSON file, with the file's name and the way to it for messages; each field is read by its type.
struct JSONFields {
    let file: String
    /// `model.vocab`; empty for the whole file.
    let path: String
    let members: [(key: String, value: JSONValue)]

    /// - Throws: `TextError.field` if `value` is not an object
    init(file: String, path: String, value: JSONValue) throws(TextError) {
        guard case .object(let members) = value else {
            throw TextError.field(
                file: file, field: path.isEmpty ? "the whole file" : path, found: value.summary,
                expected: "an object", fix: JSONFields.fix)
        }
        self.file = file
        self.path = path
        self.members = members
    }

    /// What helps where a field is not as the format has it.
    static let fix = "save the tokenizer again, or copy the file again"

    /// The way to a field.
    func place(_ key: String) -> String { path.isEmpty ? key : path + "." + key }

    func wrong(_ key: String, _ found: String, _ expected: String, fix: String = JSONFields.fix) -> TextError {
        .field(file: file, field: place(key), found: found, expected: expected, fix: fix)
    }

    func unsupported(_ key: String, _ found: String, _ supported: String) -> TextError {
        .unsupported(file: file, field: place(key), found: found, supported: supported)
    }

    /// The field's value; nil if it is missing or null.
    /// - Throws: if the key comes twice
    func value(_ key: String) throws(TextError) -> JSONValue? {
        var found: JSONValue?
        for member in members where member.key == key {
            guard found == nil else { throw wrong(key, "a duplicate field", "one") }
            found = member.value
        }
        if case .null = found { return nil }
        return found
    }

    private func required(_ key: String, _ expected: String) throws(TextError) -> JSONValue {
        guard let value = try value(key) else { throw wrong(key, "nothing", expected) }
        return value
    }

    func object(_ key: String) throws(TextError) -> JSONFields? {
        guard let value = try value(key) else { return nil }
        return try JSONFields(file: file, path: place(key), value: value)
    }

    func requiredObject(_ key: String) throws(TextError) -> JSONFields {
        try JSONFields(file: file, path: place(key), value: try required(key, "an object"))
    }

    func array(_ key: String) throws(TextError) -> [JSONValue]? {
        guard let value = try value(key) else { return nil }
        guard case .array(let elements) = value else { throw wrong(key, value.summary, "a list") }
        return elements
    }

    func requiredArray(_ key: String) throws(TextError) -> [JSONValue] {
        guard let elements = try array(key) else { throw wrong(key, "nothing", "a list") }
        return elements
    }

    func bool(_ key: String) throws(TextError) -> Bool? {
        guard let value = try value(key) else { return nil }
        guard case .bool(let flag) = value else { throw wrong(key, value.summary, "true or false") }
        return flag
    }

    func string(_ key: String) throws(TextError) -> String? {
        guard let value = try value(key) else { return nil }
        guard case .string(let text) = value else { throw wrong(key, value.summary, "a string") }
        return text
    }

    func requiredString(_ key: String) throws(TextError) -> String {
        guard let text = try string(key) else { throw wrong(key, "nothing", "a string") }
        return text
    }

    /// A token id: 0 or more, in 32 bits.
    func requiredID(_ key: String) throws(TextError) -> Int32 {
        try id(try required(key, "a token id"), key)
    }

    /// `value` as a token id; `key` is for messages.
    func id(_ value: JSONValue, _ key: String) throws(TextError) -> Int32 {
        guard case .integer(let number) = value, number >= 0, number < Int32.max else {
            throw wrong(key, value.summary, "a token id, 0 or more")
        }
        return Int32(number)
    }

    /// A count, 0 or more.
    func requiredCount(_ key: String) throws(TextError) -> Int {
        let value = try required(key, "a count")
        guard case .integer(let number) = value, number >= 0 else { throw wrong(key, value.summary, "a count") }
        return number
    }
}
