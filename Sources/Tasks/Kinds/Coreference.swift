import Files

/// The words of a document, and clusters of mentions that refer to the same thing.
///
/// A mention is `[first, last]`, the places of its first and its last word in the document from 0, both inclusive, as in the
/// JSON Lines that the CoNLL-2012 data is usually converted to (`sentences`, `clusters`). Words are one list, `tokens`, or a list
/// for each sentence, `sentences`; no mention is in two sentences.
package enum Coreference: TaskKind {
    package static let name = "coreference"
    package static let head = "coreference"
    package static let inputs = ["tokens"]
    package static let targets = ["clusters"]
    package static let forms = [["tokens", "clusters"], ["sentences", "clusters"]]
    package static let metrics = [
        CoNLLF1.name, MUCF1.name, BCubedF1.name, EntityCEAF.name, MentionCEAF.name,
    ]
    package static let baselines = Baselines(constant: KnownMentions.self, classic: RepeatedMentions.self)
    package static let minimumLabels = 0
    /// Longer documents are read in windows, whose mentions may still be linked.
    package static let maxLength = 384
    package static let rowsAreDocuments = true

    private static let expected =
        "a list of clusters, each a list of mentions such as [0, 2], the places of the first and the last word from 0"

    package static func labels(in row: FieldRow) throws(TaskError) -> [String] { [] }

    package static func example(
        from row: FieldRow, id: Int, labels: LabelIndex, needsTarget: Bool
    ) throws(TaskError) -> Example {
        var payload = try ClusteredTokens(sentences: sentences(in: row, needsTarget: needsTarget))
        if needsTarget || row.value("clusters") != nil {
            let found = try clusters(in: row, payload)
            (payload.clusters, payload.doubt) = merged(found)
        }
        return Example(id: id, words: payload.tokens, unknown: [:], line: row.line, payload: payload)
    }

    private static func sentences(in row: FieldRow, needsTarget: Bool) throws(TaskError) -> [[String]] {
        guard row.value("tokens") == nil else { return [try row.texts("tokens")] }
        if let value = row.value("sentences") {
            var sentences: [[String]] = []
            for item in list(value) ?? [value] {
                guard let words = WordList.words(item) else {
                    throw row.wrongType(
                        "sentences", found: list(value) == nil ? value.typeName : "a list with \(WordList.found(item))",
                        expected: "a list of sentences, each a list of strings")
                }
                sentences.append(words)
            }
            return sentences
        }
        // Plain text is split at white space
        if !needsTarget, row.value("text") != nil { return [try row.texts("text")] }
        return [try row.texts("tokens")]
    }

    private static func list(_ value: FieldValue) -> [FieldValue]? {
        switch value {
        case .list(let items): items
        case .string(let text): WordList.list(text)
        default: nil
        }
    }

    private static func clusters(in row: FieldRow, _ tokens: ClusteredTokens) throws(TaskError) -> [Cluster] {
        let value = try row.required("clusters")
        if value == .string("") {
            throw .emptyLabel(file: row.file, line: row.line, column: row.column("clusters"))
        }
        guard let items = list(value) else { throw row.wrongType("clusters", value, expected: expected) }
        let sentences = tokens.sentenceOfWord
        var clusters: [Cluster] = []
        for item in items {
            guard case .list(let mentions) = item else {
                throw row.wrongType("clusters", found: "a list with \(item.typeName)", expected: expected)
            }
            var cluster: Cluster = []
            for mention in mentions {
                let read = try self.mention(mention, in: row, words: tokens.tokens.count)
                guard sentences[read.first] == sentences[read.last] else {
                    throw row.wrongType(
                        "clusters", found: "a list with [\(read.first), \(read.last)], which is in two sentences",
                        expected: "mentions within a sentence")
                }
                cluster.append(read)
            }
            if !cluster.isEmpty { clusters.append(cluster) }
        }
        return clusters
    }

    private static func mention(
        _ value: FieldValue, in row: FieldRow, words: Int
    ) throws(TaskError) -> Mention {
        guard case .list(let places) = value, places.count == 2, case .integer(let first) = places[0],
            case .integer(let last) = places[1]
        else { throw row.wrongType("clusters", found: "a cluster with \(value.typeName)", expected: expected) }
        guard first >= 0, first <= last, last < words else {
            throw row.wrongType(
                "clusters", found: "a list with [\(first), \(last)]",
                expected: words == 0
                    ? "no mention where there is no word"
                    : "the first and the last word of a mention, from 0 to \(words - 1)")
        }
        return Mention(first, last)
    }

    /// Clusters that share a mention are one, and a mention counts once; OntoNotes has a few such.
    private static func merged(_ clusters: [Cluster]) -> (clusters: [Cluster], doubt: String?) {
        var owner: [Mention: Int] = [:]
        var target = Array(clusters.indices)
        func root(_ i: Int) -> Int {
            var i = i
            while target[i] != i { i = target[i] }
            return i
        }
        var shared: Mention?
        for (number, cluster) in clusters.enumerated() {
            for mention in cluster {
                if let other = owner[mention], root(other) != root(number) {
                    shared = shared ?? mention
                    target[root(number)] = root(other)
                }
                owner[mention] = owner[mention] ?? number
            }
        }
        var merged = [Set<Mention>](repeating: [], count: clusters.count)
        for (number, cluster) in clusters.enumerated() { merged[root(number)].formUnion(cluster) }
        return (
            merged.map { $0.sorted() }.ordered,
            shared.map { "[\($0.first), \($0.last)] is in two clusters, which are read as one" }
        )
    }
}

/// The words of a document, with clusters of mentions.
package struct ClusteredTokens: ExamplePayload, Equatable {
    package var tokens: [String]
    /// Words of each sentence.
    package var sentences: [Int]
    /// In the order of `[Cluster].ordered`, each mention once; nil if the row has none.
    package var clusters: [Cluster]?
    package var doubt: String?

    /// - Parameter sentences: the words of each
    package init(sentences: [[String]], clusters: [Cluster]? = nil) {
        tokens = sentences.flatMap { $0 }
        self.sentences = sentences.map(\.count)
        self.clusters = clusters
    }

    /// The number of each word's sentence.
    package var sentenceOfWord: [Int] {
        sentences.enumerated().flatMap { [Int](repeating: $0.offset, count: $0.element) }
    }

    package var isScored: Bool { clusters != nil }
    package var hasKnownAnswer: Bool { clusters != nil }
    package var words: [String]? { tokens }
    package var ownText: String? { tokens.joined(separator: " ") }

    package func mapTexts(_ change: (String) -> String) -> (any ExamplePayload)? {
        var changed = self
        changed.tokens = tokens.map(change)
        return changed
    }

    package var canonicalBytes: [UInt8] {
        var bytes: [UInt8] = []
        CanonicalData.append(tokens.count, to: &bytes)
        for token in tokens { CanonicalData.append(token, to: &bytes) }
        CanonicalData.append(sentences.count, to: &bytes)
        for count in sentences { CanonicalData.append(count, to: &bytes) }
        CanonicalData.append(clusters == nil ? 0 : 1, to: &bytes)
        CanonicalData.append(clusters ?? [], to: &bytes)
        return bytes
    }
}

extension Example {
    /// The words and the clusters of an example of coreference.
    package var clustered: ClusteredTokens? { payload as? ClusteredTokens }
}
