import Models
import Numerics
import Tasks
import Text

/// Any number of labels for each text or pair of texts. Each label's threshold is chosen on dev when a training ends.
package struct LabelSetOutput: OutputForm {
    private let labels: [String]
    private let thresholds: [Float]

    package init(_ labels: [String], thresholds: [Float]) {
        self.labels = labels
        self.thresholds = thresholds
    }

    package let name = "label sets"
    package let settings: Set<PredictionSetting> = [.threshold]
    package let isCalibrated = true

    package func column(_ examples: [Example], _ encoded: [[WordEncoding]]) -> any TargetColumn {
        LabelSetColumn(examples, names: labels, thresholds: thresholds)
    }

    /// Logits to probabilities.
    package func finish(_ row: UnsafeMutablePointer<Float>, workspace: Workspace) {
        for c in labels.indices { row[c] = Float(BinaryCrossEntropy.sigmoid(Double(row[c]))) }
    }

    package func calibrated(
        _ head: any Head, _ results: HeadResults, _ column: any TargetColumn
    ) -> (head: any Head, column: any TargetColumn)? {
        guard let head = head as? any LabelSetHead, let column = column as? LabelSetColumn,
            let chosen = column.calibrated(results)
        else { return nil }
        return (head.with(thresholds: chosen.thresholds), chosen.column)
    }

    package func predictions(
        _ examples: [Example], _ results: HeadResults, _ column: any TargetColumn
    ) -> [Prediction] {
        examples.indices.map { i in
            let row = results.row(i)
            return .labelSet(LabelThresholds.labels(row, thresholds), probabilities: Array(row))
        }
    }

    package func lesson(
        _ results: HeadResults, of teacher: any TargetColumn, for student: any TargetColumn, temperature: Double
    ) throws(TrainingError) -> [Float]? {
        results.losses.indices.flatMap { i in results.row(i).map { Softened.decision($0, temperature) } }
    }

    package func writer(_ settings: PredictionSettings) -> any PredictionForm {
        LabelSetForm(labels: labels, threshold: settings.threshold > 0 ? Float(settings.threshold) : nil)
    }

    package func rows(_ predicted: SplitPredictions) -> any EvaluatedRows { LabelSetDetails(predicted) }
}
