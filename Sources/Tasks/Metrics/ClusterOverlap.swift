/// What a metric of coreference counts in some documents: parts that are right of those that are predicted, and of those that
/// are true.
package struct ClusterSums: Equatable, Sendable {
    package var precise = 0.0
    package var predicted = 0.0
    package var recalled = 0.0
    package var gold = 0.0

    package var precision: Double { predicted > 0 ? precise / predicted : 0 }
    package var recall: Double { gold > 0 ? recalled / gold : 0 }

    /// 2 P R / (P + R); NaN where nothing is predicted and nothing is true.
    package var f1: Double {
        guard predicted > 0 || gold > 0 else { return .nan }
        return precision + recall > 0 ? 2 * precision * recall / (precision + recall) : 0
    }

    static func += (sum: inout ClusterSums, part: (sums: ClusterSums, times: Int)) {
        let times = Double(part.times)
        sum.precise += times * part.sums.precise
        sum.predicted += times * part.sums.predicted
        sum.recalled += times * part.sums.recalled
        sum.gold += times * part.sums.gold
    }
}

/// The true and the predicted clusters of one document, and how many mentions each two share. The metrics follow Pradhan et al.
/// (2014), "Scoring Coreference Partitions of Predicted Mentions", and its reference scorer: mentions that only one side has
/// count as wrong, and clusters of one mention count like others.
struct ClusterOverlap {
    private let goldSizes: [Int]
    private let predictedSizes: [Int]
    /// [gold][predicted]
    private let shared: [[Int]]

    /// - Note: a mention that is in several clusters of a side counts for the last.
    init(predicted: [Cluster], gold: [Cluster]) {
        func clusterOf(_ clusters: [Cluster]) -> [Mention: Int] {
            clusters.enumerated().reduce(into: [:]) { all, each in
                for mention in each.element { all[mention] = each.offset }
            }
        }
        let (p, g) = (clusterOf(predicted), clusterOf(gold))
        func sizes(_ clusters: [Mention: Int], _ count: Int) -> [Int] {
            clusters.values.reduce(into: [Int](repeating: 0, count: count)) { $0[$1] += 1 }
        }
        goldSizes = sizes(g, gold.count)
        predictedSizes = sizes(p, predicted.count)
        var shared = [[Int]](repeating: [Int](repeating: 0, count: predicted.count), count: gold.count)
        for (mention, cluster) in g { if let other = p[mention] { shared[cluster][other] += 1 } }
        self.shared = shared
    }

    /// For each cluster of a side its size, and what it shares with each of the other side where that is any.
    private func parts(ofGold: Bool) -> [(size: Int, shared: [Int])] {
        ofGold
            ? goldSizes.indices.map { (goldSizes[$0], shared[$0].filter { $0 > 0 }) }
            : predictedSizes.indices.map { p in (predictedSizes[p], shared.map { $0[p] }.filter { $0 > 0 }) }
    }

    private func sums(_ parts: (_ size: Int, _ shared: [Int]) -> (right: Double, all: Double)) -> ClusterSums {
        var sums = ClusterSums()
        for (size, shared) in self.parts(ofGold: false) where size > 0 {
            let (right, all) = parts(size, shared)
            sums.precise += right
            sums.predicted += all
        }
        for (size, shared) in self.parts(ofGold: true) where size > 0 {
            let (right, all) = parts(size, shared)
            sums.recalled += right
            sums.gold += all
        }
        return sums
    }

    /// Links: of a cluster of n mentions n − 1, less those that are missing where the other side has it in several parts, mentions
    /// that it does not have being a part each (Vilain et al. 1995).
    var muc: ClusterSums {
        sums { size, shared in
            let parts = shared.count + size - shared.reduce(0, +)
            return (Double(size - parts), Double(size - 1))
        }
    }

    /// Mentions, each by the share of its cluster that the other side has together with it (Bagga and Baldwin 1998).
    var bCubed: ClusterSums {
        sums { size, shared in (Double(shared.reduce(0) { $0 + $1 * $1 }) / Double(size), Double(size)) }
    }

    /// Mentions that both sides have.
    var mentions: ClusterSums { sums { size, shared in (Double(shared.reduce(0, +)), Double(size)) } }

    /// CEAF by mentions, φ₃: those that aligned clusters share (Luo 2005).
    var ceafMentions: ClusterSums {
        ceaf(of: { Double($0) }) { shared, _, _ in Double(shared) }
    }

    /// CEAF by entities, φ₄: for aligned clusters twice what they share over the sum of their sizes (Luo 2005).
    var ceafEntities: ClusterSums {
        ceaf(of: { _ in 1 }) { shared, gold, predicted in Double(2 * shared) / Double(gold + predicted) }
    }

    /// The similarity of the best alignment of true and predicted clusters.
    /// - Parameter own: of a cluster with itself
    private func ceaf(
        of own: (_ size: Int) -> Double, _ similarity: (_ shared: Int, _ gold: Int, _ predicted: Int) -> Double
    ) -> ClusterSums {
        let gains = shared.enumerated().map { g, row in
            row.enumerated().map { p, shared in
                shared == 0 ? 0 : similarity(shared, goldSizes[g], predictedSizes[p])
            }
        }
        let right = Assignment.best(gains).enumerated().reduce(0) { sum, pair in
            sum + (pair.element.map { gains[pair.offset][$0] } ?? 0)
        }
        func all(_ sizes: [Int]) -> Double { sizes.reduce(0) { $0 + ($1 > 0 ? own($1) : 0) } }
        return ClusterSums(precise: right, predicted: all(predictedSizes), recalled: right, gold: all(goldSizes))
    }
}
