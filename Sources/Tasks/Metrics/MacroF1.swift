/// The mean over classes of F1 = 2·correct / (true + predicted).
///
/// The classes are those that occur among the true or the predicted ones, as in scikit-learn's
/// `f1_score(average="macro", zero_division=0)`; a class that occurs in neither does not count. So a true class that the
/// head does not know counts with an F1 of 0. For sets of labels, all labels count.
package enum MacroF1: Metric {
    package static let name = "macro_f1"

    package static func fits(_ answers: any Answers) -> Bool {
        (answers as? any CountedAnswers).map { type(of: $0).hasLabels } ?? false
    }

    package static func value(_ counts: ClassCounts) -> Double {
        var sum = 0.0
        var present = 0
        for c in 0..<counts.classes where counts.countsAbsent || counts.gold[c] + counts.predicted[c] > 0 {
            sum += counts.f1(c)
            present += 1
        }
        return present > 0 ? sum / Double(present) : 0
    }
}
