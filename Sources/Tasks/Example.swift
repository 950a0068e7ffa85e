/// What a kind other than classification keeps of a row: words and tags, numbers. Each kind declares its own payload; an
/// example carries it without knowing its type.
package protocol ExamplePayload: Sendable {
    /// The content as bytes; only equal payloads have equal bytes.
    var canonicalBytes: [UInt8] { get }
    /// Whether there is an answer that a prediction can match. An example without one counts as wrong or is not scored.
    var hasKnownAnswer: Bool { get }
    /// Whether the row has an answer, known or not.
    var isScored: Bool { get }
    /// How many answers an example has, for kinds in which this must be the same for all rows; nil for other kinds.
    var answers: Int? { get }
    /// Texts that a model reads besides those of the example itself, such as candidates or a context.
    var otherTexts: [String] { get }

    /// The text of the example, if the payload holds it too, as words or as a question; nil: it does not.
    var ownText: String? { get }

    /// The payload with each of its texts replaced; nil if its answers depend on the exact texts.
    func mapTexts(_ change: (String) -> String) -> (any ExamplePayload)?

    /// How many choices a question has; 0 for kinds without choices.
    var choiceCount: Int { get }

    /// The payload with its choices in another order, and its answer moved along; nil for kinds without choices.
    /// - Parameter order: for each new place the old one
    func reorderingChoices(_ order: [Int]) -> (any ExamplePayload)?
    /// The words of the text, for kinds whose rows have them.
    var words: [String]? { get }
    /// What is doubtful about the answer, such as "2 roots"; nil: nothing.
    var doubt: String? { get }
}

extension ExamplePayload {
    package var hasKnownAnswer: Bool { true }
    package var isScored: Bool { true }
    package var answers: Int? { nil }
    package var otherTexts: [String] { [] }
    package var ownText: String? { nil }

    package var choiceCount: Int { 0 }

    package func mapTexts(_ change: (String) -> String) -> (any ExamplePayload)? { nil }

    package func reorderingChoices(_ order: [Int]) -> (any ExamplePayload)? { nil }
    package var words: [String]? { nil }
    package var doubt: String? { nil }
}

/// One row of a task's data, with labels as indices.
package struct Example: Sendable {
    /// Index in its split, from 0.
    package var id: Int
    package var text: String
    /// The second text of a pair.
    package var pair: String?
    /// Index into the task's labels; nil if the row has none.
    package var label: Int?
    /// The row's label if the task does not know it. Such a label counts as wrong.
    package var unknownLabel: String?
    /// A probability for each of the task's labels, with the sum 1, in place of one label; `label` is then the most probable
    /// one. nil: the row has a label, or none.
    package var labelProbabilities: [Float]?
    /// How much the row counts in training, 0 or more. Scores count all rows alike.
    package var weight = 1.0
    /// Line of the file where the row starts, from 1; 0 for rows that come from no file.
    package var line: Int
    /// Place of the row in the file's array, from 0; nil for rows that are lines, or come from no file.
    package var element: Int?
    package var payload: (any ExamplePayload)?
    /// The group of rows that the row belongs to, such as its source package. Intervals resample whole groups.
    package var group: String?

    package init(
        id: Int, text: String, pair: String? = nil, label: Int? = nil, unknownLabel: String? = nil,
        line: Int = 0, element: Int? = nil, payload: (any ExamplePayload)? = nil, group: String? = nil
    ) {
        self.id = id
        self.text = text
        self.pair = pair
        self.label = label
        self.unknownLabel = unknownLabel
        self.line = line
        self.element = element
        self.payload = payload
        self.group = group
    }
}

extension Example {
    /// Whether a prediction can be right. Rows whose label is unknown have none.
    package var hasKnownAnswer: Bool { payload?.hasKnownAnswer ?? (unknownLabel == nil) }
}

extension Example {
    /// Whether the row has an answer, known or not: only such rows are scored.
    package var isScored: Bool { label != nil || unknownLabel != nil || payload?.isScored ?? false }
}

extension Example: Equatable {
    package static func == (a: Example, b: Example) -> Bool {
        a.id == b.id && a.text == b.text && a.pair == b.pair && a.label == b.label
            && a.unknownLabel == b.unknownLabel && a.line == b.line && a.element == b.element
            && a.payload?.canonicalBytes == b.payload?.canonicalBytes && a.group == b.group
            && a.labelProbabilities == b.labelProbabilities && a.weight == b.weight
    }
}

/// The bytes that identify a data set, whatever its file format: equal texts, pairs, labels and order give equal bytes,
/// and any difference gives other bytes. For a content hash.
package enum CanonicalData {
    /// Passes the bytes of examples in pieces to `sink`.
    ///
    /// A string is its length in bytes (8 bytes, little endian) and its UTF-8; a missing one has the length 2⁶⁴ − 1.
    /// Line numbers do not count, since a blank line does not change the data. Groups do not count either: they affect
    /// the intervals of scores, not the training. A row with probabilities or a weight has them behind the length −2,
    /// which no string has; the bytes of other rows do not know of them.
    /// - Parameters:
    ///   - examples: in order
    ///   - labels: the names behind the label indices; an index outside counts as no label
    ///   - sink: called with the pieces in order
    package static func write(
        _ examples: [Example], labels: [String], to sink: (_ piece: [UInt8]) -> Void
    ) {
        var piece: [UInt8] = Array("amalgam examples 1\n".utf8)
        append(labels.count, to: &piece)
        for label in labels { append(label, to: &piece) }
        append(examples.count, to: &piece)
        for example in examples {
            append(example.text, to: &piece)
            append(example.pair, to: &piece)
            append(
                example.label.flatMap { labels.indices.contains($0) ? labels[$0] : nil } ?? example.unknownLabel,
                to: &piece)
            let payload = example.payload?.canonicalBytes ?? []
            append(payload.count, to: &piece)
            piece += payload
            if example.labelProbabilities != nil || example.weight != 1 {
                append(-2, to: &piece)
                append(example.weight, to: &piece)
                append(example.labelProbabilities?.count ?? 0, to: &piece)
                for probability in example.labelProbabilities ?? [] { append(Double(probability), to: &piece) }
            }
            if piece.count >= 1 << 16 {
                sink(piece)
                piece.removeAll(keepingCapacity: true)
            }
        }
        if !piece.isEmpty { sink(piece) }
    }

    /// All bytes of `write`.
    package static func bytes(of examples: [Example], labels: [String]) -> [UInt8] {
        var all: [UInt8] = []
        write(examples, labels: labels) { all += $0 }
        return all
    }

    static func append(_ count: Int, to bytes: inout [UInt8]) {
        withUnsafeBytes(of: Int64(count).littleEndian) { bytes += $0 }
    }

    static func append(_ number: Double, to bytes: inout [UInt8]) {
        withUnsafeBytes(of: number.bitPattern.littleEndian) { bytes += $0 }
    }

    static func append(_ text: String?, to bytes: inout [UInt8]) {
        guard let text else { return withUnsafeBytes(of: UInt64.max) { bytes += $0 } }
        append(text.utf8.count, to: &bytes)
        bytes += text.utf8
    }
}
