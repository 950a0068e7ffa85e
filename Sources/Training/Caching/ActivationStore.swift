import Numerics

/// What the frozen layers of one plan give for its texts. A text's rows have the same bytes whether they are kept or computed
/// again: they depend neither on the batch nor on the step.
final class ActivationStore {
    private let frozen: FrozenLayers
    private let examples: [Int: EncodedExamples]
    /// By task, then by sequence: its first row; nil: they are not kept.
    private var places: [Int: [UnsafePointer<Float>?]]
    private var kept = AlignedBuffer(count: 0)
    private var used = 0
    /// Where other trainings find the rows, too, by the keys of the texts; nil: they end with this one.
    private let shared: (rows: SharedActivations.Rows, keys: [Int: [String]])?
    /// Floats that it may take of what is shared.
    private var allowed = 0
    /// Of the present batch: rows that found no room.
    private let spare = GrowingBuffer()

    /// - Parameters:
    ///   - examples: of each task, by the index that a batch's sequences have.
    ///   - shared: rows of the same frozen layers, which others keep, too; nil: it has its own.
    init(_ frozen: FrozenLayers, examples: [Int: EncodedExamples], shared rows: SharedActivations.Rows? = nil) {
        self.frozen = frozen
        self.examples = examples
        shared = rows.map { rows in (rows, examples.mapValues { texts in (0..<texts.sequences).map(texts.key) }) }
        places = examples.mapValues { .init(repeating: nil, count: $0.sequences) }
        if let shared { places = shared.keys.mapValues { keys in keys.map { shared.rows[$0] } } }
    }

    private var width: Int { frozen.part.boundary.width }

    /// Floats of a text's rows.
    private func floats(tokens: Int) -> Int { (frozen.part.boundary.rows == .tokens ? tokens : 1) * width }

    /// Floats of all texts that are not kept.
    var needed: Int {
        examples.reduce(0) { sum, task in
            guard shared != nil else {
                return sum + (frozen.part.boundary.rows == .tokens ? task.value.tokens : task.value.sequences) * width
            }
            return (places[task.key] ?? []).enumerated().reduce(sum) { sum, place in
                place.element == nil ? sum + floats(tokens: task.value.tokens(inSequence: place.offset)) : sum
            }
        }
    }

    /// Gives it room for so many floats. Memory is taken when rows are written.
    func reserve(_ floats: Int) {
        if shared == nil { kept = AlignedBuffer(count: floats) } else { allowed = floats }
    }

    /// Room for a text's rows that stay; nil: there is none left.
    private func take(_ count: Int, for row: SequenceRow) -> UnsafeMutablePointer<Float>? {
        guard let index = index(row) else { return nil }
        let place: UnsafeMutablePointer<Float>
        if let shared, let key = shared.keys[row.task]?[index] {
            guard used + count <= allowed, let room = shared.rows.take(count, for: key) else { return nil }
            place = room
        } else {
            guard used + count <= kept.count else { return nil }
            place = kept.floats + used
        }
        used += count
        places[row.task]?[index] = UnsafePointer(place)
        return place
    }

    /// What it keeps.
    var facts: CachedActivations.Part {
        CachedActivations.Part(
            layers: frozen.count, texts: places.values.reduce(0) { $0 + $1.count { $0 != nil } },
            allTexts: examples.values.reduce(0) { $0 + $1.sequences }, bytes: used * MemoryLayout<Float>.size)
    }

    /// Gives all memory of its own back.
    func release() {
        places = examples.mapValues { .init(repeating: nil, count: $0.sequences) }
        (kept, used, allowed) = (AlignedBuffer(count: 0), 0, 0)
        spare.release()
    }

    /// Makes the rest of the plan read the rows of a batch. Only texts that are not kept pass through the frozen layers.
    /// - Parameter keeps: whether rows that are computed now will be read again.
    func load(_ batch: PackedBatch, workspace: Workspace, keeps: Bool) {
        let keeps = keeps || shared != nil
        func place(_ row: SequenceRow) -> UnsafePointer<Float>? { index(row).flatMap { places[row.task]?[$0] ?? nil } }
        let known = batch.rows.map(place)
        var sources = known.map { $0 ?? UnsafePointer(kept.floats) }
        let missing = known.indices.filter { known[$0] == nil }
        if !missing.isEmpty {
            let texts = missing.count == batch.count ? batch : batch.sequences(missing)
            var rows = frozen.part.plan.run(texts, workspace: workspace).values(frozen.part.boundary)[...]
            let free = spare.reserve(
                keeps && shared == nil && used + rows.count <= kept.count ? 0 : rows.count)
            var taken = 0
            for i in missing {
                let own = rows.prefix(floats(tokens: batch.offsets[i + 1] - batch.offsets[i]))
                rows = rows.dropFirst(own.count)
                // A batch may have a text twice
                if let known = place(batch.rows[i]) {
                    sources[i] = known
                    continue
                }
                let target: UnsafeMutablePointer<Float>
                if keeps, let room = take(own.count, for: batch.rows[i]) {
                    target = room
                } else {
                    target = free + taken
                    taken += own.count
                }
                _ = UnsafeMutableBufferPointer(start: target, count: own.count).update(fromContentsOf: own)
                sources[i] = UnsafePointer(target)
            }
        }
        frozen.part.rows.sources = sources
    }

    /// The index of a batch's sequence among those of its task.
    private func index(_ row: SequenceRow) -> Int? { examples[row.task]?.sequence(row) }

    /// Bytes of the work areas that the frozen layers need for a batch whose texts are not kept.
    func workBytes(_ batch: PackedBatch, threads: Int) -> (arenas: Int, shared: Int) {
        let work = frozen.part.plan.workBytes(batch, threads: threads)
        return (work.arenas, work.shared + batch.rows(frozen.part.boundary.rows) * width * MemoryLayout<Float>.size)
    }
}
