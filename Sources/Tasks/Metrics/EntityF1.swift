/// F1 of entities over all examples together: 2 · right / (predicted + true), as seqeval's `f1_score` by default
/// (micro average, not strict). An entity is right if its type, first word and last word are. 0 if there are no entities.
package enum EntityF1: Metric {
    package static let name = "entity_f1"

    package static func value(_ counts: TagCounts) -> Double {
        let both = counts.sum.predictedEntities + counts.sum.goldEntities
        return both > 0 ? 2 * Double(counts.sum.rightEntities) / Double(both) : 0
    }

    package static func isMeaningful(for answers: TagAnswers) -> Bool {
        isMeaningful(for: Set(answers.gold.joined()).sorted())
    }

    /// Whether tags have the prefixes that entities are read from: all are O or begin with B, I, E or S, alone or with a
    /// hyphen. Other tags, such as parts of speech, have no entities in this sense.
    package static func isMeaningful(for tags: [String]) -> Bool {
        let marks = tags.filter { $0 != "O" }
        return !marks.isEmpty
            && marks.allSatisfy { tag in
                let scalars = tag.unicodeScalars
                guard let first = scalars.first, "BIES".unicodeScalars.contains(first) else { return false }
                return scalars.count == 1 || scalars.dropFirst().first == "-"
            }
    }
}
