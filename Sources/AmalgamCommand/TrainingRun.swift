import Amalgam
import Foundation

/// What all training commands do around the training itself.
struct TrainingRun {
    let common: CommonOptions
    let out: String
    /// Says nothing on stdout: what is trained on the way to something else.
    var isQuiet = false

    /// Where the bundle is written.
    var output: URL { URL(fileURLWithPath: out) }

    /// Shows a training's progress and result; the library writes the bundle and its run log.
    /// - Parameters:
    ///   - label: of the progress.
    ///   - remark: stands after the result's summary.
    ///   - job: starts it.
    func run(label: String, remark: String? = nil, _ job: () -> TrainingJob) async throws {
        StopSignals.install()
        let progress = common.progress
        let job = job()
        let result = try await JobReader.result(job.events) {
            job.cancel()
        } stopped: {
            guard case .stopped(let step, let all, let checkpoint) = $0 else { return nil }
            return StoppedRun(step: step, of: all, checkpoint: checkpoint)
        } show: {
            if case .warning(let warning) = $0 { Console.warn([warning]) } else { progress.show($0, label: label) }
        } _: {
            try await job.result
        }
        if !isQuiet { report(result, remark) }
    }

    /// Trains on tasks.
    func run(
        _ recipe: TrainingRecipe, on tasks: [TextTask], model: Model, language: AdapterBundle? = nil,
        options: TrainingOptions
    ) async throws {
        let label = "\(recipe.kind.rawValue) \(tasks.map(\.name).joined(separator: ", "))"
        try await run(label: label) {
            model.train(recipe, on: tasks, language: language, options: options)
        }
    }

    /// What only the log has: it differs between runs that give the same bundle, or is long.
    private static let apart: Set<String> = [
        "command", "started", "seconds", "threads", "kernels", "losses", "run", "bundle_sha256",
        "memory_estimate_bytes", "truncated", "max_length",
    ]

    private func report(_ result: TrainingResult, _ remark: String?) {
        guard !common.json else {
            var fields = result.facts.filter { !Self.apart.contains($0.key) }
            fields["bundle"] = .string(out)
            return Console.print(json: fields)
        }
        guard !result.isEarlier else { return Console.print("already finished: \(out)") }
        for line in result.commandLineSummary + (remark.map { [$0] } ?? []) { Console.print(line) }
        Console.print("written: \(out)")
    }
}
