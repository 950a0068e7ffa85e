/// A training that runs on a thread of its own.
///
/// ```swift
/// let job = model.train(.adapter(), on: task)
/// for try await event in job.events {
///     if case .step(let step, let all, let loss, _) = event { show(step, all, loss) }
/// }
/// let result = try await job.result
/// ```
/// The job is cancelled if the task that reads ``events`` or waits for ``result`` is cancelled, if ``cancel()`` is called,
/// or if nobody holds the job and its events any more. It stops before its next step, writes a checkpoint if it has one, and
/// ``result`` throws `CancellationError` then: the checkpoint is complete at that time. A job with the same recipe, tasks
/// and options continues from there, and ends with the same bytes as one that was never cancelled.
public final class TrainingJob: Sendable {
    /// News of the training, in order; for one reader. It ends with ``TrainingEvent/finished(_:)``, or throws what
    /// ``result`` throws, after ``TrainingEvent/stopped(step:of:checkpoint:)`` if a step was under way. A reader that is 4,096 events behind misses the oldest; ``TrainingResult/warnings`` has all
    /// warnings.
    public let events: AsyncThrowingStream<TrainingEvent, any Error>
    private let job: Job<TrainingEvent, TrainingResult>

    /// - Parameter body: asks `isCancelled` between steps, and tells news
    init(
        _ body:
            @escaping @Sendable (
                _ isCancelled: @escaping @Sendable () -> Bool, _ tell: @escaping @Sendable (TrainingEvent) -> Void
            ) throws -> TrainingResult
    ) {
        job = Job(
            "amalgam training", finished: { .finished($0) },
            stopped: { .stopped(step: $0, of: $1, checkpoint: $2) }, body)
        events = job.events
    }

    /// What the training made, when it has ended.
    /// - Throws: `CancellationError` where it was cancelled, else ``AmalgamError``.
    public var result: TrainingResult { get async throws { try await job.result } }

    /// Asks the training to stop before its next step.
    public func cancel() { job.cancel() }
}
