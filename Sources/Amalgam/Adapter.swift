import Bundles
import Foundation
import Tasks
import Training

/// A trained adapter or fusion with its head, on its model.
public final class Adapter {
    let bundle: AdapterBundle
    /// The language adapter that it is stacked on.
    let language: LanguageAdapter?
    private let session: Session

    /// What a user should know about how it was trained or loaded, one line each: rows that were skipped, a base model
    /// that could not be verified, another language adapter than in training. The command prints the same lines.
    public let warnings: [String]

    init(bundle: AdapterBundle, language: LanguageAdapter?, session: Session, warnings: [String]) {
        self.bundle = bundle
        self.language = language
        self.session = session
        self.warnings = warnings
    }

    /// The adapter's name: its task's, or its language's.
    public var name: String { bundle.name }

    /// The classes, in the order of a prediction's probabilities. Empty for a language adapter, which has no head.
    public var labels: [String] { bundle.heads.first?.head.labels ?? [] }

    /// A text's class, and how sure it is.
    public struct Prediction: Sendable, Equatable {
        /// The class that is most likely.
        public let label: String
        /// In the order of `labels`; they add up to 1.
        public let probabilities: [Float]
    }

    /// Classifies texts, in order.
    /// - Throws: an error if the bundle has no head, or a head that was trained on pairs of texts.
    public func predict(_ texts: [String]) throws -> [Prediction] {
        try predict(texts.enumerated().map { Example(id: $0, text: $1) })
    }

    /// Classifies pairs of texts, in order.
    /// - Throws: an error if the bundle has no head, or a head that was trained on single texts.
    public func predict(pairs: [(String, String)]) throws -> [Prediction] {
        try predict(pairs.enumerated().map { Example(id: $0, text: $1.0, pair: $1.1) })
    }

    private func predict(_ examples: [Example]) throws -> [Prediction] {
        let predictor = try Predictor(session, bundle: bundle, language: language)
        try predictor.check(examples)
        return predictor.probabilities(examples).map { probabilities in
            let best = probabilities.indices.max { (probabilities[$0], -$0) < (probabilities[$1], -$1) } ?? 0
            return Prediction(label: labels[best], probabilities: probabilities)
        }
    }

    /// How well a split is classified.
    public struct Scores: Sendable, Equatable {
        /// Rows that were scored; rows with a label that the head does not know are among them and count as wrong.
        public let examples: Int
        /// Rows with a label that the head does not know.
        public let unknownLabels: Int
        /// Rows that could not be scored, having no label.
        public let skipped: Int
        /// Share of the examples that are right.
        public let accuracy: Double
        /// Unweighted mean of the classes' F1.
        public let macroF1: Double
        /// What a user should know about these scores, one line each.
        public let warnings: [String]
    }

    /// Scores a task's split.
    /// - Parameters:
    ///   - task: a task's YAML, or a folder.
    ///   - split: `train`, `dev` or `test`.
    /// - Throws: an error whose description names the file, the field and a fix; also where the head was trained for
    ///   another kind of task.
    public func evaluate(on task: String, split: String = "test") throws -> Scores {
        guard let split = Split(rawValue: split) else {
            throw TrainingError.setting(name: "split", found: split, expected: "train, dev or test")
        }
        let definition = try TaskDefinition.load(URL(fileURLWithPath: task))
        let predictor = try Predictor(
            session, bundle: bundle, language: language,
            task: HeadTask(name: definition.name, kind: definition.kind))
        let data = try TaskData.load(
            definition, splits: [split], labels: KnownLabels(labels, source: .bundle(file: bundle.name)))
        let scores = predictor.evaluate(data[split], metric: Accuracy.self)
        return Scores(
            examples: scores.examples, unknownLabels: data[split].count { $0.unknownLabel != nil },
            skipped: data.skipped[split]?.count ?? 0, accuracy: scores.accuracy, macroF1: scores.macroF1,
            warnings: predictor.warnings + data.warnings)
    }

    /// Share of a task's test texts that are classified right: `evaluate(on:)` for who needs no more.
    public func accuracy(on task: String) throws -> Double { try evaluate(on: task).accuracy }

    /// Writes the bundle: whole, or not at all.
    /// - Throws: an error that says why the file cannot be written.
    public func save(to file: String) throws { try BundleFile.write(bundle, to: URL(fileURLWithPath: file)) }
}
