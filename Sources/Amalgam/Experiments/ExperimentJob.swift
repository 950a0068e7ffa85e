/// A comparison of many trainings that runs on a thread of its own.
///
/// ```swift
/// let job = model.ablate([game, role], in: folder, options: .quick)
/// for try await event in job.events {
///     if case .stage(let label, let count, let unit) = event { show(label, count, unit) }
/// }
/// let result = try await job.result
/// log(result.report.markdown)
/// ```
/// The job is cancelled if the task that reads ``events`` or waits for ``result`` is cancelled, if ``cancel()`` is called,
/// or if nobody holds the job and its events any more. It stops before its training's next step, writes a checkpoint, and
/// ``result`` throws `CancellationError` then. A job with the same arguments continues in the same folder: finished trainings
/// are reused, and the one that was stopped continues from its checkpoint. The scores are those of a job that was never
/// cancelled.
public final class ExperimentJob: Sendable {
    /// News of the experiment, in order; for one reader. It ends with ``ExperimentEvent/finished(_:)``, or throws what
    /// ``result`` throws. A reader that is 4,096 events behind misses the oldest; ``ExperimentResult/warnings`` has all
    /// warnings.
    public let events: AsyncThrowingStream<ExperimentEvent, any Error>
    private let job: Job<ExperimentEvent, ExperimentResult>

    init(_ body: @escaping @Sendable (ExperimentRun) throws -> ExperimentResult) {
        job = Job(
            "amalgam experiment", finished: { .finished($0) },
            stopped: { .stopped(step: $0, of: $1, checkpoint: $2) }
        ) { isCancelled, tell in
            if isCancelled() { throw CancellationError() }
            return try body(ExperimentRun(isCancelled: isCancelled, tell: tell))
        }
        events = job.events
    }

    /// What the experiment came to, when it has ended.
    /// - Throws: `CancellationError` where it was cancelled, else ``AmalgamError``.
    public var result: ExperimentResult { get async throws { try await job.result } }

    /// Asks the experiment to stop before its next step.
    public func cancel() { job.cancel() }
}
