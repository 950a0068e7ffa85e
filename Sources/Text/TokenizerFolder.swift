import Files
import Foundation

/// Loads the tokenizer of a Hugging Face model folder.
package enum TokenizerFolder {
    /// Reads `tokenizer.json`, otherwise `vocab.txt`, otherwise `vocab.json` with `merges.txt`, and applies the settings in the
    /// folder's other files (`TokenizerSettings`); otherwise a GGUF file, which says everything itself.
    /// - Parameter lowersText: texts are lower-cased before the tokenizer's own normalizer (sentence-transformers)
    /// - Throws: `TextError` that names the file and the field, if no tokenizer is found, a file is damaged, or it asks for
    ///   something not supported
    package static func load(_ folder: URL, lowersText: Bool = false) throws(TextError) -> any Tokenizer {
        func file(_ name: String) -> URL { folder.appendingPathComponent(name) }
        if let fields = try TextFile.object(file("tokenizer.json")) {
            let settings = try TokenizerSettings(folder, .tokenizerFile)
            return try TokenizerFile.tokenizer(fields, settings, lowersText: lowersText)
        }
        if let bytes = try TextFile.bytes(file("vocab.txt")) {
            let settings = try TokenizerSettings(folder, .vocabularyFile)
            return try VocabularyFile.tokenizer(
                bytes, file: file("vocab.txt").path, settings, lowersText: lowersText)
        }
        guard let vocabulary = try TextFile.object(file("vocab.json")) else {
            if let model = try gguf(in: folder) { return try GGUFTokenizer.tokenizer(model, lowersText: lowersText) }
            throw TextError.noTokenizer(folder: folder.path)
        }
        guard let merges = try TextFile.bytes(file("merges.txt")) else {
            throw TextError.noMerges(folder: folder.path)
        }
        let settings = try TokenizerSettings(folder, .mergesFile)
        return try MergesFile.tokenizer(
            vocabulary, merges: merges, file: file("merges.txt").path, settings, lowersText: lowersText)
    }

    private static func gguf(in folder: URL) throws(TextError) -> GGUFFile? {
        do throws(FileError) {
            return try GGUFFile.only(in: folder).map { (url) throws(FileError) in try GGUFFile(url) }
        } catch {
            throw .file(error)
        }
    }
}
