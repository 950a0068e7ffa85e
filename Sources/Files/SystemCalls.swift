import Foundation

/// The system calls behind `AtomicFile`: the seam at which tests put faults (EIO, short writes, a full disk).
///
/// `SystemCalls.$current.withValue(faulty) { … }` replaces them for one task. Each returns as its namesake does: a
/// negative value for failure, with the reason in `errno`.
struct SystemCalls: Sendable {
    var open: @Sendable (_ path: String, _ flags: Int32, _ mode: mode_t) -> Int32
    var write: @Sendable (_ descriptor: Int32, _ bytes: UnsafeRawPointer, _ count: Int) -> Int
    var fsync: @Sendable (_ descriptor: Int32) -> Int32
    var close: @Sendable (_ descriptor: Int32) -> Int32
    var rename: @Sendable (_ from: String, _ to: String) -> Int32

    static let real = SystemCalls(
        open: { Foundation.open($0, $1, $2) },
        write: { Foundation.write($0, $1, $2) },
        fsync: { Foundation.fsync($0) },
        close: { Foundation.close($0) },
        rename: { Foundation.rename($0, $1) })

    @TaskLocal static var current = SystemCalls.real
}
