import Foundation

/// Texts as weighted counts of their words and word sequences, as scikit-learn's `TfidfVectorizer` makes them.
///
/// x[t] = (1 + ln n[t]) · (ln((1 + N) / (1 + d[t])) + 1), then scaled to length 1; n[t] counts term t in the text, d[t]
/// the training texts with it, N the training texts. Without `sublinear`, n[t] stands in the place of 1 + ln n[t].
package struct TFIDFVectorizer: Sendable {
    package struct Options: Equatable, Sendable {
        package var lowercase = true
        /// Lengths of the word sequences that count as terms (`ngram_range`).
        package var ngrams: ClosedRange<Int> = 1...2
        /// Terms in fewer training texts are dropped (`min_df`).
        package var minimumTexts = 1
        /// 1 + ln n in the place of n (`sublinear_tf`).
        package var sublinear = true

        package init() {}
    }

    package let options: Options
    /// Weight of each term, by column.
    package private(set) var idf: [Double] = []
    private var words: [[UInt8]: Int32] = [:]
    private var terms: [[Int32]: Int32] = [:]

    package var columns: Int { idf.count }

    /// Learns terms and weights from training texts. Columns are numbered by first appearance.
    package init(fitting texts: [String], options: Options = Options()) {
        self.options = options
        var textCounts: [Int] = []
        // The text in which a term was last seen, so that each text counts once.
        var lastText: [Int] = []
        for (textNumber, text) in texts.enumerated() {
            let known = WordTokens.words(in: text, lowercase: options.lowercase).map { number(of: $0) }
            Self.forEachNGram(known, lengths: options.ngrams) { ngram in
                let term: Int
                if let column = terms[ngram] {
                    term = Int(column)
                } else {
                    term = textCounts.count
                    terms[ngram] = Int32(term)
                    textCounts.append(0)
                    lastText.append(-1)
                }
                if lastText[term] != textNumber {
                    lastText[term] = textNumber
                    textCounts[term] += 1
                }
            }
        }
        // Drop the rare terms; the others move up and keep their order.
        var columns = [Int32](repeating: -1, count: textCounts.count)
        for (term, count) in textCounts.enumerated() where count >= options.minimumTexts {
            columns[term] = Int32(idf.count)
            idf.append(log(Double(1 + texts.count) / Double(1 + count)) + 1)
        }
        terms = terms.compactMapValues { columns[Int($0)] < 0 ? nil : columns[Int($0)] }
    }

    /// Texts as rows of length 1; a text without known terms is an empty row.
    /// - Returns: [texts, columns]
    package func transform(_ texts: [String]) -> SparseRows {
        var matrix = SparseRows(columns: columns)
        for text in texts {
            // A word that training did not have gets a number that no term contains.
            let known = WordTokens.words(in: text, lowercase: options.lowercase).map { words[$0] ?? -1 }
            var counts: [Int32: Int] = [:]
            Self.forEachNGram(known, lengths: options.ngrams) { ngram in
                if let column = terms[ngram] { counts[column, default: 0] += 1 }
            }
            // Sorted: sums over a row must not depend on the dictionary's order.
            var row: [(column: Int32, value: Double)] = []
            var squares = 0.0
            for (column, count) in counts.sorted(by: { $0.key < $1.key }) {
                let frequency = options.sublinear ? 1 + log(Double(count)) : Double(count)
                let value = frequency * idf[Int(column)]
                squares += value * value
                row.append((column, value))
            }
            let length = squares.squareRoot()
            matrix.append(row.map { ($0.column, $0.value / length) })
        }
        return matrix
    }

    /// The column of a term, its words separated by blanks; nil if it is unknown.
    package func column(of term: String) -> Int? {
        let numbers = term.split(separator: " ").map { words[Array($0.utf8)] ?? -1 }
        return terms[numbers].map { Int($0) }
    }

    private mutating func number(of word: [UInt8]) -> Int32 {
        if let number = words[word] { return number }
        let number = Int32(words.count)
        words[word] = number
        return number
    }

    // Static: as a method it would hold a copy of the dictionaries that `body` changes.
    private static func forEachNGram(_ words: [Int32], lengths: ClosedRange<Int>, _ body: ([Int32]) -> Void) {
        for length in lengths where length >= 1 && length <= words.count {
            for start in 0...(words.count - length) { body(Array(words[start..<(start + length)])) }
        }
    }
}
