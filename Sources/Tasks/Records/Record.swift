import Files

/// One record of a stream: its fields in the order in which they are written.
package struct Record: Equatable, Sendable {
    package struct Field: Equatable, Sendable {
        package var name: String
        package var value: FieldValue
        /// The value as JSON, on one line and digit for digit as it came: for output that keeps it.
        package var json: String

        package init(_ name: String, _ value: FieldValue, json: String) {
            self.name = name
            self.value = value
            self.json = json
        }
    }

    /// The line of the stream that the record starts in, from 1.
    package var line: Int
    package var fields: [Field]

    package init(line: Int, fields: [Field]) {
        self.line = line
        self.fields = fields
    }

    package subscript(name: String) -> Field? { fields.first { $0.name == name } }
}

/// What a reader makes of one record of a stream.
package enum RecordResult: Equatable, Sendable {
    case record(Record)
    /// The record alone is bad; those after it are read.
    case bad(line: Int, TaskError)
    /// Nothing after it can be read.
    case fatal(TaskError)
}
