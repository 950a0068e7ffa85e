import Foundation

/// Work that blocks for long, off the threads that run Swift's tasks.
enum Background {
    /// Runs a body on a thread of the system's pool.
    /// - Throws: `AmalgamError`; `CancellationError` if the task was cancelled before
    static func run<Result: Sendable>(
        on queue: DispatchQueue = .global(), _ body: @escaping @Sendable () throws -> Result
    ) async throws -> Result {
        try Task.checkCancellation()
        return try await withCheckedThrowingContinuation { continuation in
            queue.async { continuation.resume(with: Swift.Result { try translated(body) }) }
        }
    }
}
