/// The mean over classes of F1 = 2·correct / (true + predicted).
///
/// The classes are those that occur among the true or the predicted ones, as in scikit-learn's
/// `f1_score(average="macro", zero_division=0)`; a class that occurs in neither does not count.
package enum MacroF1: Metric {
    package static let name = "macro_f1"

    package static func value(_ confusion: Confusion) -> Double {
        let (gold, predicted, correct) = confusion.margins
        var sum = 0.0
        var present = 0
        for c in 0..<confusion.classes where gold[c] + predicted[c] > 0 {
            sum += 2 * Double(correct[c]) / Double(gold[c] + predicted[c])
            present += 1
        }
        return present > 0 ? sum / Double(present) : 0
    }
}
