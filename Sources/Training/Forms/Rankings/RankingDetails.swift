import Files
import Tasks

/// Each query with the documents that fit it and the first that were found.
package struct RankingDetails: EvaluatedRows {
    private let examples: [Example]
    private let answers: RankingAnswers
    private let hits: [[RankingPrediction.Hit]]

    /// Documents that a row lists.
    private static let listed = 10

    package init(_ predicted: SplitPredictions) {
        guard let answers = predicted.answers as? RankingAnswers else { preconditionFailure("answers of another form") }
        self.answers = answers
        examples = predicted.scored.map { predicted.examples[$0] }
        hits = predicted.scored.map {
            if case .ranking(let ranking) = predicted.predictions[$0] { ranking.hits } else { [] }
        }
    }

    /// The rank of the first document that fits, from 1; nil: none was found.
    private func rank(_ place: Int) -> Int? {
        answers.predicted[place].firstIndex { answers.gold[place][$0] != nil }.map { $0 + 1 }
    }

    private func gold(_ place: Int) -> [(id: String, text: String)] {
        guard let query = examples[place].retrieval, let collection = query.collection else { return [] }
        return answers.gold[place].keys.sorted().map { (query.id(of: $0), collection.texts[$0]) }
    }

    /// A document's name and how it begins.
    private static func shown(_ document: (id: String, text: String)) -> String {
        let words = document.text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        let begins = words.count > shortened ? words.prefix(shortened) + "…" : words[...]
        return document.id == words ? String(begins) : "\(document.id): \(begins)"
    }

    /// Characters of a document in a table.
    private static let shortened = 60

    /// By the rank of the first document that fits, last first.
    package var worstFirst: [Int] {
        examples.indices.map { (-(rank($0) ?? Int.max), $0) }.sorted { $0 < $1 }.map { $0.1 }
    }

    package func line(_ place: Int) -> Int { examples[place].line }

    package let mistakeMeasure = "rank"
    package let mistakeOrder =
        "By the rank of the first document that fits (0: it is not among the first 100), last first"

    package func mistake(_ place: Int, number: (Double?) -> String) -> Mistake? {
        let rank = rank(place)
        return rank == 1
            ? nil
            : Mistake(
                gold: gold(place).first.map(Self.shown) ?? "",
                predicted: hits[place].first.map { Self.shown(($0.id, $0.text)) } ?? "",
                measure: Double(rank ?? 0), text: examples[place].text)
    }

    package let columns = ["gold", "rank", "ranking", "scores", "query"]

    package func cells(_ place: Int) -> [String] {
        [
            JSONText.list(gold(place).map(\.id)), rank(place).map(String.init) ?? "", ids(place), scores(place),
            examples[place].text,
        ]
    }

    package func json(_ place: Int) -> String {
        "\"gold\":\(JSONText.list(gold(place).map(\.id))),\"rank\":\(rank(place).map(String.init) ?? "null")"
            + ",\"ranking\":\(ids(place)),\"scores\":\(scores(place)),\"query\":\(JSONText.quoted(examples[place].text))"
    }

    private func ids(_ place: Int) -> String { JSONText.list(hits[place].prefix(Self.listed).map(\.id)) }

    private func scores(_ place: Int) -> String {
        "[\(hits[place].prefix(Self.listed).map { JSONText.number($0.score) }.joined(separator: ","))]"
    }
}
