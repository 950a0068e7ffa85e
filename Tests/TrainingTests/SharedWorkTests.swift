import Adapters
import Bundles
import Models
import Numerics
import Testing

@testable import Training

/// Whole networks give the same bytes however threads share their texts: every method, full training, fusions and heads of
/// several kinds at once, with dropout.
@Suite struct SharedWorkTests {
    static let networks = AdapterMethods.presetNames + ["full", "fusion3", "fusion3_static"]
    private static let heads: [any Head] = [
        ClassificationHead(labels: ["0", "1", "2"], pooling: .first),
        RegressionHead(numbers: [NumberScale(mean: 1, deviation: 2)], pooling: .mean),
        TaggingHead(labels: ["O", "B-X", "I-X"]),
    ]

    /// Cuts that real sizes get, on a tiny model: by rows, by columns and heads, and some of both.
    private static let cuts: [Sharing] = [(1, 4), (100, 100), (3, 7)].map { few, most in
        var sharing = Sharing()
        (sharing.always, sharing.leastWork, sharing.fewRows, sharing.mostRows) = (true, 1e-6, few, most)
        return sharing
    }

    /// - Parameter count: of the first heads
    private func network(_ name: String, heads count: Int) throws -> Network {
        let heads = Self.heads.prefix(count).enumerated().map { NamedHead("h\($0)", $1) }
        var arrangement: Arrangement
        if AdapterMethods.presetNames.contains(name) {
            arrangement = try Recipe.adapter(try .resolve(name), from: nil)
                .arrangement(model: Golden.model(), heads: heads, name: "t")
        } else {
            arrangement = try Golden.arrangement(name)
            arrangement.trainable.removeAll { $0.name.hasPrefix("heads/") }
            arrangement.heads = heads
            for head in heads {
                arrangement.trainable += head.head.specs(
                    hidden: arrangement.model.configuration.hidden, scope: head.scope)
            }
        }
        let network = try Network(arrangement, seed: 3)
        for parameter in network.parameters.parameters {
            let key = Randomness.key(11, Randomness.hash(parameter.name))
            for i in 0..<parameter.count { parameter.values[i] += 0.1 * Randomness.normal(key, i) }
        }
        return network
    }

    private func batch(_ seed: UInt64, _ model: ModelConfiguration) -> PackedBatch {
        let count = 1 + Randomness.integer(seed, 0, below: [1, 4][Int(seed % 2)])
        let lengths = (0..<count).map { 1 + Randomness.integer(seed, $0 + 1, below: min(40, model.longestSequence)) }
        let marks = (0..<lengths.reduce(0, +)).map { Int32($0) }.filter { $0 % 3 != 1 }
        return PackedBatch(
            lengths.enumerated().map { i, length in
                let ids = (0..<length).map {
                    Int32(Randomness.integer(Randomness.key(seed, UInt64(i)), $0, below: model.vocabulary))
                }
                return (ids, ids.map { _ in 0 }, SequenceRow(example: UInt64(i)))
            },
            targets: [
                0: HeadTargets(.classes(lengths.map { Int32($0 % 4) - 1 })),
                1: HeadTargets(.numbers(lengths.map { $0 % 5 == 0 ? .nan : Float($0) }, width: 1)),
                2: HeadTargets(.classes(marks.map { $0 % 4 - 1 }), marks: marks),
            ])
    }

    @Test(arguments: networks) func sharedTextsGiveTheSameBytes(_ name: String) throws {
        // alone, a head on the first token needs one row a sequence of the last layer
        for heads in [1, 3] {
            for trains in [true, false] {
                let network = try network(name, heads: heads)
                let plan = try network.plan(heads: Array(0..<heads), trains: trains)
                func bytes(_ batch: PackedBatch, _ workspace: Workspace) -> [UInt32] {
                    for i in 0..<network.parameters.count { network.parameters.gradients[i] = 7 }
                    let results = plan.plan.run(batch, workspace: workspace, stepKey: trains ? 5 : nil)
                    let values = plan.heads.map { trains ? $0.loss : $0.output }.flatMap { results.values($0) }
                    return (values + plan.plan.parameters.flatMap(\.gradientArray)).map(\.bitPattern)
                }
                let shared = Self.cuts.enumerated().map { Workspace(threads: 2 + $0, sharing: $1) }
                let alone = Workspace(threads: 1)
                for seed in 0..<4 as Range<UInt64> {
                    let batch = batch(seed, network.arrangement.model.configuration)
                    let expected = bytes(batch, alone)
                    for workspace in shared + [Workspace(threads: 2)] {
                        let differing = zip(bytes(batch, workspace), expected).count { $0 != $1 }
                        #expect(differing == 0, "batch \(seed), \(heads) heads, \(workspace.pool.threads) threads")
                    }
                }
            }
        }
    }
}
