import Amalgam
import ArgumentParser
import Foundation

/// What happens to rows with unknown labels.
struct LabelOptions: ParsableArguments {
    @Flag(help: "Stop with an error if a row has an empty or unknown label.")
    var strictLabels = false

    @Flag(
        help:
            "Skip rows with an unknown label when scoring (default: they count as wrong), and rows whose answer is not at its start (default: an error)."
    )
    var skipUnknownLabels = false

    func validate() throws {
        if strictLabels, skipUnknownLabels {
            throw ValidationError("--skip-unknown-labels: cannot be combined with --strict-labels")
        }
    }

    var unknownLabels: TextTask.UnknownLabelPolicy {
        strictLabels ? .refuse : skipUnknownLabels ? .skip : .countAsWrong
    }

    /// A task's YAML or folder.
    func task(_ path: String) throws -> TextTask {
        var task = try TextTask(contentsOf: URL(fileURLWithPath: path))
        task.unknownLabels = unknownLabels
        return task
    }
}
