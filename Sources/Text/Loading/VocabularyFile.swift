import Files

/// Reads `vocab.txt`, a piece a line with the line's number as id, as BERT's tokenizer: the older form of a folder.
enum VocabularyFile {
    /// - Parameters:
    ///   - file: the vocabulary's name, for messages
    ///   - options: `tokenizer_config.json`; nil for BERT's defaults
    static func tokenizer(_ bytes: [UInt8], file: String, options: JSONFields?) throws(TextError) -> any Tokenizer {
        let vocabulary = try vocabulary(bytes, file: file)
        if let options {
            if try options.bool("do_basic_tokenize") == false {
                throw options.unsupported("do_basic_tokenize", "false", "true")
            }
            if case .array(let words)? = try options.value("never_split"), !words.isEmpty {
                throw options.unsupported("never_split", "a list of words", "null")
            }
            if try options.string("truncation_side") == "left" {
                throw options.unsupported("truncation_side", "\"left\"", "\"right\"")
            }
        }
        func special(_ key: String, _ usual: String) throws(TextError) -> (content: String, id: Int32) {
            let text = try content(options, key) ?? usual
            guard let id = vocabulary.id(of: text) else {
                throw TextError.vocabulary(
                    file: file, place: key, found: "no line \"\(text.prefix(40))\"", expected: "one")
            }
            return (text, id)
        }
        let unknown = try special("unk_token", "[UNK]")
        let cls = try special("cls_token", "[CLS]")
        let sep = try special("sep_token", "[SEP]")
        var added: [AddedToken] = []
        for token in [unknown, sep, try special("pad_token", "[PAD]"), cls] {
            if !added.contains(where: { $0.id == token.id }) {
                added.append(AddedToken(content: token.content, id: token.id))
            }
        }
        // A model that was never trained to fill gaps may lack it.
        let mask = try content(options, "mask_token") ?? "[MASK]"
        if let id = vocabulary.id(of: mask), !added.contains(where: { $0.id == id }) {
            added.append(AddedToken(content: mask, id: id))
        }
        let lowers = try options?.bool("do_lower_case") ?? true
        let normalizer = BertNormalizer(
            separatesIdeographs: try options?.bool("tokenize_chinese_chars") ?? true,
            stripsAccents: try options?.bool("strip_accents") ?? lowers, lowers: lowers)
        do {
            return try PipelineTokenizer(
                normalizer: normalizer, preTokenizer: BertPreTokenizer(),
                model: WordPiece(vocabulary: vocabulary, unknown: unknown.id, prefix: "##", longestWord: 100),
                postProcessor: TemplateProcessing.bert(cls: cls.id, sep: sep.id), addedTokens: added)
        } catch {
            throw TextError.vocabulary(
                file: file, place: "special tokens", found: "an empty one", expected: "each with a text")
        }
    }

    /// A special token's text: a string, or an object that holds it.
    private static func content(_ options: JSONFields?, _ key: String) throws(TextError) -> String? {
        guard let options else { return nil }
        if case .object? = try options.value(key) { return try options.object(key)?.requiredString("content") }
        return try options.string(key)
    }

    private static func vocabulary(_ bytes: [UInt8], file: String) throws(TextError) -> Vocabulary {
        var pieces: [(piece: String, id: Int32)] = []
        var lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        // What follows the last line's end is no line.
        if lines.last?.isEmpty == true { lines.removeLast() }
        for (index, line) in lines.enumerated() {
            let line = line.last == UInt8(ascii: "\r") ? line.dropLast() : line
            guard let piece = validText(line) else {
                throw TextError.vocabulary(
                    file: file, place: "line \(index + 1)", found: "bytes that are not UTF-8", expected: "UTF-8")
            }
            pieces.append((piece, Int32(clamping: index)))
        }
        do {
            return try Vocabulary(pieces)
        } catch {
            let lines = pieces.filter { $0.piece.utf8.elementsEqual(error.piece.utf8) }.map { "\($0.id + 1)" }
            throw TextError.vocabulary(
                file: file, place: "line " + lines.joined(separator: " and "),
                found: "\"\(error.piece.prefix(40))\" again", expected: error.expected)
        }
    }
}
