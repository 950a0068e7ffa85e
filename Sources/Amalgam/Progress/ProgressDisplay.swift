import Foundation
import Reporting

/// Shows on standard error how far a job is: one line that is rewritten on a terminal, and a line every few seconds in a log.
///
/// ```swift
/// let progress = ProgressDisplay()
/// for try await event in job.events { progress.show(event, label: "adapter reviews") }
/// ```
/// The library shows nothing by itself. A display can be used from any thread.
public struct ProgressDisplay: Sendable {
    private let reporter: ProgressReporter

    /// Creates a display.
    /// - Parameters:
    ///   - isSilent: Shows nothing at all.
    ///   - interval: Seconds between two lines where standard error is no terminal.
    public init(isSilent: Bool = false, interval: Double = 5) {
        reporter = .standardError(silent: isSilent, interval: interval)
    }

    /// Shows a line beside the progress.
    public func message(_ text: String) { reporter.message(text) }

    /// Shows news of a training.
    /// - Parameters:
    ///   - event: The news.
    ///   - label: The training's name, short.
    public func show(_ event: TrainingEvent, label: String) {
        switch event {
        case .started(let steps, _): reporter.stage(label, total: steps)
        case .resumed(let step, let steps):
            message("resuming after step \(Human.count(step)) of \(Human.count(steps))")
        case .skipped(let step, let reason): message("step \(step): \(reason); skipped")
        case .warning(let warning): message("warning: \(warning.text)")
        case .step(let done, _, let loss, let tokens):
            reporter.update(done: done, loss: loss.isNaN ? nil : loss, tokens: tokens)
        case .epoch(let epoch, let dev, let best, let weights):
            let scores = dev.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value.short)" }
            let balance = weights.sorted { $0.key < $1.key }.map { "\($0.key) \(Human.loss($0.value))" }
            message(
                "epoch \(epoch): dev \(scores.joined(separator: ", "))"
                    + (balance.isEmpty ? "" : "; weights \(balance.joined(separator: ", "))")
                    + (best ? " (best so far)" : ""))
            reporter.restartRate()
        case .stopped: break
        case .finished(let result): if !result.isEarlier { reporter.finish() }
        }
    }

    /// Shows news of an experiment.
    public func show(_ event: ExperimentEvent) {
        switch event {
        case .stage(let label, let count, let unit): reporter.stage(label, total: count, unit: unit)
        case .step(let done, _, let loss, let tokens): reporter.update(done: done, loss: loss, tokens: tokens)
        case .stageFinished: reporter.finish()
        case .remaining(let seconds): reporter.expect(seconds)
        case .message(let text): message(text)
        case .warning(let warning, let stage):
            message((stage.map { "\($0): " } ?? "") + "warning: \(warning.text)")
        case .planned, .stopped, .finished: break
        }
    }
}

extension DevScores {
    /// The task's own metric; the perplexity of a language, which has none.
    fileprivate var short: String {
        metric.isEmpty ? "perplexity \(Human.loss(exp(loss)))" : "\(metric.metricWords) \(Human.metric(score))"
    }
}
