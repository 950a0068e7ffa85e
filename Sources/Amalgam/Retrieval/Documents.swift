import Foundation
import Tasks

/// A collection of documents to find answers in.
public struct Documents: Sendable {
    let collection: DocumentCollection

    /// Reads the documents of a file, or of all files of a folder.
    ///
    /// A file of rows (.jsonl, .json, .csv, .tsv) has a document in each: `id`, `text` and perhaps `title`. A plain text (.txt, .md)
    /// is cut into passages of neighboring paragraphs, of up to 1,000 characters, named FILE#NUMBER.
    /// - Parameter url: A file or a folder.
    /// - Throws: ``AmalgamError``, naming the file, the line and the field.
    public init(contentsOf url: URL) throws(AmalgamError) {
        collection = try translated { try DocumentFiles.read(url) }
    }

    /// Creates a collection.
    /// - Parameter texts: The documents by their names, in order.
    /// - Throws: ``AmalgamError/Kind/option`` for two documents of one name, or none at all.
    public init(_ texts: [(id: String, text: String)]) throws(AmalgamError) {
        guard !texts.isEmpty else {
            throw AmalgamError.make(
                .option, "documents: found none, expected one or more", field: "documents", found: "none",
                expected: "one or more")
        }
        var seen = Set<String>()
        if let twice = texts.first(where: { !seen.insert($0.id).inserted }) {
            throw AmalgamError.make(
                .option, "documents: found two with the name \(twice.id), expected different names", field: "id",
                found: twice.id, expected: "different names")
        }
        collection = DocumentCollection(ids: texts.map(\.id), texts: texts.map(\.text))
    }

    /// How many there are.
    public var count: Int { collection.count }
}
