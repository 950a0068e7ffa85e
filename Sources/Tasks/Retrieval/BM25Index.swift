import Foundation

/// Documents by the words that they share with a query (Robertson & Zaragoza 2009, "The Probabilistic Relevance Framework: BM25
/// and Beyond", in the form of Lucene):
///
///     score(q, d) = Σ_{w ∈ q} ln(1 + (N − n_w + ½) / (n_w + ½)) · f / (f + k₁ (1 − b + b |d| / avg |d|))
///
/// with f the count of w in d, n_w the number of documents that have w, k₁ = 1.2 and b = 0.75. A word that the query has twice
/// counts twice. Words are those of `WordTokens`, lower-case.
package struct BM25Index: Sendable {
    private static let k1 = 1.2
    private static let b = 0.75

    private let columns: [[UInt8]: Int]
    /// Of each word the documents that have it, with its share of the score.
    private let postings: [[(document: Int, weight: Double)]]
    private let count: Int

    package init(_ texts: [String]) {
        var columns: [[UInt8]: Int] = [:]
        var counts: [[(document: Int, count: Int)]] = []
        var lengths: [Int] = []
        for (document, text) in texts.enumerated() {
            let words = WordTokens.words(in: text, lowercase: true)
            lengths.append(words.count)
            for word in words {
                let column = columns[word] ?? counts.count
                if column == counts.count {
                    columns[word] = column
                    counts.append([])
                }
                if counts[column].last?.document == document {
                    counts[column][counts[column].count - 1].count += 1
                } else {
                    counts[column].append((document, 1))
                }
            }
        }
        let mean = max(1e-9, Double(lengths.reduce(0, +)) / Double(max(1, texts.count)))
        postings = counts.map { own in
            let (n, all) = (Double(own.count), Double(texts.count))
            let idf = log(1 + (all - n + 0.5) / (n + 0.5))
            return own.map { document, count in
                let f = Double(count)
                let norm = Self.k1 * (1 - Self.b + Self.b * Double(lengths[document]) / mean)
                return (document, idf * f / (f + norm))
            }
        }
        self.columns = columns
        count = texts.count
    }

    /// The score of each document; 0 for those that share no word with the query.
    package func scores(_ query: String) -> [Double] {
        var scores = [Double](repeating: 0, count: count)
        for word in WordTokens.words(in: query, lowercase: true) {
            guard let column = columns[word] else { continue }
            for (document, weight) in postings[column] { scores[document] += weight }
        }
        return scores
    }

    /// The best documents, best first, of equal ones the first; those without a word of the query come last.
    /// - Parameter among: the documents that are ranked; nil: all.
    package func ranking(_ query: String, top: Int, among: [Int]? = nil) -> [(document: Int, score: Double)] {
        Ranking.best(scores(query), top: top, among: among)
    }
}

/// The best of many scores.
package enum Ranking {
    /// Documents that answers hold of a ranking at most: what stands behind is not found.
    package static let depth = 100

    /// Places of the largest scores, largest first, of equal ones the first.
    /// - Parameter among: the places that are ranked; nil: all.
    package static func best<Score: Comparable>(
        _ scores: [Score], top: Int, among: [Int]? = nil
    ) -> [(document: Int, score: Score)] {
        let places = among ?? Array(scores.indices)
        func isBefore(_ a: Int, _ b: Int) -> Bool { scores[a] != scores[b] ? scores[a] > scores[b] : a < b }
        guard top > 0, top < places.count / 4 else {
            return places.sorted(by: isBefore).prefix(max(0, top)).map { ($0, scores[$0]) }
        }
        // A short list in order: most scores are below its last one
        var best: [Int] = []
        for place in places where best.count < top || isBefore(place, best[best.count - 1]) {
            var (low, high) = (0, best.count)
            while low < high {
                let middle = (low + high) / 2
                if isBefore(best[middle], place) { low = middle + 1 } else { high = middle }
            }
            best.insert(place, at: low)
            if best.count > top { best.removeLast() }
        }
        return best.map { ($0, scores[$0]) }
    }
}
