import Files

/// A mention in a text, and the entity that it stands for among candidates.
///
/// The mention is given by its place (`start` and `end`, in Unicode code points, the end not included), or as a text that occurs
/// once (`mention`). Candidates are a list in the row, of texts or of objects with a name (`id` or `name`) and a
/// `description`, or else all of the task's documents. `entity` is the right one's name, or its text.
package enum EntityLinking: TaskKind {
    package static let name = "entity-linking"
    package static let head = "ranking"
    package static let inputs = ["text", "mention"]
    package static let targets = ["entity"]
    package static let forms = [
        ["text", "mention", "entity"], ["text", "start", "end", "entity"],
    ]
    package static let optionalFields = ["candidates", TaskDefinition.weightField]
    package static let metrics = [AccuracyAt1.name, MeanReciprocalRank.name, RecallAt10.name, NDCGAt10.name]
    package static let baselines = Baselines(constant: FirstDocuments.self, classic: BM25.self)
    package static let usesDocuments = true
    package static let minimumLabels = 0

    /// Characters on each side of a mention that a head reads.
    private static let window = 200

    package static func labels(in row: FieldRow) throws(TaskError) -> [String] { [] }

    package static func example(
        from row: FieldRow, id: Int, labels: LabelIndex, needsTarget: Bool
    ) throws(TaskError) -> Example {
        let text = Array(try row.text("text").unicodeScalars)
        let place = try place(in: row, text: text)
        let from = max(0, place.lowerBound - window)
        let to = min(text.count, place.upperBound + window)
        var payload = RetrievalQuery(
            query: string(text[place]), context: string(text[from..<to]),
            candidates: row.value("candidates") == nil ? nil : try candidates(in: row))
        if needsTarget || row.value("entity") != nil {
            let entity = try row.name("entity")
            if let candidates = payload.candidates {
                guard let right = candidates.first(where: { $0.id == entity || $0.text == entity }) else {
                    throw row.wrongType(
                        "entity", found: "'\(shown(entity))'", expected: "the name of one of the row's candidates")
                }
                payload.relevant = [right.text]
                payload.irrelevant = candidates.map(\.text).filter { $0 != right.text }
            } else {
                payload.grades = [entity: 1]
            }
        }
        let marked = "\(string(text[..<place.lowerBound]))[\(payload.query)]\(string(text[place.upperBound...]))"
        return Example(id: id, text: marked, line: row.line, payload: payload)
    }

    package static func gathered(
        _ examples: [Example], documents: DocumentCollection?, file: String, columns: [String: String]
    ) throws(TaskError) -> [Example] {
        try examples.gathered(
            documents, file: file, field: "entity", columns: columns, lacking: "but there are no candidates",
            expected:
                "candidates in the row, or a file of all entities: corpus.jsonl beside the splits, or documents: FILE in "
                + "the task's YAML")
    }

    private static func place(in row: FieldRow, text: [Unicode.Scalar]) throws(TaskError) -> Range<Int> {
        if row.value("start") != nil {
            func number(_ field: String) throws(TaskError) -> Int {
                switch try row.required(field) {
                case .integer(let number): return number
                case .string(let text):
                    if let number = Int(text) { return number }
                    throw row.wrongType(field, found: "'\(shown(text))'", expected: "an integer")
                case let other: throw row.wrongType(field, other, expected: "an integer")
                }
            }
            let (start, end) = (try number("start"), try number("end"))
            guard start >= 0, start < end, end <= text.count else {
                throw row.wrongType(
                    "start", found: "\(start), with the end \(end)",
                    expected: "a part of the text, which has \(text.count) code points")
            }
            return start..<end
        }
        let mention = Array(try row.text("mention").unicodeScalars)
        let places =
            mention.isEmpty
            ? [] : text.indices.filter { text[$0] == mention[0] && text[$0...].starts(with: mention) }
        guard let first = places.first else {
            throw row.wrongType(
                "mention", found: "'\(shown(string(mention[...])))', which the text does not have",
                expected: "a part of the text")
        }
        guard places.count == 1 else {
            throw row.wrongType(
                "mention", found: "'\(shown(string(mention[...])))', which the text has \(places.count) times",
                expected: "start and end, which say where it stands")
        }
        return first..<first + mention.count
    }

    private static func candidates(in row: FieldRow) throws(TaskError) -> [RetrievalQuery.Candidate] {
        let expected = "a list of texts, or of objects with id (or name) and description"
        var value = try row.required("candidates")
        if case .string(let text) = value, let list = WordList.list(text) { value = .list(list) }
        guard case .list(let items) = value else { throw row.wrongType("candidates", value, expected: expected) }
        var candidates: [RetrievalQuery.Candidate] = []
        for item in items {
            let candidate: RetrievalQuery.Candidate
            switch item {
            case .string(let text): candidate = .init(id: text, text: text)
            case .object(let members):
                func text(_ key: String) -> String? {
                    switch members[key] {
                    case .string(let text): text
                    case .integer(let number): "\(number)"
                    default: nil
                    }
                }
                guard let id = text("id") ?? text("name") else {
                    throw row.wrongType("candidates", found: "an object without id and name", expected: expected)
                }
                let parts = [text("name") ?? (members["description"] == nil ? id : nil), text("description")]
                candidate = .init(id: id, text: parts.compactMap { $0 }.joined(separator: ": "))
            default: throw row.wrongType("candidates", found: "a list with \(item.typeName)", expected: expected)
            }
            guard !candidate.id.isEmpty, !candidate.text.isEmpty else {
                throw row.wrongType("candidates", found: "an empty candidate", expected: expected)
            }
            candidates.append(candidate)
        }
        if let twice = firstDuplicate(candidates.map(\.id)) {
            throw row.wrongType(
                "candidates", found: "a list with '\(shown(twice))' twice", expected: "different candidates")
        }
        guard candidates.count >= 2 else {
            throw row.wrongType(
                "candidates", found: "a list of \(counted(candidates.count, "candidate"))",
                expected: "two candidates or more")
        }
        return candidates
    }

    private static func string(_ scalars: ArraySlice<Unicode.Scalar>) -> String {
        var text = ""
        text.unicodeScalars.append(contentsOf: scalars)
        return text
    }
}
