import Amalgam
import ArgumentParser
import Foundation

struct RetrieveCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "retrieve",
        abstract: "Find documents for queries, and answers with their sources.",
        discussion: """
            Documents are ranked by the words that they share with a query (--bm25), by the embeddings of the model alone, or \
            by those of a bundle that was trained for retrieval (--bundle). With --reader, a bundle that was trained for question \
            answering reads the best documents, and the surest answer is given with its document.

            Documents are a file of rows with id, text and perhaps title (.jsonl, .json, .csv, .tsv), a text (.txt, .md), which \
            is cut into passages, or a folder with such files. Queries are given with --query, or as lines of --input or of \
            standard input.

            A result is one line of JSON: query, documents (id and score, with --texts also text), and with --reader answer \
            (empty: none), probability, source and start.
            """)

    @Option(
        help: ArgumentHelp(
            "A Hugging Face folder or the name of a fetched model; with --bm25 only for --reader.",
            valueName: "folder or name"))
    var model: String?
    @Option(help: ArgumentHelp("The documents: a file, or a folder of files.", valueName: "path")) var documents: String
    @Option(help: ArgumentHelp("A query; may be given several times.", valueName: "text")) var query: [String] = []
    @Option(help: ArgumentHelp("A file with a query in each line. (default: standard input)", valueName: "file"))
    var input: String?
    @Option(help: ArgumentHelp("A bundle that was trained for retrieval. (default: the bare model)", valueName: "file"))
    var bundle: String?
    @Flag(name: .customLong("bm25"), help: "Rank by words (BM25), without a model.") var words = false
    @Option(help: ArgumentHelp("A bundle that was trained for question answering; it answers.", valueName: "file"))
    var reader: String?
    @Option(help: "Number of documents to list, and to read, for each query.") var top = 5
    @Flag(help: "Write the texts of the documents too.") var texts = false
    @OptionGroup var common: CommonOptions

    func validate() throws {
        if words, bundle != nil { throw ValidationError("--bm25, --bundle: give one of the two") }
        if !query.isEmpty, input != nil { throw ValidationError("--query, --input: give one of the two") }
        if top < 1 { throw ValidationError("--top: found \(top), expected 1 or more") }
        if model == nil, !words || reader != nil {
            throw ValidationError("--model: missing; give the model, or --bm25 without --reader")
        }
    }

    func run() async throws {
        try await guarded {
            let documents = try Documents(contentsOf: URL(fileURLWithPath: documents))
            let model = try self.model.map { try Model(named: $0, threads: common.threads) }
            let reader = try reader.flatMap { path in try model.map { try Self.predictor(path, $0) } }
            let index = try await index(documents, model)
            if !query.isEmpty {
                try await answer(query, index, reader)
            } else {
                try await answerLines(index, reader)
            }
        }
    }

    private func index(_ documents: Documents, _ model: Model?) async throws -> DocumentIndex {
        guard !words, let model else { return DocumentIndex(documents) }
        let predictor = try bundle.map { try Self.predictor($0, model) } ?? Predictor(embedding: model)
        let isSilent = common.quiet
        return try await DocumentIndex(documents, predictor: predictor) { done in
            if !isSilent { Console.error("documents: \(done) of \(documents.count) read") }
        }
    }

    private static func predictor(_ path: String, _ model: Model) throws -> Predictor {
        let predictor = try Predictor(model, AdapterBundle(contentsOf: URL(fileURLWithPath: path)))
        Console.warn(predictor.warnings)
        return predictor
    }

    /// Queries that are searched together.
    private static let portion = 256

    /// One query a line, from a file or standard input.
    private func answerLines(_ index: DocumentIndex, _ reader: Predictor?) async throws {
        if let input {
            let lines = try DocumentIndex.queries(contentsOf: URL(fileURLWithPath: input))
            for start in stride(from: 0, to: lines.count, by: Self.portion) {
                try await answer(Array(lines[start..<min(start + Self.portion, lines.count)]), index, reader)
            }
        } else {
            while let line = readLine() { try await answer([line], index, reader) }
        }
    }

    private func answer(_ queries: [String], _ index: DocumentIndex, _ reader: Predictor?) async throws {
        let queries = queries.filter { !$0.allSatisfy(\.isWhitespace) }
        guard let reader else {
            for (query, ranking) in zip(queries, try await index.search(queries, top: top)) {
                Console.print(json: fields(query, ranking))
            }
            return
        }
        for (query, result) in zip(queries, try await index.answers(to: queries, reader: reader, top: top)) {
            var fields = fields(query, result.documents)
            fields["answer"] = .string(result.answer.text)
            fields["probability"] = .number(result.answer.probability)
            fields["source"] = result.answer.source.map { .string($0.id) } ?? .null
            fields["start"] = result.answer.start.map { .number(Double($0)) } ?? .null
            Console.print(json: fields)
        }
    }

    private func fields(_ query: String, _ ranking: RankingPrediction) -> [String: SettingValue] {
        let hits = ranking.hits.map { hit in
            var fields: [String: SettingValue] = ["id": .string(hit.id), "score": .number(hit.score)]
            if texts { fields["text"] = .string(hit.text) }
            return SettingValue.map(fields)
        }
        return ["query": .string(query), "documents": .list(hits)]
    }
}
