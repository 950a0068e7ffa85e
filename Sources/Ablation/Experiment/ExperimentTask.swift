import Files
import Foundation
import Tasks
import Training

/// A task as an experiment uses it: its rows, limits applied, with what is computed of them once.
package final class ExperimentTask {
    package let data: TaskData
    private var digests: [Split: String] = [:]
    private var encodings: [Count: (tokens: Int, seconds: Double)] = [:]

    private struct Count: Hashable {
        var split: Split
        var session: ObjectIdentifier
        var maxLength: Int
    }

    package init(_ data: TaskData) { self.data = data }

    package var name: String { data.definition.name }

    /// The task's own metric.
    package var metric: any Metric.Type { Metrics.standard[data.definition.metric] ?? Accuracy.self }

    /// Groups of the test rows that are scored; nil: a row by itself.
    package var testGroups: [String?] { data.test.filter(\.isScored).map(\.group) }

    /// SHA-256 of a split's rows and labels.
    package func digest(_ split: Split) -> String {
        if let known = digests[split] { return known }
        let bytes = CanonicalData.bytes(of: data[split], labels: data.labels)
        let digest = bytes.withUnsafeBytes { Digest.sha256($0) }
        digests[split] = digest
        return digest
    }

    /// Tokens of a split's texts, truncated.
    package func tokens(_ split: Split, in session: Session, maxLength: Int) throws -> Int {
        try encoding(split, in: session, maxLength: maxLength).tokens
    }

    /// The same, with the seconds in which the texts became tokens.
    func encoding(_ split: Split, in session: Session, maxLength: Int) throws -> (tokens: Int, seconds: Double) {
        let count = Count(split: split, session: ObjectIdentifier(session), maxLength: maxLength)
        if let known = encodings[count] { return known }
        let started = Date()
        let tokens = try session.encode(data[split], of: data, maxLength: maxLength, trains: split == .train).tokens
        let encoding = (tokens, Date().timeIntervalSince(started))
        encodings[count] = encoding
        return encoding
    }

    /// All of the task that shapes a training on it.
    var trainingFields: ConfigurationValue {
        .map([
            "name": .string(name), "kind": .string(data.definition.kind), "metric": .string(data.definition.metric),
            "train": .string(digest(.train)), "dev": .string(digest(.dev)),
        ])
    }
}
