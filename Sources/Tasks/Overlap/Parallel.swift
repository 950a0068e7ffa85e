import Dispatch

/// Work in numbered parts on several threads.
enum Parallel {
    /// body(0), body(1), …; results do not depend on the number of threads.
    static func map<Value>(_ count: Int, _ body: (Int) -> Value) -> [Value] {
        guard count > 1 else { return (0..<max(0, count)).map(body) }
        var values = [Value?](repeating: nil, count: count)
        values.withUnsafeMutableBufferPointer { slots in
            nonisolated(unsafe) let slots = slots  // each part writes its own place
            withoutActuallyEscaping(body) { body in
                nonisolated(unsafe) let body = body
                DispatchQueue.concurrentPerform(iterations: count) { slots[$0] = body($0) }
            }
        }
        return values.compactMap { $0 }
    }

    /// The ranges of 0..<count in so many parts of almost equal length; none is empty.
    static func ranges(_ count: Int, parts: Int) -> [Range<Int>] {
        let parts = min(max(1, parts), max(1, count))
        return (0..<parts).map { count * $0 / parts..<count * ($0 + 1) / parts }
    }
}
