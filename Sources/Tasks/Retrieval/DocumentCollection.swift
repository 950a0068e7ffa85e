import Files
import Foundation

/// Documents with their names: what queries are answered from.
package final class DocumentCollection: Sendable {
    package let ids: [String]
    package let texts: [String]
    private let numbers: [String: Int]
    /// SHA-256 over all names and texts.
    package let digest: [UInt8]

    package var count: Int { texts.count }

    /// - Parameter ids: as many as texts, all different
    package init(ids: [String], texts: [String]) {
        precondition(ids.count == texts.count, "\(ids.count) names for \(texts.count) documents")
        self.ids = ids
        self.texts = texts
        numbers = Dictionary(zip(ids, ids.indices), uniquingKeysWith: { first, _ in first })
        precondition(numbers.count == ids.count, "documents of one name")
        var digest = Digest.Incremental()
        for (id, text) in zip(ids, texts) {
            var bytes: [UInt8] = []
            CanonicalData.append(id, to: &bytes)
            CanonicalData.append(text, to: &bytes)
            bytes.withUnsafeBytes { digest.update($0) }
        }
        self.digest = Array(digest.hexDigest().utf8)
    }

    /// Texts in the order in which they come, each once, named by their places from 1.
    package convenience init(texts: [String]) {
        var seen = Set<String>()
        let texts = texts.filter { seen.insert($0).inserted }
        self.init(ids: texts.indices.map { "\($0 + 1)" }, texts: texts)
    }

    /// The place of a document, or nil.
    package func number(of id: String) -> Int? { numbers[id] }
}
