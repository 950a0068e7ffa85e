/// The classic text classifier: TF-IDF of words and word pairs, then logistic regression whose strength of penalty is
/// chosen on the dev split.
///
/// A pair's two texts are read as one. Deterministic; one thread.
package struct TFIDFLogisticRegression: Baseline {
    package static let label = "TF-IDF + LR"

    package static func answers(_ data: TaskData, metric: any Metric.Type) -> (any Answers)? {
        TFIDFLogisticRegression(train: data.train, dev: data.dev, classes: data.labels.count, metric: metric).map {
            GoldLabels(data.test, names: data.labels).answers($0.predict(data.test))
        }
    }

    package struct Options: Equatable, Sendable {
        package var tfidf = TFIDFVectorizer.Options()
        /// Candidates for `C`, each above 0, tried in ascending order until two in a row are no better than the best;
        /// with a single one dev is not looked at.
        package var grid: [Double] = [0.3, 1, 3, 10, 30, 100]
        /// Of the candidates; the chosen one is then fitted with a hundredth of it.
        package var searchTolerance = 1e-2
        package var maximumIterations = 1000

        package init() {}
    }

    package let vectorizer: TFIDFVectorizer
    package let model: LogisticRegression
    /// The `C` that was chosen.
    package let inverseStrength: Double
    /// Score on dev of each candidate that was tried, in ascending order of `C`; empty if there was nothing to choose.
    package let devScores: [(inverseStrength: Double, score: Double)]

    /// Fits training examples.
    ///
    /// - Parameters:
    ///   - train: examples; those without a label are passed over
    ///   - dev: labelled examples to choose `C` on; the smallest of equally good ones wins
    ///   - classes: number of labels
    ///   - metric: what is compared on dev
    /// - Returns: nil if no training example has a label
    package init?(
        train: [Example], dev: [Example], classes: Int, metric: any Metric.Type = Accuracy.self,
        options: Options = Options()
    ) {
        let train = train.filter { $0.label != nil }
        let dev = dev.filter { $0.label != nil }
        let gold = train.compactMap(\.label)
        let grid = Set(options.grid).filter { $0 > 0 && $0.isFinite }.sorted()
        guard let smallest = grid.first, !gold.isEmpty else { return nil }

        let vectorizer = TFIDFVectorizer(fitting: train.map(Self.document), options: options.tfidf)
        let rows = vectorizer.transform(train.map(Self.document))
        let devRows = vectorizer.transform(dev.map(Self.document))
        let devGold = dev.compactMap(\.label)
        func fit(
            _ inverseStrength: Double, from start: LogisticRegression?, tolerance: Double
        ) -> LogisticRegression {
            var fitting = LogisticRegression.Options()
            fitting.inverseStrength = inverseStrength
            fitting.tolerance = tolerance
            fitting.maximumIterations = options.maximumIterations
            return LogisticRegression(fitting: rows, gold, classes: classes, options: fitting, startingFrom: start)
        }

        var best = (inverseStrength: smallest, model: fit(smallest, from: nil, tolerance: options.searchTolerance))
        var scores: [(inverseStrength: Double, score: Double)] = []
        if grid.count > 1, !dev.isEmpty {
            func score(_ model: LogisticRegression) -> Double {
                metric.value(
                    ofAny: ClassAnswers(predicted: model.predict(devRows), gold: devGold, classes: classes))
            }
            var bestScore = score(best.model)
            scores.append((smallest, bestScore))
            var last = best.model
            var worse = 0
            for candidate in grid.dropFirst() {
                // Each starts where the one before ended: a few steps instead of many.
                last = fit(candidate, from: last, tolerance: options.searchTolerance)
                let value = score(last)
                scores.append((candidate, value))
                worse = value > bestScore ? 0 : worse + 1
                if value > bestScore { (bestScore, best) = (value, (candidate, last)) }
                if worse == 2 { break }
            }
        }
        self.vectorizer = vectorizer
        model = fit(best.inverseStrength, from: best.model, tolerance: options.searchTolerance / 100)
        inverseStrength = best.inverseStrength
        devScores = scores
    }

    /// - Returns: [examples, classes], one row after the other
    package func probabilities(_ examples: [Example]) -> [Double] {
        model.probabilities(vectorizer.transform(examples.map(Self.document)))
    }

    /// - Returns: a class index an example
    package func predict(_ examples: [Example]) -> [Int] {
        model.predict(vectorizer.transform(examples.map(Self.document)))
    }

    /// An example's texts as one.
    static func document(_ example: Example) -> String {
        example.pair.map { example.text + "\n" + $0 } ?? example.text
    }
}
