import Models
import Numerics
import Tasks
import Text

/// A ranking of documents for each query, or of entities for each mention.
///
/// To be learned from, a query stands before its documents; to be predicted, it stands alone, and the collection is read once
/// for all queries (`attached`).
package struct RankingOutput: OutputForm {
    private let ranking: RankingSettings

    package init(_ settings: RankingSettings) { ranking = settings }

    package let name = "rankings"
    package let sharesTexts = false
    package let teaches = false
    package let comparesBatch = true
    package let settings: Set<PredictionSetting> = [.top]

    package var kind: String? {
        switch ranking.subject {
        case .documents: Retrieval.name
        case .entities: EntityLinking.name
        }
    }

    package func lacks(_ example: Example) -> String? {
        guard example.retrieval == nil else { return nil }
        switch ranking.subject {
        case .documents: return "a query"
        case .entities: return "a mention"
        }
    }

    private func document(_ text: String, _ tokenizer: any Tokenizer, _ maxLength: Int) -> WordEncoding {
        WordEncoding(
            encoding: tokenizer.encode(ranking.documentPrefix + text, pair: nil, maxLength: maxLength), wordOf: [])
    }

    /// A query, or a document that is attached.
    package func encode(
        _ example: Example, _ tokenizer: any Tokenizer, prefix: String, maxLength: Int
    ) -> [WordEncoding] {
        guard let query = example.retrieval else { return [document(example.text, tokenizer, maxLength)] }
        return [
            WordEncoding(
                encoding: tokenizer.encode(prefix + query.query, pair: query.context, maxLength: maxLength), wordOf: [])
        ]
    }

    package func encodeToLearn(
        _ example: Example, _ tokenizer: any Tokenizer, prefix: String, maxLength: Int
    ) -> [WordEncoding] {
        encode(example, tokenizer, prefix: prefix, maxLength: maxLength)
            + RankingColumn.documents(example).map { document($0, tokenizer, maxLength) }
    }

    package func attached(_ examples: [Example]) -> [Example] {
        RankingColumn.collections(examples).flatMap { collection in
            collection.texts.enumerated().map { Example(id: $0, text: $1) }
        }
    }

    package func column(_ examples: [Example], _ encoded: [[WordEncoding]]) -> any TargetColumn {
        RankingColumn(examples)
    }

    /// Rows stay of length 1: what is compared are two of them.
    package func finish(_ row: UnsafeMutablePointer<Float>, workspace: Workspace) {}

    package func predictions(
        _ examples: [Example], _ results: HeadResults, _ column: any TargetColumn
    ) -> [Prediction] {
        guard let column = column as? RankingColumn else { preconditionFailure("targets of another form") }
        return column.rankings(results).enumerated().map { i, hits in
            .ranking(
                RankingPrediction(
                    hits: hits, embedding: examples[i].retrieval?.collection == nil ? Array(results.row(i)) : []))
        }
    }

    package func writer(_ settings: PredictionSettings) -> any PredictionForm {
        RankingForm(subject: ranking.subject, top: settings.top)
    }

    package func rows(_ predicted: SplitPredictions) -> any EvaluatedRows { RankingDetails(predicted) }
}

/// The best documents for a query.
package struct RankingPrediction: Sendable, Equatable {
    package struct Hit: Sendable, Equatable {
        /// Its name in the collection.
        package var id: String
        package var text: String
        /// The cosine with the query.
        package var score: Float
        /// Its place in the collection.
        package var number: Int
    }

    /// Best first; empty where there is no collection.
    package var hits: [Hit]
    /// Where there is no collection: the query as a row of length 1.
    package var embedding: [Float]
}
