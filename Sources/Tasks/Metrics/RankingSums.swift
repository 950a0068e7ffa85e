import Foundation

/// The sums over queries of what metrics of rankings average.
package struct RankingSums: Statistics, Equatable {
    /// Documents that the metrics with `_at_10` look at.
    package static let cutoff = 10

    package private(set) var queries = 0.0
    package private(set) var recall = 0.0
    package private(set) var reciprocalRank = 0.0
    package private(set) var gain = 0.0
    package private(set) var firstRight = 0.0

    package init(for answers: RankingAnswers) {}

    package mutating func add(_ example: Int, of answers: RankingAnswers, times: Int) {
        let (ranking, relevant, weight) = (answers.predicted[example], answers.gold[example], Double(times))
        queries += weight
        let found = ranking.prefix(Self.cutoff).count { relevant[$0] != nil }
        recall += weight * Double(found) / Double(max(1, relevant.count))
        if let first = ranking.first, relevant[first] != nil { firstRight += weight }
        if let first = ranking.firstIndex(where: { relevant[$0] != nil }) {
            reciprocalRank += weight / Double(first + 1)
        }
        let ideal = Self.gain(relevant.values.sorted(by: >))
        if ideal > 0 { gain += weight * Self.gain(ranking.map { relevant[$0] ?? 0 }) / ideal }
    }

    package mutating func removeAll() { (queries, recall, reciprocalRank, gain, firstRight) = (0, 0, 0, 0, 0) }

    /// Σᵢ gradeᵢ / log₂(i + 1) over the first ten (Järvelin & Kekäläinen 2002, with the linear gain of trec_eval).
    private static func gain(_ grades: [Double]) -> Double {
        grades.prefix(cutoff).enumerated().reduce(0) { $0 + $1.element / log2(Double($1.offset + 2)) }
    }

    /// The mean of a sum; NaN if there are no queries.
    func mean(_ sum: Double) -> Double { queries > 0 ? sum / queries : .nan }
}
