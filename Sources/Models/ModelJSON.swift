import Files

/// The object of a model's JSON file, field by field.
struct ModelJSON {
    let file: String
    let members: [(key: String, value: JSONValue)]
    private static let mostBytes = 16 << 20

    /// - Throws: `ModelError.field` where the bytes are no JSON object (with the byte), or a field comes twice
    init(_ bytes: [UInt8], file: String) throws(ModelError) {
        // A tree takes some forty bytes of memory for each byte of JSON; the largest configurations have a few megabytes.
        guard bytes.count <= Self.mostBytes else {
            throw .field(
                file: file, field: "the whole file", found: "\(bytes.count) bytes",
                expected: "at most \(Self.mostBytes)")
        }
        let value: JSONValue
        do {
            value = try JSONReader.read(bytes)
        } catch {
            throw .field(file: file, field: "byte \(error.offset)", found: error.found, expected: error.expected)
        }
        guard case .object(let members) = value else {
            throw .field(file: file, field: "the whole file", found: value.summary, expected: "an object")
        }
        self.file = file
        self.members = members
        var seen = Set<[UInt8]>(minimumCapacity: members.count)
        for (key, _) in members where !seen.insert(Array(key.utf8)).inserted { throw wrong(key, "it twice", "it once") }
    }

    func wrong(_ field: String, _ found: String, _ expected: String) -> ModelError {
        .field(file: file, field: field, found: found, expected: expected)
    }

    /// The field's value; nil if it is missing or null.
    func value(_ field: String) -> JSONValue? {
        let value = members.first { $0.key.utf8.elementsEqual(field.utf8) }?.value
        if case .null? = value { return nil }
        return value
    }
}
