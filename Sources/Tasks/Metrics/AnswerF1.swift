/// The mean F1 of the words of the answer and of the best alternative, as the `f1` of SQuAD's evaluation scripts, in 0...1.
package enum AnswerF1: Metric {
    package static let name = "qa_f1"

    package static func value(_ scores: AnswerScores) -> Double {
        scores.count > 0 ? scores.f1 / Double(scores.count) : .nan
    }
}
