import Models
import Numerics
import Tasks
import Text

/// One or several numbers for each text or pair of texts.
package struct NumberOutput: OutputForm {
    private let scales: [NumberScale]

    package init(_ scales: [NumberScale]) { self.scales = scales }

    package let name = "numbers"

    package func column(_ examples: [Example], _ encoded: [[WordEncoding]]) -> any TargetColumn {
        NumberColumn(examples, width: scales.count)
    }

    /// To the data's units.
    package func finish(_ row: UnsafeMutablePointer<Float>, workspace: Workspace) {
        for (c, scale) in scales.enumerated() { row[c] = scale.mean + scale.deviation * row[c] }
    }

    package func predictions(
        _ examples: [Example], _ results: HeadResults, _ column: any TargetColumn
    ) -> [Prediction] {
        examples.indices.map { .numbers(Array(results.row($0))) }
    }

    package func writer(_ settings: PredictionSettings) -> any PredictionForm { NumberForm(outputs: scales.count) }

    package func rows(_ predicted: SplitPredictions) -> any EvaluatedRows { NumberDetails(predicted) }
}
