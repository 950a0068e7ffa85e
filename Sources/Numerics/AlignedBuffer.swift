#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Owns `count` float32 on a 64-byte border (a cache line, a vector register), zeroed.
package final class AlignedBuffer {
    package let count: Int
    package let floats: UnsafeMutablePointer<Float>

    /// Floats that may be read past the end: products read a matrix in panels of columns.
    static let margin = 64

    package init(count: Int) {
        self.count = count
        let raw = UnsafeMutableRawPointer.allocate(byteCount: (count + Self.margin) * 4, alignment: 64)
        floats = raw.bindMemory(to: Float.self, capacity: count + Self.margin)
        memset(raw, 0, (count + Self.margin) * 4)
    }

    deinit { UnsafeMutableRawPointer(floats).deallocate() }

    package func zero() { memset(floats, 0, count * 4) }
}

/// A buffer that only grows, for work areas whose size each batch decides.
package final class GrowingBuffer {
    private var buffer = AlignedBuffer(count: 0)

    package init() {}

    /// A pointer to at least `count` floats; the content is undefined.
    package func reserve(_ count: Int) -> UnsafeMutablePointer<Float> {
        // A quarter more than asked: the longest batch of a run need not come in many growing steps
        if count > buffer.count { buffer = AlignedBuffer(count: count + count / 4) }
        return buffer.floats
    }

    package var bytes: Int { buffer.count * 4 }
}
