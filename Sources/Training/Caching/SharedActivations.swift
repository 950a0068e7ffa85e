import Numerics

/// What the frozen layers of a bare model give for texts, kept from one training to the next: at other learning rates and seeds. A text's rows have the same bytes whether they are kept or computed.
///
/// It belongs to one model and one thread. The tensors that a kept row was computed from are the model's own, so that they live as
/// long as the row.
package final class SharedActivations {
    /// The rows of texts under one plan.
    final class Rows {
        fileprivate var places: [String: UnsafePointer<Float>] = [:]
        private let room: (Int) -> UnsafeMutablePointer<Float>?

        fileprivate init(_ room: @escaping (Int) -> UnsafeMutablePointer<Float>?) { self.room = room }

        /// Nil: they are not kept.
        subscript(text: String) -> UnsafePointer<Float>? { places[text] }

        /// Room for a text's rows, which the caller writes; nil: there is none left.
        func take(_ count: Int, for text: String) -> UnsafeMutablePointer<Float>? {
            guard let room = room(count) else { return nil }
            places[text] = UnsafePointer(room)
            return room
        }
    }

    /// In floats.
    private let limit: Int
    private var chunks: [AlignedBuffer] = []
    /// Floats of the last chunk that are taken.
    private var used = 0
    private var sets: [PlanIdentity: Rows] = [:]

    /// 16 MB; memory is taken where it is written.
    private static let chunk = 1 << 22

    /// - Parameter limit: in bytes.
    /// - Returns: nil where the matrix library does not give a row the same bytes in every batch
    package init?(limit: Int = ActivationCache.standardBytes) {
        guard !Products.usesLibrary else { return nil }
        self.limit = limit / MemoryLayout<Float>.size
    }

    /// Bytes that are taken.
    package var bytes: Int {
        max(0, chunks.dropLast().reduce(0) { $0 + $1.count } + used) * MemoryLayout<Float>.size
    }

    /// Bytes that it may still take.
    var free: Int { max(0, limit * MemoryLayout<Float>.size - bytes) }

    /// Makes room before a training where there is little: what is kept for others is forgotten.
    func begin() {
        guard bytes > limit * MemoryLayout<Float>.size / 2 else { return }
        (chunks, used, sets) = ([], 0, [:])
    }

    /// The rows of a plan's frozen layers; nil: it cannot be told whether another plan's are the same.
    func rows(_ frozen: FrozenLayers) -> Rows? {
        guard let identity = frozen.part.identity else { return nil }
        if let known = sets[identity] { return known }
        let rows = Rows { [unowned self] in room($0) }
        sets[identity] = rows
        return rows
    }

    private func room(_ count: Int) -> UnsafeMutablePointer<Float>? {
        if let last = chunks.last, used + count <= last.count {
            defer { used += count }
            return last.floats + used
        }
        let size = max(count, Self.chunk)
        guard chunks.reduce(0, { $0 + $1.count }) + min(size, limit) <= limit, count <= limit else { return nil }
        let next = AlignedBuffer(count: min(size, limit))
        chunks.append(next)
        used = count
        return next.floats
    }
}

extension Network {
    /// Whether what lies below all that is trained is the model alone, whose tensors live as long as it does.
    var hasBareBase: Bool {
        arrangement.frozen.isEmpty
            || (arrangement.composition == nil && !arrangement.frozen.keys.contains { $0.hasPrefix("base/") })
    }
}
