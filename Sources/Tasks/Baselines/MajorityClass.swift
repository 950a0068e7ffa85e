/// Always predicts the most frequent class of the training split.
package struct MajorityClass: Baseline, Equatable {
    package static let label = "majority class"

    package static func answers(_ data: TaskData, metric: any Metric.Type) -> (any Answers)? {
        let model = MajorityClass(fitting: data.train, classes: data.labels.count)
        return GoldLabels(data.test, names: data.labels).answers(model.predict(data.test))
    }

    /// The first of equally frequent ones.
    package let label: Int
    package let classes: Int
    /// Share of each class among the labelled training examples.
    package let shares: [Double]

    /// - Parameters:
    ///   - examples: training examples; those without a label do not count
    ///   - classes: at least 1
    package init(fitting examples: [Example], classes: Int) {
        precondition(classes > 0, "number of classes")
        var counts = [Int](repeating: 0, count: classes)
        for case let label? in examples.map(\.label) { counts[label] += 1 }
        let total = max(1, counts.reduce(0, +))
        label = counts.indices.reduce(0) { counts[$1] > counts[$0] ? $1 : $0 }
        self.classes = classes
        shares = counts.map { Double($0) / Double(total) }
    }

    package func predict(_ examples: [Example]) -> [Int] { [Int](repeating: label, count: examples.count) }
}
