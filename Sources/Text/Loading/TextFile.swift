import Files
import Foundation

/// Reads whole small files of a tokenizer's folder.
enum TextFile {
    /// The file's bytes; nil if there is no such file.
    static func bytes(_ url: URL) throws(TextError) -> [UInt8]? {
        guard FileManager.default.fileExists(atPath: url.path) else { return nil }
        let bytes: [UInt8]
        do {
            bytes = [UInt8](try Data(contentsOf: url))
        } catch {
            throw TextError.unreadable(file: url.path, reason: error.localizedDescription)
        }
        if let other = ForeignContent(bytes) {
            throw TextError.content(file: url.path, found: other.found, fix: other.fix)
        }
        return bytes
    }

    /// The object that a JSON file holds; nil if there is no such file.
    static func object(_ url: URL) throws(TextError) -> JSONFields? {
        guard let bytes = try bytes(url) else { return nil }
        return try object(bytes, file: url.path)
    }

    /// The object that the bytes of a JSON file hold; `file` is for messages.
    static func object(_ bytes: [UInt8], file: String) throws(TextError) -> JSONFields {
        let value: JSONValue
        do {
            value = try JSONReader.read(bytes)
        } catch {
            throw TextError.notJSON(file: file, offset: error.offset, found: error.found, expected: error.expected)
        }
        return try JSONFields(file: file, path: "", value: value)
    }
}
