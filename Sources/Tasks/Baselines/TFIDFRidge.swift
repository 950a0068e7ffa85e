/// Always predicts the mean of the training split. Its correlation with anything is undefined.
package enum MeanValue: Baseline {
    package static let label = "mean"

    package static func answers(_ data: TaskData, metric: any Metric.Type) -> (any Answers)? {
        let values = data.train.compactMap { $0.numbers?.values }
        guard let outputs = values.first?.count else { return nil }
        let means = (0..<outputs).map { c in
            let column = values.compactMap { $0[c] }
            return column.isEmpty ? 0 : column.reduce(0, +) / Double(column.count)
        }
        return NumberAnswers(predicted: data.test.map { _ in means }, of: data.test.map(\.numbers))
    }
}

/// TF-IDF of words and word pairs, then ridge regression. The strength of the penalty is chosen on dev.
///
/// A pair of texts is a row of the absolute differences of their two rows, and their cosine similarity as one more column.
package struct TFIDFRidge: Baseline {
    package static let label = "TF-IDF + ridge"

    /// Candidates for α.
    private static let grid = [0.01, 0.03, 0.1, 0.3, 1, 3, 10]

    private let vectorizer: TFIDFVectorizer
    /// One for each output; nil: no training row has a value.
    private let models: [RidgeRegression?]

    package static func answers(_ data: TaskData, metric: any Metric.Type) -> (any Answers)? {
        var best: (score: Double, model: TFIDFRidge)?
        for penalty in grid {
            guard let model = TFIDFRidge(fitting: data.train, penalty: penalty) else { return nil }
            let dev = NumberAnswers(predicted: model.predict(data.dev), of: data.dev.map(\.numbers))
            let score = metric.criterion(metric.value(ofAny: dev))
            if best.map({ score > $0.score }) ?? true { best = (score, model) }
        }
        return best.map { NumberAnswers(predicted: $0.model.predict(data.test), of: data.test.map(\.numbers)) }
    }

    /// - Returns: nil if no training example has a value
    init?(fitting train: [Example], penalty: Double) {
        guard let outputs = train.lazy.compactMap(\.numbers).first?.values.count else { return nil }
        vectorizer = TFIDFVectorizer(fitting: train.flatMap { [$0.text] + ($0.pair.map { [$0] } ?? []) })
        let vectorizer = vectorizer
        models = (0..<outputs).map { c in
            let rows = train.filter { $0.numbers?.values[c] != nil }
            guard !rows.isEmpty else { return nil }
            return RidgeRegression(
                fitting: Self.features(rows, vectorizer), rows.compactMap { $0.numbers?.values[c] }, penalty: penalty)
        }
    }

    /// - Returns: for each example one value per output
    func predict(_ examples: [Example]) -> [[Double]] {
        let rows = Self.features(examples, vectorizer)
        let columns = models.map { $0?.predict(rows) ?? [Double](repeating: 0, count: examples.count) }
        return examples.indices.map { i in columns.map { $0[i] } }
    }

    private static func features(_ examples: [Example], _ vectorizer: TFIDFVectorizer) -> SparseRows {
        let first = vectorizer.transform(examples.map(\.text))
        let second = vectorizer.transform(examples.map { $0.pair ?? "" })
        var rows = SparseRows(columns: vectorizer.columns + 1)
        for i in examples.indices {
            guard examples[i].pair != nil else {
                rows.append(first.row(i))
                continue
            }
            var values: [Int32: (a: Double, b: Double)] = [:]
            for (column, value) in first.row(i) { values[column, default: (0, 0)].a = value }
            for (column, value) in second.row(i) { values[column, default: (0, 0)].b = value }
            let sorted = values.sorted { $0.key < $1.key }
            let cosine = sorted.reduce(0) { $0 + $1.value.a * $1.value.b }
            rows.append(
                sorted.map { ($0.key, abs($0.value.a - $0.value.b)) } + [(Int32(vectorizer.columns), cosine)])
        }
        return rows
    }
}
