import Tasks

/// A query with the documents that answer it.
public struct RetrievalExample: Sendable, Equatable {
    /// The query.
    public var query: String
    /// Texts of documents that fit; one or more.
    public var relevant: [String]
    /// Texts of documents that do not fit.
    public var irrelevant: [String]
    /// How much it counts in training; see ``ClassificationExample/weight``.
    public var weight: Double
    /// What it belongs to; see ``ClassificationExample/group``.
    public var group: String?

    /// Creates an example.
    /// - Parameters:
    ///   - query: The query.
    ///   - relevant: Texts of documents that fit; one or more.
    ///   - irrelevant: Texts of documents that do not fit.
    ///   - weight: How much it counts in training.
    ///   - group: What it belongs to.
    public init(
        _ query: String, relevant: [String], irrelevant: [String] = [], weight: Double = 1, group: String? = nil
    ) {
        self.query = query
        self.relevant = relevant
        self.irrelevant = irrelevant
        self.weight = weight
        self.group = group
    }
}

/// A mention in a text, with the entities that it may stand for.
public struct EntityMention: Sendable, Equatable {
    /// An entity.
    public struct Candidate: Sendable, Equatable {
        /// Its name, or another identifier.
        public var id: String
        /// What it is, in words.
        public var description: String

        /// Creates a candidate.
        /// - Parameters:
        ///   - id: Its name, or another identifier.
        ///   - description: What it is, in words.
        public init(_ id: String, description: String) {
            self.id = id
            self.description = description
        }
    }

    /// The text.
    public var text: String
    /// Where the mention stands, in Unicode code points (`text.unicodeScalars`).
    public var range: Range<Int>
    /// Two or more.
    public var candidates: [Candidate]
    /// The ``Candidate/id`` of the right one; nil where it is to be predicted.
    public var entity: String?

    /// Creates a mention.
    /// - Parameters:
    ///   - text: The text.
    ///   - range: Where the mention stands, in Unicode code points.
    ///   - candidates: Two or more.
    ///   - entity: The ``Candidate/id`` of the right one.
    public init(_ text: String, range: Range<Int>, candidates: [Candidate], entity: String? = nil) {
        self.text = text
        self.range = range
        self.candidates = candidates
        self.entity = entity
    }

    /// As a row of a task.
    var fields: [String: FieldValue] {
        var fields: [String: FieldValue] = [
            "text": .string(text), "start": .integer(range.lowerBound), "end": .integer(range.upperBound),
            "candidates": .list(
                candidates.map { .object(["id": .string($0.id), "description": .string($0.description)]) }),
        ]
        fields["entity"] = entity.map { .string($0) }
        return fields
    }
}
