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

    /// The text's positions begin after those of the virtual tokens before it.
    @Test func positions() {
        let first = Self.batch.inserting(VirtualTokens(count: 2, place: .first, positions: 2))
        #expect(first.positions == [0, 1, 2, 3, 4, 0, 1, 2, 0, 1, 2, 3] && first.span == 5)
        let second = Self.batch.inserting(VirtualTokens(count: 2, place: .second, positions: 2))
        #expect(second.positions == [0, 1, 2, 3, 4, 0, 1, 2, 0, 1, 2, 3] && second.ids.first == 7)
        // A prefix has positions and no rows
        let prefix = Self.batch.inserting(VirtualTokens(count: 0, place: .first, positions: 3))
        #expect(prefix.ids == Self.batch.ids && prefix.positions == [3, 4, 5, 3, 3, 4] && prefix.span == 6)
        #expect(prefix.offsets == Self.batch.offsets && prefix.targets[1]?.marks == Self.batch.targets[1]?.marks)
        #expect(prefix.identities(.tokens) == Self.batch.identities(.tokens))
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
    /// With positions, they are added to those of the rows, which learn, too.
    @Test(arguments: [(VirtualTokens.Place.first, 0), (.second, 0), (.first, 3), (.second, 3)], [true, false])
    func gradients(_ layout: (place: VirtualTokens.Place, positions: Int), _ mean: Bool) throws {
        let specs = [("prompt", 3), ("out", 3), ("query", 5), ("key", 5), ("value", 5)].map {
            ParameterSpec($0, [$1, 5], .normal(0.7))
        }
        for frozen in [[], ["words", "positions", "types"], ["prompt"]] as [Set<String>] {
            let virtual = VirtualTokens(count: 3, place: layout.place, positions: layout.positions)
            try OperationProbe(specs, frozen: frozen, virtual: virtual) { builder, x, operand in
                let rows = builder.append(
                    VirtualRows(x, try operand("prompt"), adds: layout.positions > 0, in: builder))
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
