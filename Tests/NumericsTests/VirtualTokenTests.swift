import Testing

@testable import Numerics

/// Rows that a plan inserts into the sequences of a batch.
@Suite struct VirtualTokenTests {
    private static let batch = PackedBatch(
        [
            ([7, 8, 9], [0, 1, 1], SequenceRow(example: 3)), ([5], [1], SequenceRow(example: 4)),
            ([6, 4], [0, 0], SequenceRow(example: 5, task: 1)),
        ],
        targets: [
            0: HeadTargets(.classes([1, 0, 2])), 1: HeadTargets(.classes([1, 0, 1, 1]), marks: [0, 2, 3, 5]),
            2: {
                var targets = HeadTargets(.classes([1, 1]), marks: [3, 4])
                targets.marksSequences = true
                return targets
            }(),
        ], groups: [1, 2])

    @Test func before() {
        let batch = Self.batch.inserting(VirtualTokens(count: 2, place: .first))
        #expect(batch.ids == [-1, -2, 7, 8, 9, -1, -2, 5, -1, -2, 6, 4])
        #expect(batch.types == [0, 0, 0, 1, 1, 0, 0, 1, 0, 0, 0, 0])
        #expect(batch.positions == [0, 0, 0, 1, 2, 0, 0, 0, 0, 0, 0, 1])
        #expect(batch.offsets == [0, 5, 8, 12] && batch.longest == 5 && batch.span == 3)
        #expect(batch.targets[1]?.marks == [2, 4, 7, 11] && batch.targets[2]?.marks == [5, 8])
        #expect(batch.targets[0]?.marks == nil && batch.rows == Self.batch.rows && batch.rows(.groups) == 2)
    }

    @Test func afterTheFirst() {
        let batch = Self.batch.inserting(VirtualTokens(count: 2, place: .second))
        #expect(batch.ids == [7, -1, -2, 8, 9, 5, -1, -2, 6, -1, -2, 4])
        #expect(batch.types == [0, 0, 0, 1, 1, 1, 0, 0, 0, 0, 0, 0])
        #expect(batch.positions == [0, 0, 0, 1, 2, 0, 0, 0, 0, 0, 0, 1])
        #expect(batch.targets[1]?.marks == [0, 4, 5, 11] && batch.targets[2]?.marks == [5, 8])
    }

    /// A sequence's own tokens keep their random numbers; virtual ones have others.
    @Test(arguments: [VirtualTokens.Place.first, .second]) func identities(_ place: VirtualTokens.Place) {
        let batch = Self.batch.inserting(VirtualTokens(count: 2, place: place))
        let all = batch.identities(.tokens)
        let own = zip(batch.ids, all).filter { $0.0 >= 0 }.map(\.1)
        #expect(own == Self.batch.identities(.tokens))
        #expect(Set(all).count == all.count)
    }

    /// Hidden rows of a sequence depend on its prompt, and the rows of all sequences give the prompt its gradient.
    @Test(arguments: [VirtualTokens.Place.first, .second], [true, false]) func gradients(
        _ place: VirtualTokens.Place, _ mean: Bool
    ) throws {
        let specs = [("prompt", 3), ("out", 3), ("query", 5), ("key", 5), ("value", 5)].map {
            ParameterSpec($0, [$1, 5], .normal(0.7))
        }
        for frozen in [[], ["words", "positions", "types"], ["prompt"]] as [Set<String>] {
            try OperationProbe(specs, frozen: frozen) { builder, x, operand in
                builder.virtualTokens = VirtualTokens(count: 3, place: place)
                let rows = builder.append(VirtualRows(x, try operand("prompt"), in: builder))
                func projected(_ name: String) throws -> Value {
                    builder.append(Linear(rows, weight: try operand(name), bias: nil, in: builder))
                }
                let attended = builder.append(
                    Attention(
                        q: try projected("query"), k: try projected("key"), v: try projected("value"), heads: 1,
                        dropout: DropoutSite(site: "a", rate: 0.2), in: builder))
                let pooled = builder.append(Pool(attended, mean ? .mean : .first, in: builder))
                return builder.append(Linear(pooled, weight: try operand("out"), bias: nil, in: builder))
            }.check(stepKey: 3)
        }
    }
}
