import Foundation

/// What a choice made: the bundle, and the verdict on all candidates.
public struct FusionChoice: Sendable {
    /// The chosen candidate, trained on all labels.
    public let bundle: AdapterBundle
    /// What was chosen and what to expect.
    public let verdict: FusionVerdict
    /// What a user should know.
    public let warnings: [Warning]
}

/// News of a choice.
public enum FusionChoiceEvent: Sendable {
    /// Progress: the ranking of the adapters, trainings and their tests.
    case progress(ExperimentEvent)
    /// The choice was cancelled. It is the last event.
    case stopped(step: Int, of: Int, checkpoint: URL?)
    /// The choice has ended. It is the last event.
    case finished(FusionChoice)
}

/// A choice of how to use adapters for a task, on a thread of its own.
///
/// The job is cancelled if the task that reads ``events`` or waits for ``result`` is cancelled, if ``cancel()`` is called,
/// or if nobody holds the job and its events any more.
public final class FusionChoiceJob: Sendable {
    /// News, in order; for one reader. It ends with ``FusionChoiceEvent/finished(_:)``, or throws what ``result`` throws.
    public let events: AsyncThrowingStream<FusionChoiceEvent, any Error>
    private let job: Job<FusionChoiceEvent, FusionChoice>

    init(
        _ body:
            @escaping @Sendable (
                _ isCancelled: @escaping @Sendable () -> Bool, _ tell: @escaping @Sendable (FusionChoiceEvent) -> Void
            ) throws -> FusionChoice
    ) {
        job = Job(
            "amalgam choice", finished: { .finished($0) }, stopped: { .stopped(step: $0, of: $1, checkpoint: $2) }, body
        )
        events = job.events
    }

    /// The bundle with its verdict, when the job has ended.
    /// - Throws: `CancellationError` where it was cancelled, else ``AmalgamError``.
    public var result: FusionChoice { get async throws { try await job.result } }

    /// Asks the job to stop before its next step.
    public func cancel() { job.cancel() }
}
