import Bundles
import Models
import Tasks

extension Predictor {
    /// Queries as rows of length 1, by a head that ranks.
    package func embeddings(ofQueries texts: [String]) -> [[Float]] {
        let results = results(
            encoded(texts.enumerated().map { Example(id: $0, text: $1, payload: RetrievalQuery(query: $1)) }))
        return texts.indices.map { Array(results.row($0)) }
    }

    /// [documents, width]: documents as rows of length 1, by a head that ranks.
    package func embeddings(ofDocuments texts: [String]) -> [Float] {
        results(encoded(texts.enumerated().map { Example(id: $0, text: $1) })).rows(after: 0, count: texts.count)
    }
}

extension Session {
    /// The model with a head that ranks documents, and no adapters: nothing is trained.
    package func bareRanking() throws -> AdapterBundle {
        let pooling = (try? model.pooling()) ?? .mean
        let head = RankingHead(
            HeadRequest(pooling: pooling, textPrefix: model.textPrefix, hidden: model.configuration.hidden))
        var bundle = AdapterBundle(
            name: model.name, base: base,
            heads: [NamedHead("retrieval", head, task: HeadTask(name: "retrieval", kind: Retrieval.name))])
        bundle.provenance.settings = "{\"max_length\":\(Retrieval.maxLength)}"
        return bundle
    }
}
