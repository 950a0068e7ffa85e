import Bundles
import Tasks

extension TextTask {
    /// Finds examples of this task's splits in each other, in other tasks, and among the texts that bundles were trained on.
    ///
    /// Near duplicates are found by MinHash and then compared exactly: one with a similarity of .8 is missed once in 1,500
    /// times. JSON Lines are read in portions; a word takes 4 bytes of memory, and an example about 130.
    /// - Parameters:
    ///   - others: Tasks whose splits are compared with this task's, as those that an adapter to be fused was trained on.
    ///   - bundles: Whose training texts are looked for in dev and test, by the hashes that they keep: equal texts are found.
    ///   - options: Everything else.
    /// - Returns: Counts by pair of splits, and the worst pairs.
    /// - Throws: ``AmalgamError``, naming the file, the line and the field; ``AmalgamError/Kind/noExamples`` if there is
    ///   nothing to compare.
    public func overlap(
        with others: [TextTask] = [], bundles: [AdapterBundle] = [], options: OverlapOptions = OverlapOptions()
    ) async throws -> DataOverlap {
        let settings = try options.settings()
        return try await Background.run { () -> DataOverlap in
            let own = try documents(threads: settings.threads)
            let theirs = try others.flatMap { try $0.documents(threads: settings.threads) }
            var (known, warnings) = ([KnownTexts](), own.compactMap { unexpectedRows($0) })
            for bundle in bundles {
                warnings += bundle.sketchWarnings
                guard let sketch = bundle.stored.provenance.texts else { continue }
                known.append(KnownTexts(name: bundle.label, count: sketch.texts, contains: sketch.contains))
            }
            guard Set((own + theirs).map(\.split)).count > 1 || !known.isEmpty else {
                throw AmalgamError.make(
                    .noExamples,
                    "\(definition.source): found one split, expected two to compare; add a test split, or give another task",
                    path: definition.source, found: "one split", expected: "two splits",
                    fix: "add a test split, or give another task")
            }
            return DataOverlap(
                OverlapCheck.run(own, against: theirs, known: known, settings: settings), task: name,
                threshold: settings.threshold, warnings: warnings)
        }
    }

    private func unexpectedRows(_ set: DocumentSet) -> Warning? {
        definition.unexpected(rows: set.count, of: set.split, file: set.file).map { .of(.data, $0) }
    }

    /// The texts of all splits.
    private func documents(threads: Int) throws(TaskError) -> [DocumentSet] {
        var sets: [DocumentSet] = []
        for split in splits.map(\.stored) {
            let table = rows.map { $0[split] ?? RowTable() }
            sets.append(try .read(definition, split: split, rows: table, threads: threads))
        }
        return sets
    }
}

extension AdapterBundle {
    /// What of its training texts cannot be found.
    fileprivate var sketchWarnings: [Warning] {
        guard let sketch = stored.provenance.texts else {
            return [
                .of(
                    .data,
                    "\(label): has no hashes of its training texts, so they cannot be compared; train it again with this version"
                )
            ]
        }
        var warnings: [Warning] = []
        if sketch.isPartial {
            warnings.append(
                .of(
                    .data,
                    "\(label): has no hashes of the texts of some of its adapters, so these cannot be compared; train them again "
                        + "with this version"))
        }
        if sketch.isSample {
            warnings.append(
                .of(
                    .data,
                    "\(label): has hashes of \(sketch.keys.count) of its \(sketch.texts) training texts; expect about "
                        + "\(ratio(sketch)) times as many equal texts as are found"))
        }
        return warnings
    }

    private func ratio(_ sketch: TextSketch) -> String {
        let tenths = Int((10 * Double(sketch.texts) / Double(max(1, sketch.keys.count))).rounded())
        return "\(tenths / 10).\(tenths % 10)"
    }
}
