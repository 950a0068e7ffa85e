/// What a head says of one example.
package struct Prediction: Sendable, Equatable {
    /// Of each class; they add up to 1.
    package var probabilities: [Float]
    /// Cross-entropy of the example's label; 0 where the head does not know it.
    package var loss: Double

    package init(probabilities: [Float], loss: Double = 0) {
        self.probabilities = probabilities
        self.loss = loss
    }

    /// The most likely class; of equal ones the first.
    package var best: Int { Evaluator.best(probabilities) }
}
