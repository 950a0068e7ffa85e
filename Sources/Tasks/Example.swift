/// What a kind other than classification keeps of a row: words and tags, numbers. Each kind declares its own payload; an
/// example carries it without knowing its type.
package protocol ExamplePayload: Sendable {
    /// The content as bytes; only equal payloads have equal bytes.
    var canonicalBytes: [UInt8] { get }
    /// Whether there is an answer that a prediction can match. An example without one counts as wrong or is not scored.
    var hasKnownAnswer: Bool { get }
    /// How many answers an example has, for kinds in which this must be the same for all rows; nil for other kinds.
    var answers: Int? { get }
}

extension ExamplePayload {
    package var hasKnownAnswer: Bool { true }
    package var answers: Int? { nil }
}

/// One row of a task's data, labels as indices.
package struct Example: Sendable {
    /// Index in its split, from 0.
    package var id: Int
    package var text: String
    /// The second text of a pair.
    package var pair: String?
    /// Index into the task's labels; nil when the row has none.
    package var label: Int?
    /// The label as the file has it, where the task does not know it: no prediction is right then.
    package var unknownLabel: String?
    /// Line of the file where the row starts, from 1; 0 for rows that come from no file.
    package var line: Int
    package var payload: (any ExamplePayload)?
    /// What the row comes from together with others, such as a source package: intervals resample such groups whole.
    package var group: String?

    package init(
        id: Int, text: String, pair: String? = nil, label: Int? = nil, unknownLabel: String? = nil,
        line: Int = 0, payload: (any ExamplePayload)? = nil, group: String? = nil
    ) {
        self.id = id
        self.text = text
        self.pair = pair
        self.label = label
        self.unknownLabel = unknownLabel
        self.line = line
        self.payload = payload
        self.group = group
    }
}

extension Example {
    /// Whether a prediction can be right. Rows whose label is unknown have none.
    package var hasKnownAnswer: Bool { payload?.hasKnownAnswer ?? (unknownLabel == nil) }
}

extension Example: Equatable {
    package static func == (a: Example, b: Example) -> Bool {
        a.id == b.id && a.text == b.text && a.pair == b.pair && a.label == b.label
            && a.unknownLabel == b.unknownLabel && a.line == b.line
            && a.payload?.canonicalBytes == b.payload?.canonicalBytes && a.group == b.group
    }
}

/// The bytes that identify a data set whatever file format held it: equal texts, pairs, labels and order give equal
/// bytes, anything else other ones. For a content hash.
package enum CanonicalData {
    /// Hands the bytes of examples piece by piece to `sink`.
    ///
    /// Every string goes as its length in bytes (8 bytes, little endian) and its UTF-8; an absent one as length 2⁶⁴ − 1.
    /// Line numbers are left out: a blank line more is no other data. So are groups: they shape the intervals of scores,
    /// never a training.
    /// - Parameters:
    ///   - examples: in order
    ///   - labels: the names behind the label indices; indices outside count as no label
    ///   - sink: takes the pieces in order
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
            if piece.count >= 1 << 16 {
                sink(piece)
                piece.removeAll(keepingCapacity: true)
            }
        }
        if !piece.isEmpty { sink(piece) }
    }

    /// The whole stream of `write` at once.
    package static func bytes(of examples: [Example], labels: [String]) -> [UInt8] {
        var all: [UInt8] = []
        write(examples, labels: labels) { all += $0 }
        return all
    }

    static func append(_ count: Int, to bytes: inout [UInt8]) {
        withUnsafeBytes(of: Int64(count).littleEndian) { bytes += $0 }
    }

    static func append(_ text: String?, to bytes: inout [UInt8]) {
        guard let text else { return withUnsafeBytes(of: UInt64.max) { bytes += $0 } }
        append(text.utf8.count, to: &bytes)
        bytes += text.utf8
    }
}
