import Numerics
import Tasks

/// Documents by their cosine with a query.
package struct DenseRanker: Sendable {
    /// [documents, width], rows of length 1.
    private let documents: [Float]
    private let width: Int

    /// - Parameter documents: [documents, width], rows of length 1
    package init(documents: [Float], width: Int) {
        precondition(width > 0 && documents.count % width == 0, "\(documents.count) values of width \(width)")
        self.documents = documents
        self.width = width
    }

    /// The best documents, best first, of equal ones the first.
    /// - Parameters:
    ///   - query: of length 1
    ///   - among: the documents that are ranked; nil: all.
    package func ranking(_ query: [Float], top: Int, among: [Int]? = nil) -> [(document: Int, score: Float)] {
        Ranking.best(
            Products.dots(query, documents, rows: documents.count / width), top: top, among: among)
    }
}
