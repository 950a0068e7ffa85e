/// A query with the documents that fit it.
package struct RetrievalQuery: ExamplePayload, Equatable {
    /// What is asked: a query, or a mention.
    package var query: String
    /// The text around a mention; nil: the query stands for itself.
    package var context: String?
    /// Texts of documents that fit.
    package var relevant: [String]
    /// Names of documents that fit, with their grades, above 0.
    package var grades: [String: Double]
    /// Texts of documents that do not fit.
    package var irrelevant: [String]
    /// Texts that alone are ranked, with their names; nil: all of the collection.
    package var candidates: [Candidate]?
    /// What is ranked; `TaskKind.gathered` sets it.
    package var collection: DocumentCollection?
    /// Places in the collection of the documents that fit, with their grades.
    package var gold: [Int: Double] = [:]
    /// Places in the collection of the candidates; nil: all documents.
    package var among: [Int]?

    /// A document that a row has itself.
    package struct Candidate: Equatable, Sendable {
        package var id: String
        package var text: String

        package init(id: String, text: String) {
            self.id = id
            self.text = text
        }
    }

    package init(
        query: String, context: String? = nil, relevant: [String] = [], grades: [String: Double] = [:],
        irrelevant: [String] = [], candidates: [Candidate]? = nil
    ) {
        self.query = query
        self.context = context
        self.relevant = relevant
        self.grades = grades
        self.irrelevant = irrelevant
        self.candidates = candidates
    }

    /// The name of a document of the collection: among candidates the one that the row gives.
    package func id(of number: Int) -> String {
        guard let collection else { return "" }
        return candidates?.first { $0.text == collection.texts[number] }?.id ?? collection.ids[number]
    }

    package var isScored: Bool { !gold.isEmpty }
    package var hasKnownAnswer: Bool { !relevant.isEmpty || !grades.isEmpty || !gold.isEmpty }
    package var ownText: String? { context == nil ? query : nil }
    package var otherTexts: [String] { relevant + irrelevant }

    package func mapTexts(_ change: (String) -> String) -> (any ExamplePayload)? {
        var changed = self
        changed.query = change(query)
        changed.context = context.map(change)
        return changed
    }

    package var canonicalBytes: [UInt8] {
        var bytes: [UInt8] = []
        CanonicalData.append(query, to: &bytes)
        CanonicalData.append(context, to: &bytes)
        for texts in [relevant, irrelevant] {
            CanonicalData.append(texts.count, to: &bytes)
            for text in texts { CanonicalData.append(text, to: &bytes) }
        }
        CanonicalData.append(grades.count, to: &bytes)
        for (id, grade) in grades.sorted(by: { $0.key < $1.key }) {
            CanonicalData.append(id, to: &bytes)
            CanonicalData.append(grade, to: &bytes)
        }
        CanonicalData.append(candidates?.count ?? -1, to: &bytes)
        for candidate in candidates ?? [] {
            CanonicalData.append(candidate.id, to: &bytes)
            CanonicalData.append(candidate.text, to: &bytes)
        }
        return bytes + (collection?.digest ?? [])
    }

    package static func == (a: RetrievalQuery, b: RetrievalQuery) -> Bool { a.canonicalBytes == b.canonicalBytes }
}

extension Example {
    /// The query of an example of a task that ranks documents.
    package var retrieval: RetrievalQuery? { payload as? RetrievalQuery }
}

/// A query of a row that cannot be ranked.
struct QueryFault: Error {
    let line: Int
    let element: Int?
    /// The document that the collection does not have; nil: there is no collection.
    let missing: String?
}

extension [Example] {
    /// Queries of which each brings its own candidates, with the collection of them all.
    package var withCandidates: [Example] { (try? gathered(nil)) ?? self }

    /// The same, with a fault told as one of the field that names documents.
    /// - Parameters:
    ///   - lacking, expected: what is said where names are given and there are no documents
    func gathered(
        _ documents: DocumentCollection?, file: String, field: String, columns: [String: String], lacking: String,
        expected: String
    ) throws(TaskError) -> [Example] {
        do throws(QueryFault) {
            return try gathered(documents)
        } catch {
            throw .wrongType(
                file: error.element.map { "\(file)[\($0)]" } ?? file, line: error.line, column: columns[field] ?? field,
                found: error.missing.map { "'\(shown($0))'" } ?? "set, \(lacking)",
                expected: error.missing == nil ? expected : "the name of one of the task's documents")
        }
    }

    /// Queries with the collection that they are answered from: the documents, and the texts of the examples that are not
    /// among them.
    func gathered(_ documents: DocumentCollection?) throws(QueryFault) -> [Example] {
        var (ids, texts) = (documents?.ids ?? [], documents?.texts ?? [])
        var numbers: [String: Int] = [:]
        for (number, text) in texts.enumerated() where numbers[text] == nil { numbers[text] = number }
        var taken = Set(ids)
        /// Names that texts without one get.
        var next = ids.count
        func add(_ text: String, id: String?) {
            guard numbers[text] == nil else { return }
            numbers[text] = texts.count
            texts.append(text)
            var name = id ?? ""
            while name.isEmpty || !taken.insert(name).inserted {
                next += 1
                name = id.map { "\($0)-\(next)" } ?? "\(next)"
            }
            ids.append(name)
        }
        for query in compactMap(\.retrieval) {
            for candidate in query.candidates ?? [] { add(candidate.text, id: candidate.id) }
            for text in query.relevant + query.irrelevant { add(text, id: nil) }
        }
        let collection =
            texts.count == documents?.count
            ? documents : texts.isEmpty ? nil : DocumentCollection(ids: ids, texts: texts)
        var examples = self
        for i in indices {
            guard var query = self[i].retrieval else { continue }
            query.collection = collection
            var seen = Set<Int>()
            query.among = query.candidates.map {
                $0.compactMap { numbers[$0.text] }.filter { seen.insert($0).inserted }
            }
            for text in query.relevant { if let number = numbers[text] { query.gold[number] = 1 } }
            for (id, grade) in query.grades {
                guard let number = documents?.number(of: id) else {
                    throw QueryFault(
                        line: self[i].line, element: self[i].element, missing: documents == nil ? nil : id)
                }
                query.gold[number] = grade
            }
            if let documents, query.relevant.isEmpty {
                query.relevant = query.grades.keys.sorted().compactMap { id in
                    documents.number(of: id).map { documents.texts[$0] }
                }
            }
            examples[i].payload = query
        }
        return examples
    }
}
