import Foundation

/// Ctrl-C and SIGTERM: the first asks for a stop between two steps, a second one stops at once. What is written is whole
/// either way, since every file is.
enum StopSignals {
    // Touched by a signal handler: one machine word, never more than once each way
    nonisolated(unsafe) private static var received: sig_atomic_t = 0

    /// The signal that asked for a stop.
    static var signal: Int32? { received == 0 ? nil : Int32(received) }

    static var areReceived: Bool { received != 0 }

    /// From now on a training may be stopped.
    static func install() {
        received = 0
        // A parent's mask is inherited: who was started from a thread that blocks signals would never hear of them
        var mask = sigset_t()
        sigemptyset(&mask)
        for signal in [SIGINT, SIGTERM] {
            sigaddset(&mask, signal)
            Foundation.signal(signal, handler)
        }
        pthread_sigmask(SIG_UNBLOCK, &mask, nil)
    }

    private static let handler: @convention(c) (Int32) -> Void = { signal in
        // Only what may be done in a handler: no allocation, no lock
        if received != 0 { _exit(128 + signal) }
        received = sig_atomic_t(signal)
        let words: StaticString = "\namalgam: stopping after this step; repeat to stop immediately\n"
        _ = write(2, words.utf8Start, words.utf8CodeUnitCount)
    }

    /// Runs a body, and calls `cancel` once a signal asks for a stop.
    static func stopping<Result>(
        _ cancel: @escaping @Sendable () -> Void, _ body: () async throws -> Result
    ) async rethrows -> Result {
        let watch = Task.detached {
            while !Task.isCancelled {
                if areReceived { return cancel() }
                try? await Task.sleep(for: .milliseconds(20))
            }
        }
        defer { watch.cancel() }
        return try await body()
    }

    /// Exit code of a command that a signal has stopped, as the shell gives it.
    static var exitCode: Int32 { 128 + (signal ?? SIGINT) }
}
