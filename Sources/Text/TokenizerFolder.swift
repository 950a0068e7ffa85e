import Foundation

/// Loads the tokenizer of a Hugging Face model folder.
package enum TokenizerFolder {
    /// Reads `tokenizer.json`, else `vocab.txt`, with what the other files of the folder change (`TokenizerSettings`).
    /// - Parameter lowersText: texts are lower-cased before the tokenizer's own normalizer (sentence-transformers)
    /// - Throws: `TextError` that names the file and the field, if neither is there, one is damaged, or it asks for
    ///   something not supported
    package static func load(_ folder: URL, lowersText: Bool = false) throws(TextError) -> any Tokenizer {
        if let fields = try TextFile.object(folder.appendingPathComponent("tokenizer.json")) {
            let settings = try TokenizerSettings(folder, isVocabulary: false)
            return try TokenizerFile.tokenizer(fields, settings, lowersText: lowersText)
        }
        let vocabulary = folder.appendingPathComponent("vocab.txt")
        if let bytes = try TextFile.bytes(vocabulary) {
            let settings = try TokenizerSettings(folder, isVocabulary: true)
            return try VocabularyFile.tokenizer(bytes, file: vocabulary.path, settings, lowersText: lowersText)
        }
        throw TextError.noTokenizer(folder: folder.path)
    }
}
