/// Clusters of mentions for each document.
package struct ClusterAnswers: Answers, Equatable {
    package static let form = "clusters"

    package var predicted: [[Cluster]]
    package var gold: [[Cluster]]

    package var count: Int { gold.count }

    package init(predicted: [[Cluster]], gold: [[Cluster]]) {
        precondition(predicted.count == gold.count, "\(predicted.count) predictions for \(gold.count) examples")
        self.predicted = predicted
        self.gold = gold
    }

    /// The answers to those examples whose clusters are known.
    package init(predicted: [[Cluster]], of gold: [ClusteredTokens?]) {
        precondition(predicted.count == gold.count, "\(predicted.count) predictions for \(gold.count) examples")
        let pairs = zip(predicted, gold).compactMap { p, g in g?.clusters.map { (p, $0) } }
        self.init(predicted: pairs.map { $0.0 }, gold: pairs.map { $0.1 })
    }

    package var bytes: [UInt8] {
        var bytes: [UInt8] = []
        CanonicalData.append(count, to: &bytes)
        for clusters in zip(predicted, gold).flatMap({ [$0, $1] }) { CanonicalData.append(clusters, to: &bytes) }
        return bytes
    }

    package init?(bytes: [UInt8]) {
        var reader = ByteReader(bytes)
        func mention(_ reader: inout ByteReader) -> Mention? {
            reader.integer().flatMap { first in reader.integer().map { Mention(first, $0) } }
        }
        func clusters(_ reader: inout ByteReader) -> [Cluster]? { reader.list { $0.list(mention) } }
        guard
            let pairs = reader.list({ reader in
                clusters(&reader).flatMap { p in clusters(&reader).map { (predicted: p, gold: $0) } }
            }), reader.isAtEnd
        else { return nil }
        self.init(predicted: pairs.map(\.predicted), gold: pairs.map(\.gold))
    }
}

extension CanonicalData {
    static func append(_ clusters: [Cluster], to bytes: inout [UInt8]) {
        append(clusters.count, to: &bytes)
        for cluster in clusters {
            append(cluster.count, to: &bytes)
            for mention in cluster {
                append(mention.first, to: &bytes)
                append(mention.last, to: &bytes)
            }
        }
    }
}
