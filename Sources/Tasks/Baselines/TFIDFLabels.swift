/// The classic multi-label classifier: TF-IDF of words and word pairs, and one logistic regression for each label
/// (scikit-learn's `OneVsRestClassifier`). One strength of the penalty for all labels, and each label's threshold, are
/// chosen on the dev split.
///
/// A pair's two texts are read as one. Deterministic; one thread.
package struct TFIDFLabels: Baseline {
    package static let label = "TF-IDF + LR per label"

    package static func answers(_ data: TaskData, metric: any Metric.Type) -> (any Answers)? {
        TFIDFLabels(train: data.train, dev: data.dev, labels: data.labels, metric: metric).map {
            GoldLabelSets(data.test, names: data.labels).answers($0.predict(data.test))
        }
    }

    private let vectorizer: TFIDFVectorizer
    private let models: [LabelModel]
    /// The `C` that was chosen.
    package let inverseStrength: Double
    /// Of each label; 0.5 without dev examples.
    package let thresholds: [Float]

    /// Fits training examples.
    /// - Parameters:
    ///   - train: examples; those without an answer are passed over
    ///   - dev: examples to choose `C` and the thresholds on; the smallest of equally good `C` wins
    ///   - labels: their names
    ///   - metric: what is compared on dev
    /// - Returns: nil if no training example has an answer
    package init?(
        train: [Example], dev: [Example], labels: [String], metric: any Metric.Type,
        options: TFIDFLogisticRegression.Options = TFIDFLogisticRegression.Options()
    ) {
        let train = train.filter { $0.labelSet?.labels != nil }
        let sets = train.map { Set($0.labelSet?.labels ?? []) }
        let grid = Set(options.grid).filter { $0 > 0 && $0.isFinite }.sorted()
        guard let smallest = grid.first, !train.isEmpty else { return nil }
        let vectorizer = TFIDFVectorizer(
            fitting: train.map(TFIDFLogisticRegression.document), options: options.tfidf)
        let rows = vectorizer.transform(train.map(TFIDFLogisticRegression.document))
        let devRows = vectorizer.transform(dev.map(TFIDFLogisticRegression.document))
        let devGold = GoldLabelSets(dev, names: labels)
        var fitting = LogisticRegression.Options()
        fitting.maximumIterations = options.maximumIterations
        func fit(_ strength: Double, from start: [LabelModel]?, tolerance: Double) -> [LabelModel] {
            fitting.inverseStrength = strength
            fitting.tolerance = tolerance
            return labels.indices.map { c in
                LabelModel(rows, sets.map { $0.contains(c) }, options: fitting, startingFrom: start?[c])
            }
        }
        func chosen(_ models: [LabelModel]) -> (thresholds: [Float], score: Double) {
            guard !devGold.scored.isEmpty else { return (labels.map { _ in LabelThresholds.standard }, .nan) }
            let probabilities = Self.probabilities(models, devRows)
            let thresholds = LabelThresholds.chosen(probabilities, devGold.sets, labels: labels.count)
            let predicted = Self.sets(probabilities, thresholds)
            return (thresholds, metric.criterion(metric.value(ofAny: devGold.answers(predicted))))
        }

        var best = (strength: smallest, models: fit(smallest, from: nil, tolerance: options.searchTolerance))
        if grid.count > 1, !devGold.scored.isEmpty {
            var (bestScore, last, worse) = (chosen(best.models).score, best.models, 0)
            for candidate in grid.dropFirst() {
                last = fit(candidate, from: last, tolerance: options.searchTolerance)
                let score = chosen(last).score
                worse = score > bestScore ? 0 : worse + 1
                if score > bestScore { (bestScore, best) = (score, (candidate, last)) }
                if worse == 2 { break }
            }
        }
        self.vectorizer = vectorizer
        inverseStrength = best.strength
        models = fit(best.strength, from: best.models, tolerance: options.searchTolerance / 100)
        thresholds = chosen(models).thresholds
    }

    /// - Returns: [examples, labels]
    package func probabilities(_ examples: [Example]) -> [Float] {
        Self.probabilities(models, vectorizer.transform(examples.map(TFIDFLogisticRegression.document)))
    }

    /// - Returns: the labels of each example
    package func predict(_ examples: [Example]) -> [[Int]] { Self.sets(probabilities(examples), thresholds) }

    private static func probabilities(_ models: [LabelModel], _ rows: SparseRows) -> [Float] {
        let columns = models.map { $0.probabilities(rows) }
        return (0..<rows.rows).flatMap { row in columns.map { Float($0[row]) } }
    }

    private static func sets(_ probabilities: [Float], _ thresholds: [Float]) -> [[Int]] {
        stride(from: 0, to: probabilities.count, by: max(1, thresholds.count)).map { start in
            LabelThresholds.labels(probabilities[start..<start + thresholds.count], thresholds)
        }
    }
}

/// Whether a text has one label.
private enum LabelModel {
    /// All training texts have it (1), or none has (0).
    case constant(Double)
    case fitted(LogisticRegression)

    init(_ rows: SparseRows, _ isTrue: [Bool], options: LogisticRegression.Options, startingFrom start: LabelModel?) {
        guard isTrue.contains(true), isTrue.contains(false) else {
            self = .constant(isTrue.contains(true) ? 1 : 0)
            return
        }
        var last: LogisticRegression?
        if case .fitted(let model)? = start { last = model }
        self = .fitted(
            LogisticRegression(
                fitting: rows, isTrue.map { $0 ? 1 : 0 }, classes: 2, options: options, startingFrom: last))
    }

    /// - Returns: [rows]
    func probabilities(_ rows: SparseRows) -> [Double] {
        switch self {
        case .constant(let probability): return [Double](repeating: probability, count: rows.rows)
        case .fitted(let model):
            let both = model.probabilities(rows)
            return (0..<rows.rows).map { both[2 * $0 + 1] }
        }
    }
}
