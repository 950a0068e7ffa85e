import Foundation
import Tasks
import Training

/// Documents that are ready to be searched: by their words (BM25), or by the cosine of their embeddings with a query's.
public struct DocumentIndex: Sendable {
    private enum Method: Sendable {
        case words(BM25Index)
        case dense(DenseRanker, PredictionWorker)
    }

    private let method: Method
    private let collection: DocumentCollection

    /// An index of words: no model is needed.
    public init(_ documents: Documents) {
        collection = documents.collection
        method = .words(BM25Index(documents.collection.texts))
    }

    /// An index of embeddings: every document is read once.
    /// - Parameters:
    ///   - documents: What is searched.
    ///   - predictor: Of a head that ranks documents, or ``Predictor/init(embedding:options:)``.
    ///   - progress: Gets the number of documents that were read.
    /// - Throws: ``AmalgamError/Kind/head`` for another head; `CancellationError`.
    public init(
        _ documents: Documents, predictor: Predictor, progress: @escaping @Sendable (Int) -> Void = { _ in }
    ) async throws {
        collection = documents.collection
        let worker = predictor.worker
        try worker.checkForm("rankings")
        var rows: [Float] = []
        let texts = documents.collection.texts
        for start in stride(from: 0, to: texts.count, by: Self.portion) {
            let part = Array(texts[start..<min(start + Self.portion, texts.count)])
            rows += try await Background.run(on: worker.queue) { worker.predictor.embeddings(ofDocuments: part) }
            progress(start + part.count)
        }
        method = .dense(DenseRanker(documents: rows, width: rows.count / max(1, texts.count)), worker)
    }

    /// Documents that are read together; between two portions a call can be cancelled.
    private static let portion = 512

    /// Finds the best documents for each query.
    /// - Parameters:
    ///   - queries: Of any number.
    ///   - top: How many documents to find for each.
    /// - Returns: The documents of each query, best first; of equal ones the first. By words, documents without a word of the query
    ///   are not found.
    /// - Throws: `CancellationError`.
    public func search(_ queries: [String], top: Int = 10) async throws -> [RankingPrediction] {
        switch method {
        case .words(let index):
            return try await Background.run { [collection] in
                queries.map { query in
                    RankingPrediction(
                        index.ranking(query, top: top).filter { $0.score > 0 }.map {
                            Self.hit(collection, $0.document, $0.score)
                        })
                }
            }
        case .dense(let ranker, let worker):
            return try await Background.run(on: worker.queue) { [collection] in
                worker.predictor.embeddings(ofQueries: queries).map { query in
                    RankingPrediction(
                        ranker.ranking(query, top: top).map { Self.hit(collection, $0.document, Double($0.score)) })
                }
            }
        }
    }

    /// Reads queries: the lines of a text file, UTF-8 and possibly compressed (.gz), without empty ones.
    /// - Throws: ``AmalgamError``, naming the file and the line.
    public static func queries(contentsOf file: URL) throws(AmalgamError) -> [String] {
        try translated { try Tasks.TextCorpus.lines(file) }
    }

    private static func hit(_ collection: DocumentCollection, _ number: Int, _ score: Double) -> RankingPrediction.Hit {
        RankingPrediction.Hit(id: collection.ids[number], text: collection.texts[number], score: score)
    }
}

/// An answer with the document that it stands in.
public struct SourcedAnswer: Sendable, Equatable {
    /// The answer; empty: none of the documents has one.
    public let text: String
    /// Where it begins in the document, in Unicode code points; nil: there is none.
    public let start: Int?
    /// How sure it is: the reader's probability times the document's share among those that were read; 0...1.
    public let probability: Double
    /// The document; nil: there is no answer.
    public let source: RankingPrediction.Hit?
}

extension DocumentIndex {
    /// Answers questions: finds documents, reads the best with a head for question answering, and takes the surest answer.
    ///
    /// An answer's probability is the reader's for it in its document, times the document's share: by embeddings the softmax of the
    /// cosines over 0.05, by words the share of the scores. Lewis et al. 2020 call the product of the two the joint probability.
    /// - Parameters:
    ///   - questions: Of any number.
    ///   - reader: Of a head that answers questions.
    ///   - top: How many documents to read for each question.
    /// - Throws: ``AmalgamError/Kind/head`` for another head; `CancellationError`.
    public func answers(
        to questions: [String], reader: Predictor, top: Int = 5
    ) async throws -> [(answer: SourcedAnswer, documents: RankingPrediction)] {
        let found = try await search(questions, top: top)
        let pairs = zip(questions, found).flatMap { question, ranking in
            ranking.hits.map { (question: question, context: $0.text) }
        }
        var answers = try await reader.answers(to: pairs)[...]
        return found.map { ranking in
            let own = answers.prefix(ranking.hits.count)
            answers = answers.dropFirst(ranking.hits.count)
            return (Self.best(ranking, Array(own), shares: shares(ranking)), ranking)
        }
    }

    private func shares(_ ranking: RankingPrediction) -> [Double] {
        let weights: [Double]
        switch method {
        case .words: weights = ranking.hits.map { max(0, $0.score) }
        case .dense:
            let top = ranking.hits.map(\.score).max() ?? 0
            weights = ranking.hits.map { exp(($0.score - top) / 0.05) }
        }
        let sum = weights.reduce(0, +)
        return weights.map { sum > 0 ? $0 / sum : 0 }
    }

    private static func best(
        _ ranking: RankingPrediction, _ answers: [AnswerPrediction], shares: [Double]
    ) -> SourcedAnswer {
        var best: SourcedAnswer?
        for ((hit, answer), share) in zip(zip(ranking.hits, answers), shares) where !answer.text.isEmpty {
            let probability = Double(answer.answer.probability) * share
            if probability > best?.probability ?? -1 {
                best = SourcedAnswer(
                    text: answer.text, start: answer.answer.start, probability: probability, source: hit)
            }
        }
        return best ?? SourcedAnswer(text: "", start: nil, probability: 0, source: nil)
    }
}
