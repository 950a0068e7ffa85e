import Files
import Models
import Numerics

/// What one head is to predict for each example of a split, as indices and numbers. Each form of output has its own.
package protocol TargetColumn: Sendable {
    /// The targets of some examples in a batch; nil: they have none.
    /// - Parameters:
    ///   - indices: of the examples.
    ///   - examples: that the column belongs to.
    ///   - loss: what only the loss reads.
    ///   - longest: tokens that are taken of a sequence at most.
    ///   - predicts: marks all rows that the head predicts; otherwise only those with a target.
    func targets(
        _ indices: [Int], of examples: EncodedExamples, as head: BatchHead, loss: LossTargets, longest: Int,
        predicts: Bool
    ) -> HeadTargets?

    /// Changes a part of a training's step, whose sequences are those of the examples: tokens that are hidden anew each time,
    /// with the targets that follow. By default nothing.
    /// - Parameter key: of the step's random choices.
    func redraw(
        _ part: inout BatchPart, _ indices: [Int], of examples: EncodedExamples, as head: BatchHead, loss: LossTargets,
        key: UInt64)

    /// The head's results beside the true answers of the examples that can be scored.
    func answers(_ results: HeadResults) -> HeadAnswers

    /// The class of each row that features have, −1 for none.
    func classes(of features: Features) -> [Int32]

    /// All classes that are to be predicted, −1 for none, for the weights of classes; nil: there are no classes.
    var allClasses: [Int32]? { get }

    /// What folds have equal shares of: the class of each example, or 0 where it has a target of another form; nil: it has none.
    var strata: [Int?] { get }

    func hash(into digest: inout Digest.Incremental)
}

extension TargetColumn {
    package func redraw(
        _ part: inout BatchPart, _ indices: [Int], of examples: EncodedExamples, as head: BatchHead, loss: LossTargets,
        key: UInt64
    ) {}

    package var allClasses: [Int32]? { nil }
    package func classes(of features: Features) -> [Int32] { [Int32](repeating: -1, count: features.rows) }

    /// n / (classes · count) for each class, as scikit-learn's "balanced"; nil where there are no classes.
    func balancedWeights(classes count: Int) -> [Float]? {
        guard let targets = allClasses else { return nil }
        var counts = [Int](repeating: 0, count: count)
        for target in targets where target >= 0 { counts[Int(target)] += 1 }
        let total = counts.reduce(0, +)
        return counts.map { $0 == 0 ? 0 : Float(total) / Float(count * $0) }
    }
}
