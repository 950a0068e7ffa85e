import Amalgam
import Foundation

/// `fuse --method auto`: shows a choice's progress, and prints its verdict.
struct ChoiceRun {
    let common: CommonOptions
    let out: String

    /// - Parameter start: starts it
    func run(_ start: () -> FusionChoiceJob) async throws {
        StopSignals.install()
        let progress = common.progress
        let job = start()
        let choice = try await JobReader.result(job.events) {
            job.cancel()
        } stopped: {
            guard case .stopped(let step, let all, let checkpoint) = $0 else { return nil }
            return StoppedRun(step: step, of: all, checkpoint: checkpoint)
        } show: {
            guard case .progress(let event) = $0 else { return }
            if case .warning(let warning, let stage) = event {
                progress.message("\(stage.map { "\($0): " } ?? "")warning: \(warning.commandLineText)")
            } else {
                progress.show(event)
            }
        } _: {
            try await job.result
        }
        guard common.json else {
            Console.write(choice.verdict.report.terminalText)
            return Console.print("written: \(out)")
        }
        Console.print(
            json: [
                "bundle": .string(out), "kind": .string(choice.bundle.kind.rawValue), "verdict": choice.verdict.values,
                "tokens": .init(choice.verdict.tokens),
            ].merging(choice.verdict.chosen.parameters.map { ["trainable_parameters": .init($0)] } ?? [:]) { own, _ in
                own
            })
    }
}
