/// A ranking of documents for each query.
package struct RankingAnswers: Answers, Equatable {
    package static let form = "rankings"

    /// For each query the documents' numbers, best first, each once.
    package var predicted: [[Int]]
    /// For each query the relevant documents' numbers with their grades, above 0; at least one.
    package var gold: [[Int: Double]]

    package var count: Int { gold.count }

    /// - Parameters:
    ///   - predicted: for each query, best first; documents that are not ranked count as not found
    ///   - gold: as many; a query without a relevant document cannot be scored and does not belong here
    package init(predicted: [[Int]], gold: [[Int: Double]]) {
        precondition(predicted.count == gold.count, "\(predicted.count) rankings for \(gold.count) queries")
        self.predicted = predicted
        self.gold = gold
    }

    package var bytes: [UInt8] {
        var bytes: [UInt8] = []
        CanonicalData.append(count, to: &bytes)
        for (ranking, relevant) in zip(predicted, gold) {
            CanonicalData.append(ranking.count, to: &bytes)
            for document in ranking { CanonicalData.append(document, to: &bytes) }
            CanonicalData.append(relevant.count, to: &bytes)
            for (document, grade) in relevant.sorted(by: { $0.key < $1.key }) {
                CanonicalData.append(document, to: &bytes)
                CanonicalData.append(grade, to: &bytes)
            }
        }
        return bytes
    }

    package init?(bytes: [UInt8]) {
        var reader = ByteReader(bytes)
        func query(_ reader: inout ByteReader) -> (ranking: [Int], relevant: [Int: Double])? {
            guard let ranking = reader.list({ $0.integer() }), Set(ranking).count == ranking.count,
                let grades = reader.list({ reader in
                    reader.integer().flatMap { document in reader.real().map { (document, $0) } }
                }), !grades.isEmpty, grades.allSatisfy({ $0.1 > 0 && $0.1.isFinite }),
                zip(grades, grades.dropFirst()).allSatisfy({ $0.0 < $1.0 })
            else { return nil }
            return (ranking, Dictionary(grades) { first, _ in first })
        }
        guard let queries = reader.list(query), reader.isAtEnd else { return nil }
        self.init(predicted: queries.map(\.ranking), gold: queries.map(\.relevant))
    }
}
