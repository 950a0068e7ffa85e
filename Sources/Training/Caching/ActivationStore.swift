import Numerics

/// What the frozen layers of one plan give for its texts. A text's rows have the same bytes whether they are kept or computed
/// again: they depend neither on the batch nor on the step.
final class ActivationStore {
    private let frozen: FrozenLayers
    private let examples: [Int: EncodedExamples]
    /// By task, then by sequence: where its rows begin in `kept`; −1: they are not kept.
    private var places: [Int: [Int]]
    private var kept = AlignedBuffer(count: 0)
    private var used = 0
    /// Of the present batch: rows that found no room.
    private let spare = GrowingBuffer()

    /// - Parameter examples: of each task, by the index that a batch's sequences have.
    init(_ frozen: FrozenLayers, examples: [Int: EncodedExamples]) {
        self.frozen = frozen
        self.examples = examples
        places = examples.mapValues { [Int](repeating: -1, count: $0.sequences) }
    }

    private var width: Int { frozen.part.boundary.width }

    /// Floats of a text's rows.
    private func floats(tokens: Int) -> Int { (frozen.part.boundary.rows == .tokens ? tokens : 1) * width }

    /// Floats of all texts.
    var needed: Int {
        examples.values.reduce(0) { sum, texts in
            sum + (frozen.part.boundary.rows == .tokens ? texts.tokens : texts.sequences) * width
        }
    }

    /// Gives it room for so many floats. Memory is taken when rows are written.
    func reserve(_ floats: Int) { kept = AlignedBuffer(count: floats) }

    /// What it keeps.
    var facts: CachedActivations.Part {
        CachedActivations.Part(
            layers: frozen.count, texts: places.values.reduce(0) { $0 + $1.count { $0 >= 0 } },
            allTexts: examples.values.reduce(0) { $0 + $1.sequences }, bytes: used * MemoryLayout<Float>.size)
    }

    /// Gives all memory back.
    func release() {
        places = examples.mapValues { [Int](repeating: -1, count: $0.sequences) }
        (kept, used) = (AlignedBuffer(count: 0), 0)
        spare.release()
    }

    /// Makes the rest of the plan read the rows of a batch. Only texts that are not kept pass through the frozen layers.
    /// - Parameter keeps: whether rows that are computed now will be read again.
    func load(_ batch: PackedBatch, workspace: Workspace, keeps: Bool) {
        func place(_ row: SequenceRow) -> Int { index(row).flatMap { places[row.task]?[$0] } ?? -1 }
        var sources = batch.rows.map { UnsafePointer(kept.floats + max(0, place($0))) }
        let missing = batch.rows.indices.filter { place(batch.rows[$0]) < 0 }
        if !missing.isEmpty {
            let texts = missing.count == batch.count ? batch : batch.sequences(missing)
            var rows = frozen.part.plan.run(texts, workspace: workspace).values(frozen.part.boundary)[...]
            let free = spare.reserve(keeps && used + rows.count <= kept.count ? 0 : rows.count)
            var taken = 0
            for i in missing {
                let own = rows.prefix(floats(tokens: batch.offsets[i + 1] - batch.offsets[i]))
                rows = rows.dropFirst(own.count)
                // A batch may have a text twice
                guard place(batch.rows[i]) < 0 else {
                    sources[i] = UnsafePointer(kept.floats + place(batch.rows[i]))
                    continue
                }
                let target: UnsafeMutablePointer<Float>
                if keeps, used + own.count <= kept.count {
                    target = kept.floats + used
                    if let index = index(batch.rows[i]) { places[batch.rows[i].task]?[index] = used }
                    used += own.count
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
