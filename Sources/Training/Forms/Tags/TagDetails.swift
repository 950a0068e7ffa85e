import Files
import Tasks

/// Scores of entity types or tags, and each text with its true and predicted tags.
package struct TagDetails: EvaluatedRows {
    /// Scores of entity types where the tags have prefixes, else of tags.
    package let groups: ScoreGroups?
    private let answers: TagAnswers
    private let examples: [Example]

    package init(_ predicted: SplitPredictions) {
        guard let answers = predicted.answers as? TagAnswers else { preconditionFailure("answers of another form") }
        self.answers = answers
        examples = predicted.scored.map { predicted.examples[$0] }
        groups =
            EntityF1.isMeaningful(for: answers)
            ? ScoreGroups(
                field: "per_entity", noun: "entity type", scores: TagScores.ofEntities(answers, known: predicted.labels)
            )
            : ScoreGroups(field: "per_tag", noun: "tag", scores: TagScores.ofTags(answers, known: predicted.labels))
    }

    package func example(_ place: Int) -> Example { examples[place] }
    package func gold(_ place: Int) -> [String] { answers.gold[place] }
    package func predicted(_ place: Int) -> [String] { answers.predicted[place] }

    /// Words with a wrong tag.
    package func errors(_ place: Int) -> Int { zip(gold(place), predicted(place)).count { $0 != $1 } }

    /// By the number of wrong words, largest first.
    package var worstFirst: [Int] {
        answers.gold.indices.map { (-errors($0), $0) }.sorted { $0 < $1 }.map { $0.1 }
    }

    package func line(_ place: Int) -> Int { examples[place].line }

    package let mistakeMeasure = "wrong words"
    package let mistakeOrder = "Most wrong words first"

    package func mistake(_ place: Int, number: (Double?) -> String) -> Mistake? {
        errors(place) == 0
            ? nil
            : Mistake(
                gold: gold(place).joined(separator: " "), predicted: predicted(place).joined(separator: " "),
                measure: Double(errors(place)), text: examples[place].text)
    }

    package let columns = ["gold", "tags", "errors", "tokens"]

    package func cells(_ place: Int) -> [String] {
        [
            JSONText.list(gold(place)), JSONText.list(predicted(place)), "\(errors(place))",
            JSONText.list(examples[place].tagged?.tokens ?? []),
        ]
    }

    package func json(_ place: Int) -> String {
        let tokens = JSONText.list(examples[place].tagged?.tokens ?? [])
        return "\"gold\":\(JSONText.list(gold(place))),\"tags\":\(JSONText.list(predicted(place)))"
            + ",\"errors\":\(errors(place)),\"tokens\":\(tokens)"
    }
}
