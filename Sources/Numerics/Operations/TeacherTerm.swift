#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// What a teacher's distributions add to a loss: α T² · KL(p ‖ softmax(x / T)), beside (1 − α) times the loss of the data's own answers
/// (Hinton et al. 2015, section 2). p is the teacher's at temperature T (`HeadTargets.teacher`); T² keeps the gradients in one range for
/// all T.
package struct TeacherTerm: Sendable, Equatable {
    /// T, over 0, which the teacher's distributions have already.
    package let temperature: Double
    /// α, the teacher's share in the loss, in 0...1.
    package let alpha: Double

    package init(temperature: Double, alpha: Double) {
        precondition(temperature > 0 && (0...1).contains(alpha), "temperature \(temperature), share \(alpha)")
        self.temperature = temperature
        self.alpha = alpha
    }

    /// Numbers that lie `stride` apart: logits in a row of the head's output, or in a column of it.
    struct Entries {
        let logits: UnsafePointer<Float>
        let count: Int
        /// The teacher's values, which begin at `first` and lie as the logits do.
        let teacher: [Float]
        let first: Int
        var stride = 1

        func logit(_ c: Int) -> Double { Double(logits[c * stride]) }
        func probability(_ c: Int) -> Double { Double(teacher[first + c * stride]) }
    }

    func loss(_ entries: Entries) -> Double {
        let norm = CrossEntropy.logSum(
            entries.logits, entries.count, scale: 1 / temperature, stride: entries.stride)
        var divergence = 0.0
        for c in 0..<entries.count where entries.probability(c) > 0 {
            let p = entries.probability(c)
            divergence += p * (log(p) - entries.logit(c) / temperature + norm)
        }
        return alpha * temperature * temperature * divergence
    }

    /// Calls `body` with the slope of the loss in each logit.
    func slopes(_ entries: Entries, _ body: (_ c: Int, _ slope: Double) -> Void) {
        let norm = CrossEntropy.logSum(
            entries.logits, entries.count, scale: 1 / temperature, stride: entries.stride)
        for c in 0..<entries.count {
            body(c, alpha * temperature * (exp(entries.logit(c) / temperature - norm) - entries.probability(c)))
        }
    }

    /// The same for one yes-or-no decision: α T² · KL of two Bernoulli distributions, the student's with σ(x / T).
    func binaryLoss(_ logit: Double, _ p: Double) -> Double {
        let x = logit / temperature
        func entropy(_ share: Double) -> Double { share > 0 ? share * log(share) : 0 }
        let softplus = max(x, 0) + log1p(exp(-abs(x)))
        return alpha * temperature * temperature * (entropy(p) + entropy(1 - p) + softplus - p * x)
    }

    /// Its slope in the logit.
    func binarySlope(_ logit: Double, _ p: Double) -> Double {
        alpha * temperature * (BinaryCrossEntropy.sigmoid(logit / temperature) - p)
    }
}
