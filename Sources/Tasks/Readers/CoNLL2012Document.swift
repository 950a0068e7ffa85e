import Files

/// A document of CoNLL-2012 on its way into a row: its sentences, and the mentions that the brackets of the last column open and
/// close.
///
/// A cell is `-`, or parts between `|`: `(12` opens a mention of cluster 12, `12)` closes the one that was opened last, and
/// `(12)` is a mention of one word. A mention ends in its sentence.
struct CoNLL2012Document {
    private let file: String
    private(set) var name: String?
    private var line = 0
    private var sentences: [FieldValue] = []
    private var words = 0
    /// By the numbers of clusters, in the order in which they open.
    private var mentions: [(number: Int, first: Int, last: Int)] = []

    init(file: String) { self.file = file }

    /// nil: there is no sentence.
    var row: Row? {
        guard let name else { return nil }
        var order: [Int: Int] = [:]
        var clusters: [[FieldValue]] = []
        for mention in mentions {
            if order[mention.number] == nil {
                order[mention.number] = clusters.count
                clusters.append([])
            }
            clusters[order[mention.number] ?? 0].append(.list([.integer(mention.first), .integer(mention.last)]))
        }
        return Row(
            line: line,
            values: [
                "sentences": .list(sentences), "clusters": .list(clusters.map { .list($0) }),
                "document": .string(name),
            ])
    }

    /// - Parameter sentence: lines of words
    mutating func append(_ sentence: [SentenceLines.Line], name: String) throws(TaskError) {
        if self.name == nil { (self.name, line) = (name, sentence[0].number) }
        /// First words of mentions that are open, by the number of the cluster.
        var open: [Int: [(first: Int, line: SentenceLines.Line)]] = [:]
        for (place, word) in sentence.enumerated() {
            let cell = word.cells[word.cells.count - 1]
            if ["-", "_", "*"].contains(cell) { continue }
            for part in cell.utf8.split(separator: UInt8(ascii: "|"), omittingEmptySubsequences: false) {
                let (opens, closes) = (part.first == UInt8(ascii: "("), part.last == UInt8(ascii: ")"))
                let digits = part.dropFirst(opens ? 1 : 0).dropLast(closes ? 1 : 0)
                guard opens || closes, let number = Int(Substring(digits)), number >= 0 else {
                    throw fault(word, "expected -, or parts such as (12, 12) and (12) with | between them")
                }
                if opens { open[number, default: []].append((words + place, word)) }
                guard closes else { continue }
                guard let first = open[number]?.popLast()?.first else {
                    throw fault(word, "expected (\(number) before it in its sentence")
                }
                mentions.append((number, first, words + place))
            }
        }
        if let left = open.values.compactMap(\.last).min(by: { $0.line.number < $1.line.number }) {
            throw fault(left.line, "expected its end in the same sentence")
        }
        words += sentence.count
        sentences.append(.list(sentence.map { .string(String($0.cells[CoNLL2012Reader.wordColumn])) }))
    }

    private func fault(_ word: SentenceLines.Line, _ fix: String) -> TaskError {
        .malformed(
            file: file, line: word.number,
            problem: "the coreference is '\(shown(String(word.cells[word.cells.count - 1])))'", fix: fix)
    }
}
