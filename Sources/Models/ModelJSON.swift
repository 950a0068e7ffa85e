import Files

/// The object of a model's JSON file, field by field.
struct ModelJSON {
    let file: String
    let members: [(key: String, value: JSONValue)]

    /// - Throws: `ModelError.field` where the bytes are no JSON object, with the byte at which it ends to be one
    init(_ bytes: [UInt8], file: String) throws(ModelError) {
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
    }

    func wrong(_ field: String, _ found: String, _ expected: String) -> ModelError {
        .field(file: file, field: field, found: found, expected: expected)
    }

    /// The field's value; nil if it is missing or null.
    /// - Throws: `ModelError.field` for a field that comes twice
    func value(_ field: String) throws(ModelError) -> JSONValue? {
        var found: JSONValue?
        for (key, value) in members where key == field {
            guard found == nil else { throw wrong(field, "it twice", "it once") }
            found = value
        }
        if case .null? = found { return nil }
        return found
    }
}
