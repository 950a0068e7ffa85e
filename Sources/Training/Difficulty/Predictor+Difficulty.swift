import Bundles
import Models
import Tasks
import Text

extension Predictor {
    /// Groups by difficulty: quarters of the information, thirds of the length.
    private static let (informationGroups, lengthGroups) = (4, 3)

    /// How hard a split's examples are for the head.
    ///
    /// Label errors come from a linear probe on frozen features, cross-validated over the split: those of the bundle, or of
    /// the model alone where the bundle has learned from the split.
    /// - Parameters:
    ///   - training: examples whose labels the head's prior is taken from; empty: those of the split
    ///   - isTrained: whether the bundle learned from the split
    ///   - seed: of the intervals
    /// - Throws: `BundleError.head` for a head that predicts no classes; `TrainingError.noExamples` if nothing has a label
    package func difficulty(
        of examples: [Example], training: [Example], isTrained: Bool, task: String, split: String,
        metric: any Metric.Type, seed: UInt64
    ) throws -> Difficulty {
        guard form == "classes" else {
            throw BundleError.head(
                file: file, problem: "head \(head.name) predicts \(form), not classes",
                fix: "use a bundle of a classification task")
        }
        let labeled = examples.filter { $0.label != nil }
        guard !labeled.isEmpty else { throw TrainingError.noExamples(task: task, split: split) }
        let classes = head.head.labels.count
        let labels = labeled.map { $0.label ?? 0 }
        let priors = training.isEmpty ? labels : training.compactMap(\.label)
        let usable = UsableInformation(trainingLabels: priors, classes: classes)
        let probabilities = probabilities(labeled)
        let sampled = try outOfSample(labeled, isTrained: isTrained)
        var rows = labeled.indices.map { i in
            let probability = probabilities[i][labels[i]]
            return Difficulty.Row(
                example: labeled[i], label: labels[i], predicted: Evaluator.best(probabilities[i]),
                probability: probability, bits: usable.bits(probability: probability, label: labels[i]),
                words: labeled[i].texts.reduce(0) { $0 + FoldedWords.hashes($1).count },
                outOfSample: sampled?[i][labels[i]])
        }
        if let sampled {
            for issue in ConfidentLearning.issues(labels: labels, probabilities: sampled, classes: classes) {
                rows[issue.example].suggested = issue.suggested
            }
        }
        let groups = rows.map(\.example.group)
        var information = ClusteredBootstrap([groups], seed: seed).mean(rows.map { ($0.bits, 1) }).interval()
        if !Bootstrap.hasEnough(groups) { (information.low, information.high) = (.nan, .nan) }
        func strata(_ by: String, _ values: [Double], _ count: Int) -> [Difficulty.Stratum] {
            Difficulty.groups(values, count: count).map { group in
                Difficulty.Stratum(
                    by: by, range: values[group[0]]...values[group[group.count - 1]], examples: group.count,
                    score: score(group.map { rows[$0] }, classes, metric, seed))
            }
        }
        return Difficulty(
            rows: rows, information: information,
            strata: strata("information", rows.map(\.bits), Self.informationGroups)
                + strata("length", rows.map { Double($0.words) }, Self.lengthGroups),
            usesTrainingLabels: !training.isEmpty, unlabeled: examples.count - labeled.count)
    }

    private func score(
        _ rows: [Difficulty.Row], _ classes: Int, _ metric: any Metric.Type, _ seed: UInt64
    ) -> Interval {
        let answers = ClassAnswers(predicted: rows.map(\.predicted), gold: rows.map(\.label), classes: classes)
        let groups = rows.map(\.example.group)
        var interval = ClusteredBootstrap([groups], seed: seed).scores(metric, [answers])[0].interval()
        if !Bootstrap.hasEnough(groups) { (interval.low, interval.high) = (.nan, .nan) }
        return interval
    }

    /// The probabilities of the classes for each example, from a probe that was fitted to the others; of several penalties
    /// the one with the smallest loss. nil: there are too few examples to divide.
    private func outOfSample(_ examples: [Example], isTrained: Bool) throws -> [[Float]]? {
        let encoded = encoded(examples)
        let column = encoded.columns[0]
        let folds = StratifiedFolds(column)
        guard folds.count > 1 else { return nil }
        let arrangement = isTrained ? Arrangement(model: session.model) : arrangement
        let network = try Network(arrangement, seed: 0, precision: precision)
        let extractor = try FeatureExtractor(
            network, input: head.head.input, serving: isTrained ? nil : head.name, workspace: session.workspace)
        let features = try extractor.run(encoded).features
        guard features.values.allSatisfy(\.isFinite) else {
            throw TrainingError.mismatch("found features that are NaN or infinite, expected finite numbers")
        }
        let results = LinearProbe.crossValidated(
            features, column, folds, grid: LinearProbe.grid, head: head.head, pool: session.workspace.pool)
        let best = results.indices.min { (results[$0].meanLoss, $0) < (results[$1].meanLoss, $1) } ?? 0
        return examples.indices.map { Array(results[best].row($0)) }
    }
}
