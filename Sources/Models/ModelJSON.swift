import Files

/// The object of a model's JSON file, field by field.
struct ModelJSON {
    let file: String
    let members: [(key: String, value: JSONValue)]
    private static let mostBytes = 16 << 20

    /// - Throws: `ModelError.field` where the bytes are no JSON object (with the byte), or a field comes twice
    init(_ bytes: [UInt8], file: String) throws(ModelError) {
        try self.init(try Self.read(bytes, file: file), file: file)
    }

    private init(_ value: JSONValue, file: String) throws(ModelError) {
        guard case .object(let members) = value else {
            throw .field(file: file, field: "the whole file", found: value.summary, expected: "an object")
        }
        self.file = file
        self.members = members
        var seen = Set<[UInt8]>(minimumCapacity: members.count)
        for (key, _) in members where !seen.insert(Array(key.utf8)).inserted {
            throw wrong(key, "a duplicate key", "one")
        }
    }

    /// The objects of a file that holds a list of them.
    static func list(_ bytes: [UInt8], file: String) throws(ModelError) -> [ModelJSON] {
        let value = try read(bytes, file: file)
        guard case .array(let values) = value else {
            throw .field(file: file, field: "the whole file", found: value.summary, expected: "a list")
        }
        var objects: [ModelJSON] = []
        for value in values { objects.append(try ModelJSON(value, file: file)) }
        return objects
    }

    private static func read(_ bytes: [UInt8], file: String) throws(ModelError) -> JSONValue {
        // A tree takes some forty bytes of memory for each byte of JSON; the largest configurations have a few megabytes.
        guard bytes.count <= mostBytes else {
            throw .field(
                file: file, field: "the whole file", found: "\(bytes.count) bytes", expected: "at most \(mostBytes)")
        }
        if let other = ForeignContent(bytes) { throw .content(file: file, found: other.found, fix: other.fix) }
        do {
            return try JSONReader.read(bytes)
        } catch {
            throw .field(file: file, field: "byte \(error.offset)", found: error.found, expected: error.expected)
        }
    }

    func wrong(_ field: String, _ found: String, _ expected: String) -> ModelError {
        .field(file: file, field: field, found: found, expected: expected)
    }

    func unsupported(_ field: String, _ found: String, _ supported: String) -> ModelError {
        .unsupported(file: file, field: field, found: found, supported: supported)
    }

    /// The field's value; nil if it is missing or null.
    func value(_ field: String) -> JSONValue? {
        let value = members.first { $0.key.utf8.elementsEqual(field.utf8) }?.value
        if case .null? = value { return nil }
        return value
    }

    func bool(_ field: String) throws(ModelError) -> Bool? {
        guard let value = value(field) else { return nil }
        guard case .bool(let flag) = value else { throw wrong(field, value.summary, "true or false") }
        return flag
    }
}
