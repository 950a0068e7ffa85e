import Bundles
import Foundation
import Tasks
import Training

/// A trained adapter or fusion with its head, on its model.
public final class Adapter {
    let bundle: AdapterBundle
    private let session: Session

    init(bundle: AdapterBundle, session: Session) {
        self.bundle = bundle
        self.session = session
    }

    /// The adapter's name: its task's.
    public var name: String { bundle.name }

    /// The classes, in the order of a prediction's probabilities.
    public var labels: [String] { bundle.heads.first?.head.labels ?? [] }

    /// A text's class, and how sure it is.
    public struct Prediction: Sendable, Equatable {
        /// The class that is most likely.
        public let label: String
        /// In the order of `labels`; they add up to 1.
        public let probabilities: [Float]
    }

    /// Classifies texts, in order.
    /// - Throws: an error if the bundle has no head.
    public func predict(_ texts: [String]) throws -> [Prediction] {
        let examples = texts.enumerated().map { i, text in
            Example(id: i, text: text, pair: nil, label: nil, line: 0)
        }
        return try Predictor(session, bundle: bundle).probabilities(examples).map { probabilities in
            let best = probabilities.indices.max { probabilities[$0] < probabilities[$1] } ?? 0
            return Prediction(label: labels[best], probabilities: probabilities)
        }
    }

    /// Share of a task's test texts that are classified right.
    /// - Parameter task: a task's YAML, or a folder with a test file.
    /// - Throws: an error whose description names the file, the field and the mend.
    public func accuracy(on task: String) throws -> Double {
        let definition = try TaskDefinition.load(URL(fileURLWithPath: task))
        let data = try TaskData.load(
            definition, splits: [.test], labels: KnownLabels(labels, source: .bundle(file: "the adapter '\(name)'")))
        return try Predictor(session, bundle: bundle, head: definition.name).evaluate(data.test, metric: Accuracy.self)
            .accuracy
    }

    /// Writes the bundle: whole, or not at all.
    /// - Throws: an error that says why the file cannot be written.
    public func save(to file: String) throws { try BundleFile.write(bundle, to: URL(fileURLWithPath: file)) }
}
