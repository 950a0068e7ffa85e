/// The share of examples whose class is right.
package enum Accuracy: Metric {
    package static let name = "accuracy"

    package static func value(_ confusion: Confusion) -> Double {
        guard confusion.total > 0 else { return 0 }
        let correct = (0..<confusion.classes).reduce(0) { $0 + confusion[gold: $1, predicted: $1] }
        return Double(correct) / Double(confusion.total)
    }
}
