import Files
import Tasks

/// One or several numbers: `score` is a number or a list in JSON; `score`, or `score_1`, `score_2`, … in CSV.
package struct NumberForm: PredictionForm {
    private let outputs: Int

    package init(outputs: Int) { self.outputs = outputs }

    package let fields = ["score"]
    package var columns: [String] { NumberText.names("score", outputs) }

    package func cells(_ prediction: Prediction, _ example: Example) -> [String] {
        NumberText.cells(numbers(prediction))
    }

    package func json(_ prediction: Prediction, _ example: Example) -> String {
        "\"score\":\(NumberText.json(numbers(prediction)))"
    }

    private func numbers(_ prediction: Prediction) -> [Float] {
        if case .numbers(let numbers) = prediction { numbers } else { [] }
    }
}
