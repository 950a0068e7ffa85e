import Files
import Models
import Numerics
import Tasks

/// The documents that fit each query.
package struct RankingColumn: TargetColumn {
    private let queries: [RetrievalQuery?]
    /// For each collection its place among those that are attached.
    private let firsts: [ObjectIdentifier: Int]
    /// A number for each text that a query is learned with: equal texts have equal ones.
    private let numbers: [String: Int32]

    init(_ examples: [Example]) {
        queries = examples.map(\.retrieval)
        var (firsts, next): ([ObjectIdentifier: Int], Int) = ([:], 0)
        for collection in Self.collections(examples) {
            firsts[ObjectIdentifier(collection)] = next
            next += collection.count
        }
        self.firsts = firsts
        var numbers: [String: Int32] = [:]
        for text in examples.lazy.flatMap(Self.documents) where numbers[text] == nil {
            numbers[text] = Int32(numbers.count)
        }
        self.numbers = numbers
    }

    /// Texts that an example is learned with: first those that fit, at most `mostRelevant`, then at most `mostIrrelevant` others.
    static func documents(_ example: Example) -> [String] {
        guard let query = example.retrieval else { return [] }
        return Array(query.relevant.prefix(mostRelevant) + query.irrelevant.prefix(mostIrrelevant))
    }

    /// More would make the batch long; the others of a list are not learned from.
    private static let (mostRelevant, mostIrrelevant) = (4, 8)

    /// What the examples are answered from, each once.
    static func collections(_ examples: [Example]) -> [DocumentCollection] {
        var seen = Set<ObjectIdentifier>()
        return examples.compactMap { $0.retrieval?.collection }.filter { seen.insert(ObjectIdentifier($0)).inserted }
    }

    /// Only what is learned from has targets: the loss compares a query with the documents of its batch.
    package func targets(
        _ indices: [Int], of examples: EncodedExamples, as head: BatchHead, loss: LossTargets, longest: Int,
        predicts: Bool
    ) -> HeadTargets? {
        guard !predicts else { return nil }
        var (roles, rows): ([HeadTargets.Contrast], [Int]) = ([], [])
        for i in indices {
            guard let query = queries[i] else { preconditionFailure("an example without a query") }
            roles.append(.query)
            for text in query.relevant.prefix(Self.mostRelevant) {
                roles.append(.relevant(document: numbers[text] ?? 0))
            }
            for text in query.irrelevant.prefix(Self.mostIrrelevant) {
                roles.append(.irrelevant(document: numbers[text] ?? 0))
            }
            rows += [Int](repeating: i, count: roles.count - rows.count)
        }
        return HeadTargets(.contrasts(roles), weights: loss.weights(ofRows: rows))
    }

    /// The best documents of each query, best first; none where it has no collection.
    func rankings(_ results: HeadResults) -> [[RankingPrediction.Hit]] {
        var rankings = [[RankingPrediction.Hit]](repeating: [], count: queries.count)
        for (collection, first) in firsts {
            let own = queries.indices.filter { queries[$0]?.collection.map(ObjectIdentifier.init) == collection }
            guard let documents = own.first.flatMap({ queries[$0]?.collection }) else { continue }
            let ranker = DenseRanker(
                documents: results.rows(after: queries.count + first, count: documents.count), width: results.width)
            for i in own {
                rankings[i] = ranker.ranking(Array(results.row(i)), top: Ranking.depth, among: queries[i]?.among).map {
                    RankingPrediction.Hit(
                        id: queries[i]?.id(of: $0.document) ?? "", text: documents.texts[$0.document], score: $0.score,
                        number: $0.document)
                }
            }
        }
        return rankings
    }

    package func answers(_ results: HeadResults) -> HeadAnswers {
        let scored = queries.indices.filter { queries[$0]?.isScored ?? false }
        let rankings = rankings(results)
        return HeadAnswers(
            RankingAnswers(
                predicted: scored.map { rankings[$0].map(\.number) }, gold: scored.map { queries[$0]?.gold ?? [:] }),
            scored: scored)
    }

    package var strata: [Int?] { queries.map { $0.map { $0.isScored ? 0 : nil } ?? nil } }

    package func hash(into digest: inout Digest.Incremental) {
        for query in queries { (query?.canonicalBytes ?? []).withUnsafeBytes { digest.update($0) } }
    }
}
