import Foundation

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
    /// ``result`` throws. A reader that is 4,096 events behind misses the oldest; ``TrainingResult/warnings`` has all
    /// warnings.
    public let events: AsyncThrowingStream<TrainingEvent, any Error>
    private let state = JobState()

    /// - Parameter body: asks `isCancelled` between steps, and tells news
    init(
        _ body:
            @escaping @Sendable (
                _ isCancelled: @escaping @Sendable () -> Bool, _ tell: @escaping @Sendable (TrainingEvent) -> Void
            ) throws -> TrainingResult
    ) {
        let (events, continuation) = AsyncThrowingStream<TrainingEvent, any Error>.makeStream(
            bufferingPolicy: .bufferingNewest(4096))
        self.events = events
        continuation.onTermination = { [state] reason in
            if case .cancelled = reason { state.cancel() }
        }
        // A step keeps its thread busy: Swift's own threads must not wait for it
        let thread = Thread { [state] in
            let outcome = Result {
                try body({ state.isCancelled }, { _ = continuation.yield($0) })
            }
            state.finish(outcome)
            switch outcome {
            case .success(let result):
                continuation.yield(.finished(result))
                continuation.finish()
            case .failure(let error): continuation.finish(throwing: error)
            }
        }
        thread.name = "amalgam training"
        thread.stackSize = 8 << 20
        thread.start()
    }

    /// What the training made, when it has ended.
    /// - Throws: `CancellationError` where it was cancelled, else ``AmalgamError``.
    public var result: TrainingResult {
        get async throws {
            try await withTaskCancellationHandler {
                try await state.outcome()
            } onCancel: {
                state.cancel()
            }
        }
    }

    /// Asks the training to stop before its next step.
    public func cancel() { state.cancel() }
}

/// What a job's thread and those who wait for it share.
private final class JobState: @unchecked Sendable {  // all of it behind the lock
    private let lock = NSLock()
    private var cancelled = false
    private var ended: Result<TrainingResult, any Error>?
    private var waiting: [CheckedContinuation<TrainingResult, any Error>] = []

    var isCancelled: Bool { lock.withLock { cancelled } }

    func cancel() { lock.withLock { cancelled = true } }

    func finish(_ outcome: Result<TrainingResult, any Error>) {
        let waiting = lock.withLock {
            ended = outcome
            defer { self.waiting = [] }
            return self.waiting
        }
        for continuation in waiting { continuation.resume(with: outcome) }
    }

    func outcome() async throws -> TrainingResult {
        try await withCheckedThrowingContinuation { continuation in
            let ended = lock.withLock {
                if self.ended == nil { waiting.append(continuation) }
                return self.ended
            }
            if let ended { continuation.resume(with: ended) }
        }
    }
}
