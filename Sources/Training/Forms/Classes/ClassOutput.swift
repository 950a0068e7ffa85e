import Models
import Numerics
import Tasks
import Text

/// One class for each text or pair of texts.
package struct ClassOutput: OutputForm {
    private let labels: [String]

    package init(_ labels: [String]) { self.labels = labels }

    package let name = "classes"
    package let settings: Set<PredictionSetting> = [.top, .threshold]

    package func column(_ examples: [Example], _ encoded: [[WordEncoding]]) -> any TargetColumn {
        ClassColumn(examples, names: labels)
    }

    package func finish(_ row: UnsafeMutablePointer<Float>, workspace: Workspace) {
        workspace.softmax(row, count: labels.count)
    }

    package func predictions(
        _ examples: [Example], _ results: HeadResults, _ column: any TargetColumn
    ) -> [Prediction] {
        examples.indices.map { .classes(Array(results.row($0))) }
    }

    package func lesson(
        _ results: HeadResults, of teacher: any TargetColumn, for student: any TargetColumn, temperature: Double
    ) throws(TrainingError) -> [Float]? {
        results.losses.indices.flatMap { Softened.probabilities(results.row($0), temperature) }
    }

    package func writer(_ settings: PredictionSettings) -> any PredictionForm {
        ClassForm(labels: labels, top: settings.top, threshold: settings.threshold)
    }

    package func rows(_ predicted: SplitPredictions) -> any EvaluatedRows { ClassDetails(predicted) }
}
