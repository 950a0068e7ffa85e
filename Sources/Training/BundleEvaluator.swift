import Adapters
import Bundles
import Files
import Models
import Numerics

/// A frozen bundle's heads on texts in order: as many plans as their adapters need. Heads share a plan unless they read other
/// virtual tokens; where the composition splits batches, each part has plans of its own.
final class BundleEvaluator {
    /// Plans for some of the texts.
    private struct Part {
        /// nil: all texts
        let range: Range<Int>?
        /// Each with the places of its heads.
        let plans: [(evaluator: Evaluator, places: [Int])]
    }

    private let composition: Composition?
    private let heads: [any Head]
    private let parts: [Part]

    /// - Parameter indices: of the heads in the arrangement; head n has column n of the examples' targets.
    init(_ arrangement: Arrangement, heads indices: [Int], precision: Precision, workspace: Workspace) throws {
        // A head by itself does not care how other heads' texts are split
        let composition =
            indices.count == 1
            ? try arrangement.composition?.serving(arrangement.heads[indices[0]].name) : arrangement.composition
        self.composition = composition
        heads = indices.map { arrangement.heads[$0].head }
        func part(_ composition: Composition?, _ range: Range<Int>?) throws -> Part {
            var own = arrangement
            own.composition = composition
            let network = try Network(own, seed: 0, precision: precision)
            return Part(
                range: range,
                plans: try network.planGroups(indices).map { group in
                    let places = group.compactMap { indices.firstIndex(of: $0) }
                    return (
                        try Evaluator(network, heads: places.map { (indices[$0], $0) }, workspace: workspace), places
                    )
                })
        }
        if let composition, let size = composition.batchSize {
            parts = try composition.batchParts(size).map { try part($0.composition, $0.range) }
        } else {
            parts = [try part(composition, nil)]
        }
    }

    /// The number of texts that the composition is for; nil: any number, in any order.
    var batchSize: Int? { composition?.batchSize }

    /// - Throws: `AdapterError.composition` where the composition is for another number of texts
    func check(_ count: Int) throws(AdapterError) { _ = try composition?.batchParts(count) }

    /// What each head says of examples, whose number `check` has accepted.
    func results(_ examples: EncodedExamples) -> [HeadResults] {
        precondition(batchSize.map { $0 == examples.count } ?? true, "\(examples.count) texts for a batch split")
        var all = heads.map { Evaluator.empty($0, examples) }
        for part in parts {
            for (evaluator, places) in part.plans {
                var own = places.map { all[$0] }
                evaluator.run(examples, part.range ?? 0..<examples.all, into: &own)
                for (place, results) in zip(places, own) { all[place] = results }
            }
        }
        return all
    }
}
