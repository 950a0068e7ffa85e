/// Matthews' correlation of predicted and true classes, for any number of classes (Gorodkin 2004; as scikit-learn's
/// `matthews_corrcoef`).
///
/// (n·c − Σₖ pₖ tₖ) / √((n² − Σ pₖ²)(n² − Σ tₖ²)) with n examples, c right, class k pₖ times predicted and tₖ times true;
/// 0 where the root is 0.
package enum Matthews: Metric {
    package static let name = "matthews"
    package static let isShown = false

    package static func fits(_ answers: any Answers) -> Bool { answers is ClassAnswers }

    package static func value(_ counts: ClassCounts) -> Double {
        let n = Double(counts.total)
        var (right, both, p2, t2) = (0.0, 0.0, 0.0, 0.0)
        for c in 0..<counts.classes {
            let (t, p) = (Double(counts.gold[c]), Double(counts.predicted[c]))
            right += Double(counts.correct[c])
            both += t * p
            p2 += p * p
            t2 += t * t
        }
        let scale = (n * n - p2) * (n * n - t2)
        return scale > 0 ? (n * right - both) / scale.squareRoot() : 0
    }
}
