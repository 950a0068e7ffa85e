import Models
import Numerics
import Tasks
import Text

/// How similar two texts are, each read by itself: a number for their cosine.
package struct SimilarityOutput: OutputForm {
    private let range: ClosedRange<Float>

    package init(_ range: ClosedRange<Float>) { self.range = range }

    package let name = "numbers"
    package let sharesTexts = false
    package let teaches = false
    package let kind: String? = SentenceSimilarity.name

    package func encode(
        _ example: Example, _ tokenizer: any Tokenizer, prefix: String, maxLength: Int
    ) -> [WordEncoding] {
        [example.text, example.pair ?? ""].map {
            WordEncoding(encoding: tokenizer.encode(prefix + $0, pair: nil, maxLength: maxLength), wordOf: [])
        }
    }

    package func lacks(_ example: Example) -> String? { example.pair == nil ? "two texts" : nil }

    package func column(_ examples: [Example], _ encoded: [[WordEncoding]]) -> any TargetColumn {
        SimilarityColumn(examples, range: range)
    }

    /// Rows stay of length 1: what is compared are two of them.
    package func finish(_ row: UnsafeMutablePointer<Float>, workspace: Workspace) {}

    package func predictions(
        _ examples: [Example], _ results: HeadResults, _ column: any TargetColumn
    ) -> [Prediction] {
        examples.indices.map { .numbers([SimilarityColumn.score(results, $0, range: range)]) }
    }

    package func writer(_ settings: PredictionSettings) -> any PredictionForm { NumberForm(outputs: 1) }

    package func rows(_ predicted: SplitPredictions) -> any EvaluatedRows {
        NumberDetails(
            predicted,
            lossUnits: "The loss is the mean squared error of cosines, for which scores are brought to 0 to 1.")
    }
}
