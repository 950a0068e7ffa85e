import Foundation

/// Loads the tokenizer of a Hugging Face model folder.
package enum TokenizerFolder {
    /// Reads `tokenizer.json`, else `vocab.txt` with the options of `tokenizer_config.json`.
    /// - Throws: `TextError` that names the file and the field, if neither is there, one is damaged, or it asks for
    ///   something not supported
    package static func load(_ folder: URL) throws(TextError) -> any Tokenizer {
        if let fields = try TextFile.object(folder.appendingPathComponent("tokenizer.json")) {
            return try TokenizerFile.tokenizer(fields)
        }
        let vocabulary = folder.appendingPathComponent("vocab.txt")
        if let bytes = try TextFile.bytes(vocabulary) {
            let added = folder.appendingPathComponent("added_tokens.json")
            if let fields = try TextFile.object(added), !fields.members.isEmpty {
                throw TextError.unsupported(
                    file: added.path, field: "the whole file", found: "a list of tokens beside vocab.txt",
                    supported: "a tokenizer.json that holds them")
            }
            let options = try TextFile.object(folder.appendingPathComponent("tokenizer_config.json"))
            return try VocabularyFile.tokenizer(bytes, file: vocabulary.path, options: options)
        }
        throw TextError.noTokenizer(folder: folder.path)
    }
}
