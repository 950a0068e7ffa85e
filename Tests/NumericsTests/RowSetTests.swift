import Testing

@testable import Numerics

/// Row sets, targets by head, and what random numbers are drawn by.
@Suite struct RowSetTests {
    private static func sequences(_ lengths: [Int], task: Int = 0) -> [(ids: [Int32], types: [Int32], row: SequenceRow)]
    {
        lengths.enumerated().map { i, length in
            (
                (0..<length).map { Int32($0 % 11) }, [Int32](repeating: 0, count: length),
                SequenceRow(example: UInt64(i), task: task)
            )
        }
    }

    /// Every row of a set is in exactly one slice, in order.
    private func expectPartition(_ batch: PackedBatch, _ rows: Rows, count: Int) {
        var next = 0
        for slice in batch.slices {
            let range = batch.range(rows, in: slice)
            #expect(range.lowerBound == next)
            next = range.upperBound
        }
        #expect(next == count && batch.rows(rows) == count)
    }

    @Test(arguments: 1...5) func slicesPartitionEverySet(seed: UInt64) {
        let lengths = (0..<60).map { 1 + Randomness.integer(seed, $0, below: 90) }
        let sizes = (0..<20).map { _ in 3 }
        let tokens = lengths.reduce(0, +)
        let marks = (0..<tokens).filter { Randomness.uniform(seed, $0) < 0.2 }.map { Int32($0) }
        let batch = PackedBatch(
            Self.sequences(lengths),
            targets: [
                2: HeadTargets(.classes(marks.map { _ in 0 }), marks: marks),
                5: HeadTargets(.classes([Int32](repeating: -1, count: 60))),
            ], groups: sizes)
        expectPartition(batch, .tokens, count: tokens)
        expectPartition(batch, .sequences, count: 60)
        expectPartition(batch, .marked(head: 2), count: marks.count)
        expectPartition(batch, .groups, count: 20)
        for slice in batch.slices {
            #expect(slice.sequences.lowerBound % 3 == 0 && slice.sequences.upperBound % 3 == 0, "a group is split")
        }
        #expect(batch.rows(.marked(head: 5)) == 0 && batch.rows(.marked(head: 9)) == 0)
        #expect(batch.targets[5]?.normalizer == 0)
        #expect(batch.identities(.marked(head: 2)) == marks.map { batch.identities(.tokens)[Int($0)] })
        #expect(batch.identities(.groups) == stride(from: 0, to: 60, by: 3).map { batch.identities(.sequences)[$0] })
    }

    /// Far positions and high tasks, at which bit fields would collide.
    @Test func identitiesDiffer() {
        var seen = Set<UInt64>()
        var count = 0
        for task in [0, 1, 63, 64, 65, 4096] {
            let batch = PackedBatch(Self.sequences([9000, 5000, 1], task: task))
            seen.formUnion(batch.identities(.tokens))
            count += batch.tokens
        }
        #expect(seen.count == count)
    }

    @Test func missingNumbersDoNotCount() {
        let values = HeadTargets.Values.numbers([1, .nan, .nan, .nan, .nan, 3], width: 2)
        #expect(values.present == 2 && values.rows == 3)
    }
}
