import Files

/// Which of several heads a record is for: a field of the record names it.
package struct RecordRouter: Sendable {
    package let field: String
    /// The heads' names.
    package let heads: [String]

    package init(field: String, heads: [String]) {
        self.field = field
        self.heads = heads
    }

    /// The index of a record's head.
    /// - Parameter file: as messages show it
    /// - Throws: `TaskError.malformed` for a record without the field, or with another name in it
    package func route(_ record: Record, file: String) throws(TaskError) -> Int {
        func wrong(_ problem: String, _ fix: String) -> TaskError {
            .malformed(file: file, line: record.line, problem: problem, fix: fix)
        }
        let names = heads.joined(separator: ", ")
        guard let found = record[field] else {
            throw wrong(
                "no '\(shown(field))', which names the head of a record (one of \(names))",
                "add it, name another field with --task-field, or choose one head for all records with --head")
        }
        guard case .string(let name) = found.value else {
            throw wrong("'\(shown(field))' is \(found.value.typeName)", "expected the name of a head: \(names)")
        }
        guard let index = heads.firstIndex(of: name) else {
            let near = nearestName(to: name, among: heads).map { "did you mean '\($0)'? " } ?? ""
            throw wrong("'\(shown(field))' is '\(shown(name))', and no head has this name", "\(near)expected \(names)")
        }
        return index
    }
}
