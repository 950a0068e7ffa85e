import Foundation

/// How much a model's input tells it of an example's label: V-usable information of single examples (Ethayarajh, Choi &
/// Swayamdipta 2022, eq. 4): log₂ p(y | x) − log₂ p(y | ∅), in bits. Low or negative values are hard or wrongly labeled
/// examples; the mean is the V-information of the data for the model.
///
/// A model of the same family that sees an empty input learns the shares of the labels, so p(y | ∅) is their share among the
/// training labels, each counted once more than it occurs.
package struct UsableInformation: Sendable {
    /// log₂ p(y | ∅) by class.
    package let null: [Double]

    /// - Parameters:
    ///   - labels: of the training examples
    ///   - classes: number of classes
    package init(trainingLabels labels: some Sequence<Int>, classes: Int) {
        var counts = [Double](repeating: 1, count: classes)
        for label in labels { counts[label] += 1 }
        let all = counts.reduce(0, +)
        null = counts.map { log2($0 / all) }
    }

    /// The information of an example in bits.
    /// - Parameters:
    ///   - probability: that the model gives to the example's label; 0 counts as the smallest float
    ///   - label: the example's
    package func bits(probability: Float, label: Int) -> Double {
        log2(Double(max(probability, .leastNonzeroMagnitude))) - null[label]
    }
}
