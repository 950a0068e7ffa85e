import Files
import Models
import Tasks

/// The best document (or entity) of each query with its cosine, and with `top` over 1 a list; the query's embedding where there
/// is nothing to rank.
package struct RankingForm: PredictionForm {
    private let subject: RankingSettings.Subject
    private let top: Int

    /// - Parameter top: number of documents to list
    package init(subject: RankingSettings.Subject, top: Int = 1) {
        self.subject = subject
        self.top = top
    }

    /// One of what is ranked.
    private var one: String {
        switch subject {
        case .documents: "document"
        case .entities: "entity"
        }
    }

    package var fields: [String] { [one, "score"] + (top > 1 ? [subject.rawValue] : []) + ["embedding"] }

    package var columns: [String] {
        [one, "score"] + (1..<max(1, top)).flatMap { ["top_\($0 + 1)", "top_\($0 + 1)_score"] } + ["embedding"]
    }

    package let truncation: String? = "what stands behind it does not count"

    private func ranking(_ prediction: Prediction) -> RankingPrediction {
        guard case .ranking(let ranking) = prediction else { preconditionFailure("a prediction of another form") }
        return ranking
    }

    package func cells(_ prediction: Prediction, _ example: Example) -> [String] {
        let ranking = ranking(prediction)
        return (0..<top).flatMap { place -> [String] in
            guard ranking.hits.indices.contains(place) else { return ["", ""] }
            return [ranking.hits[place].id, JSONText.number(ranking.hits[place].score)]
        } + [ranking.embedding.isEmpty ? "" : Self.list(ranking.embedding)]
    }

    package func json(_ prediction: Prediction, _ example: Example) -> String {
        let ranking = ranking(prediction)
        guard let best = ranking.hits.first else { return "\"embedding\":\(Self.list(ranking.embedding))" }
        var json = Self.hit(best, name: one)
        if top > 1 {
            let list = ranking.hits.prefix(top).map { "{\(Self.hit($0, name: "id"))}" }
            json += ",\"\(subject.rawValue)\":[\(list.joined(separator: ","))]"
        }
        return json
    }

    private static func hit(_ hit: RankingPrediction.Hit, name: String) -> String {
        "\"\(name)\":\(JSONText.quoted(hit.id)),\"score\":\(JSONText.number(hit.score))"
    }

    private static func list(_ numbers: [Float]) -> String {
        "[\(numbers.map { JSONText.number($0) }.joined(separator: ","))]"
    }
}
