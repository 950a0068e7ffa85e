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

    /// From this size on pages come from the system, and only those that are written take memory.
    private static let mapped = 1 << 20

    private var bytes: Int { (count + Self.margin) * 4 }

    /// - Parameter dense: all of it will be written, again and again: large pages spare the processor's table of them.
    package init(count: Int, dense: Bool = false) {
        self.count = count
        let bytes = (count + Self.margin) * 4
        var raw: UnsafeMutableRawPointer
        if bytes >= Self.mapped {
            raw = mmap(nil, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON, -1, 0)
            precondition(raw != MAP_FAILED, "out of memory: \(bytes) bytes")
            #if os(Linux)
                if dense { madvise(raw, bytes, MADV_HUGEPAGE) }
            #endif
        } else {
            raw = .allocate(byteCount: bytes, alignment: 64)
            memset(raw, 0, bytes)
        }
        floats = raw.bindMemory(to: Float.self, capacity: count + Self.margin)
    }

    deinit {
        if bytes >= Self.mapped {
            munmap(floats, bytes)
        } else {
            UnsafeMutableRawPointer(floats).deallocate()
        }
    }

    /// All zeros again; a large one gives its memory back until it is written.
    package func clear() {
        #if os(Linux)
            if bytes >= Self.mapped, madvise(floats, bytes, MADV_DONTNEED) == 0 { return }
        #endif
        memset(floats, 0, bytes)
    }
}

/// A buffer that only grows, for work areas whose size each batch decides.
package final class GrowingBuffer {
    private var buffer = AlignedBuffer(count: 0)

    package init() {}

    /// A pointer to at least `count` floats; the content is undefined.
    package func reserve(_ count: Int) -> UnsafeMutablePointer<Float> {
        // A quarter more than asked: the longest batch of a run need not come in many growing steps
        if count > buffer.count { buffer = AlignedBuffer(count: count + count / 4, dense: true) }
        return buffer.floats
    }

    package func release() { buffer = AlignedBuffer(count: 0) }

    package var bytes: Int { buffer.count * 4 }
}
