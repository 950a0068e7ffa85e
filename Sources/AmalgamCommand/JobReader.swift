import Foundation

/// Reads a job of the library to its end; a signal cancels it.
enum JobReader {
    /// - Parameters:
    ///   - events: of the job
    ///   - untold: says that it was stopped, where no event does
    ///   - cancel: asks it to stop
    ///   - stopped: what an event tells of a stop; nil: nothing
    ///   - show: is called with each event
    ///   - result: of the job, once its events have ended
    /// - Throws: `StoppedRun` after a signal, else what the job throws
    static func result<Event, Value>(
        _ events: AsyncThrowingStream<Event, any Error>, orElse untold: String = "stopped before the first step",
        cancel: @escaping @Sendable () -> Void,
        stopped: (Event) -> StoppedRun?, show: (Event) -> Void, _ result: () async throws -> Value
    ) async throws -> Value {
        var stop = StoppedRun(text: untold)
        do {
            return try await StopSignals.stopping(cancel) {
                for try await event in events {
                    if let told = stopped(event) { stop = told }
                    show(event)
                }
                return try await result()
            }
        } catch is CancellationError {
            throw stop
        }
    }
}
