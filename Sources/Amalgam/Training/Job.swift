import Foundation
import Training

/// Work on a thread of its own, with its events and its outcome: what every job is made of.
///
/// It is cancelled if the task that reads `events` or waits for `result` is cancelled, if `cancel()` is called, or if nobody
/// holds the job and its events any more.
final class Job<Event: Sendable, Value: Sendable>: Sendable {
    /// In order, for one reader; they end with that of `finished`, or throw what `result` throws. A reader that is 4,096
    /// events behind misses the oldest.
    let events: AsyncThrowingStream<Event, any Error>
    private let state = JobState<Value>()

    /// - Parameters:
    ///   - name: of the thread
    ///   - finished: the last event
    ///   - stopped: the event before a cancelled job throws; nil: none
    ///   - body: asks `isCancelled` between steps, and tells events
    init(
        _ name: String, finished: @escaping @Sendable (Value) -> Event,
        stopped: (@Sendable (_ step: Int, _ of: Int, _ checkpoint: URL?) -> Event)? = nil,
        _ body:
            @escaping @Sendable (
                _ isCancelled: @escaping @Sendable () -> Bool, _ tell: @escaping @Sendable (Event) -> Void
            ) throws -> Value
    ) {
        let (events, continuation) = AsyncThrowingStream<Event, any Error>.makeStream(
            bufferingPolicy: .bufferingNewest(4096))
        self.events = events
        continuation.onTermination = { [state] reason in
            if case .cancelled = reason { state.cancel() }
        }
        // A step keeps its thread busy: Swift's own threads must not wait for it
        let thread = Thread { [state] in
            let outcome = Self.outcome {
                try body({ state.isCancelled }, { _ = continuation.yield($0) })
            } stopped: { step, all, checkpoint in
                if let event = stopped?(step, all, checkpoint) { continuation.yield(event) }
            }
            state.finish(outcome)
            switch outcome {
            case .success(let value):
                continuation.yield(finished(value))
                continuation.finish()
            case .failure(let error): continuation.finish(throwing: error)
            }
        }
        thread.name = name
        thread.stackSize = 8 << 20
        thread.start()
    }

    /// What came of it, when it has ended.
    /// - Throws: `CancellationError` where it was cancelled, else `AmalgamError`
    var result: Value {
        get async throws {
            try await withTaskCancellationHandler {
                try await state.outcome()
            } onCancel: { [state] in
                state.cancel()
            }
        }
    }

    /// Asks it to stop before its next step.
    func cancel() { state.cancel() }

    /// What a body comes to, with errors in this library's words.
    private static func outcome(
        _ body: () throws -> Value, stopped: (Int, Int, URL?) -> Void
    ) -> Result<Value, any Error> {
        do {
            return .success(try body())
        } catch TrainingError.stopped(let step, let all, let checkpoint) {
            stopped(step, all, checkpoint.map { URL(fileURLWithPath: $0) })
            return .failure(CancellationError())
        } catch let error as CancellationError {
            return .failure(error)
        } catch {
            return .failure(AmalgamError(error))
        }
    }
}

/// What a job's thread and those who wait for it share.
private final class JobState<Value: Sendable>: @unchecked Sendable {  // all of it behind the lock
    private let lock = NSLock()
    private var cancelled = false
    private var ended: Result<Value, any Error>?
    private var waiting: [CheckedContinuation<Value, any Error>] = []

    var isCancelled: Bool { lock.withLock { cancelled } }

    func cancel() { lock.withLock { cancelled = true } }

    func finish(_ outcome: Result<Value, any Error>) {
        let waiting = lock.withLock {
            ended = outcome
            defer { self.waiting = [] }
            return self.waiting
        }
        for continuation in waiting { continuation.resume(with: outcome) }
    }

    func outcome() async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            let ended = lock.withLock {
                if self.ended == nil { waiting.append(continuation) }
                return self.ended
            }
            if let ended { continuation.resume(with: ended) }
        }
    }
}
