import Bundles
import Foundation

extension AdapterBundle {
    /// One of the bundle's adapters by itself, without heads.
    /// - Parameter name: As ``members`` have it.
    /// - Throws: ``AmalgamError/Kind/composition`` if there is no adapter of this name.
    public func adapter(named name: String) throws(AmalgamError) -> AdapterBundle {
        AdapterBundle(try translated { try stored.adapter(named: name) })
    }

    /// The bundle without some of its adapters, and without training: the softmax of a fusion runs over the adapters that are
    /// left, and the weights of an average are made to sum to 1. A stack within them goes as a whole.
    /// - Parameter names: Of the adapters to remove, as ``members`` have them.
    /// - Throws: ``AmalgamError/Kind/composition`` for an unknown name, if nothing would be left, or for an adapter that cannot
    ///   be left out.
    public func pruned(removing names: [String]) throws(AmalgamError) -> AdapterBundle {
        AdapterBundle(try translated { try stored.pruned(removing: names) })
    }

    /// The bundle with those adapters that its fusion attends to most, or that another block scales most, as ``pruned(removing:)`` makes it.
    /// - Parameters:
    ///   - count: How many to keep, 1 or more.
    ///   - attention: Of the bundle, for example on the training texts of its task; of equal means the first is kept.
    /// - Throws: ``AmalgamError/Kind/option`` for fewer adapters than that.
    public func pruned(keeping count: Int, by attention: AttentionMap) throws(AmalgamError) -> AdapterBundle {
        guard (1...max(1, attention.adapters.count)).contains(count) else {
            throw AmalgamError.make(
                .option, "keep: found \(count), expected 1 to \(attention.adapters.count), the adapters of the bundle",
                field: "keep", found: "\(count)", expected: "1 to \(attention.adapters.count)")
        }
        let order = attention.adapters.enumerated().sorted {
            (-(attention.means[$0.element] ?? 0), $0.offset) < (-(attention.means[$1.element] ?? 0), $1.offset)
        }
        let removed = order.dropFirst(count).map(\.element)
        return removed.isEmpty ? self : try pruned(removingParts: removed)
    }

    /// A part of a fusion that is a block goes with its first adapter.
    private func pruned(removingParts parts: [String]) throws(AmalgamError) -> AdapterBundle {
        let names = parts.compactMap { part in
            stored.composition?.part(named: part)?.members.first
        }
        return try pruned(removing: names)
    }
}

/// A bundle with fewer adapters: what it scores, and how fast it is.
public struct PruningStep: Sendable {
    /// The adapters that it has.
    public var adapters: [String]
    /// The task's own metric.
    public var score: Double
    /// Texts of the split that it predicts in a second, on this machine.
    public var textsPerSecond: Double
}

extension Model {
    /// Scores a bundle with 1, 2, … of the adapters that get the most attention, or the largest scales.
    /// - Parameters:
    ///   - bundle: With a fusion, or another block that weighs its adapters.
    ///   - attention: Of the bundle.
    ///   - task: That the scores are of.
    ///   - split: Default dev.
    ///   - options: Of the predictors.
    /// - Returns: In the order of the number of adapters; the last one is the whole bundle.
    public func pruningCurve(
        _ bundle: AdapterBundle, by attention: AttentionMap, on task: TextTask, split: Split = .dev,
        options: PredictorOptions = PredictorOptions()
    ) async throws -> [PruningStep] {
        var steps: [PruningStep] = []
        for count in 1...max(1, attention.adapters.count) {
            let pruned = try bundle.pruned(keeping: count, by: attention)
            let scores = try await Predictor(self, pruned, options: options).evaluate(on: task, split: split)
            steps.append(
                PruningStep(
                    adapters: pruned.members.map(\.name), score: scores.score.value,
                    textsPerSecond: scores.textsPerSecond))
        }
        return steps
    }
}
