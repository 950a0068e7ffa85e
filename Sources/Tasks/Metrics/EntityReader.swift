/// A span of words with a type.
package struct Entity: Hashable, Sendable {
    package var type: String
    /// Its words, counted over all examples that were read, with one place between two examples.
    package var words: ClosedRange<Int>
}

/// Finds the entities in a corpus's tags, as seqeval's `get_entities` does by default (and conlleval.pl before it).
///
/// A tag is a prefix, B, I, O, E or S, and a type after a hyphen. BIO, BIOES and IOB1 follow from the same rules, and any
/// order of tags has entities: an I that follows nothing of its type begins one. Tags of other forms (NN, VB) are read by
/// the same rules: the first character is the prefix, the others are the type.
struct EntityReader {
    private var place = 0
    private var begin = 0
    private var previous = Tag(prefix: "O", type: "")
    private var parsed: [String: Tag] = [:]

    private struct Tag {
        var prefix: Unicode.Scalar
        var type: String
    }

    /// The entities that end in the next example.
    mutating func entities(_ tags: [String]) -> [Entity] {
        var found: [Entity] = []
        for tag in tags { take(tag, into: &found) }
        take("O", into: &found)
        return found
    }

    private mutating func take(_ text: String, into found: inout [Entity]) {
        let tag = parse(text)
        if ends(before: tag), begin <= place - 1 { found.append(Entity(type: previous.type, words: begin...place - 1)) }
        if begins(at: tag) { begin = place }
        previous = tag
        place += 1
    }

    private mutating func parse(_ text: String) -> Tag {
        if let known = parsed[text] { return known }
        let scalars = text.unicodeScalars
        let rest = scalars.dropFirst()
        let type = rest.firstIndex(of: "-").map { rest[rest.index(after: $0)...] } ?? rest
        let tag = Tag(prefix: scalars.first ?? "O", type: type.isEmpty ? "_" : String(type))
        parsed[text] = tag
        return tag
    }

    private func ends(before tag: Tag) -> Bool {
        switch (previous.prefix, tag.prefix) {
        case ("E", _), ("S", _), ("B", "B"), ("B", "S"), ("B", "O"), ("I", "B"), ("I", "S"), ("I", "O"): true
        case ("O", _), (".", _): false
        default: previous.type != tag.type
        }
    }

    private func begins(at tag: Tag) -> Bool {
        switch (previous.prefix, tag.prefix) {
        case (_, "B"), (_, "S"), ("E", "E"), ("E", "I"), ("S", "E"), ("S", "I"), ("O", "E"), ("O", "I"): true
        case (_, "O"), (_, "."): false
        default: previous.type != tag.type
        }
    }
}
