import Amalgam
import Foundation

/// What the commands that run an experiment do around it.
struct ExperimentRun {
    let common: CommonOptions
    /// Of the report's values, which `--json` prints.
    let fields: [String]
    /// Whether warnings of data are shown with the progress, or in any case.
    let warnsWithProgress: Bool

    /// The command line, for the report.
    static var command: String { (["amalgam"] + CommandLine.arguments.dropFirst()).joined(separator: " ") }

    /// Shows an experiment's progress, and prints its report.
    /// - Parameter start: starts it
    func run(_ start: () -> ExperimentJob) async throws {
        StopSignals.install()
        let progress = common.progress
        let job = start()
        print(
            try await JobReader.result(job.events, orElse: "stopped between two trainings") {
                job.cancel()
            } stopped: {
                guard case .stopped(let step, let all, let checkpoint) = $0 else { return nil }
                return StoppedRun(step: step, of: all, checkpoint: checkpoint)
            } show: {
                show($0, on: progress)
            } _: {
                try await job.result
            })
    }

    private func show(_ event: ExperimentEvent, on progress: ProgressDisplay) {
        switch event {
        case .warning(let warning, let stage?): progress.message("\(stage): warning: \(warning.commandLineText)")
        case .warning(let warning, nil):
            if warnsWithProgress { progress.message(warning.commandLineText) } else { Console.warn([warning]) }
        default: progress.show(event)
        }
    }

    private func print(_ result: ExperimentResult) {
        guard common.json else {
            Console.print(result.report.terminalText)
            return Console.print("report: \(result.page.path)")
        }
        var object: [String: SettingValue] = ["report": .string(result.page.path)]
        for field in fields { object[field] = result.report.values[field] ?? .null }
        Console.print(json: object)
    }
}
