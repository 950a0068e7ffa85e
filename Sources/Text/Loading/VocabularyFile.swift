import Files

/// Reads `vocab.txt`, a token a line with the line's number as id, as BERT's tokenizer: the older form of a folder.
enum VocabularyFile {
    /// - Parameter file: the vocabulary's name, for messages
    static func tokenizer(
        _ bytes: [UInt8], file: String, _ settings: TokenizerSettings, lowersText: Bool = false
    ) throws(TextError) -> any Tokenizer {
        let vocabulary = try vocabulary(bytes, file: file)
        let options = settings.options
        guard settings.family == .bert else {
            throw options.unsupported(
                "tokenizer_class",
                "\"\(try options.string("tokenizer_class")?.prefix(40) ?? "another")\" with vocab.txt",
                "BertTokenizer, or a tokenizer.json")
        }
        if try options.bool("do_basic_tokenize") == false {
            throw options.unsupported("do_basic_tokenize", "false", "true")
        }
        if case .array(let words)? = try options.value("never_split"), !words.isEmpty {
            throw options.unsupported("never_split", "a list of words", "null")
        }
        func id(_ key: String) throws(TextError) -> Int32 {
            let text = settings.special.first { $0.key == key }?.token.content ?? ""
            guard let id = vocabulary.id(of: text) else {
                throw TextError.vocabulary(
                    file: file, place: key, found: "no line \"\(text.prefix(40))\"", expected: "one")
            }
            return id
        }
        _ = try id("pad_token")
        let (cls, sep) = (try id("cls_token"), try id("sep_token"))
        let model = WordPiece(vocabulary: vocabulary, unknown: try id("unk_token"), prefix: "##", longestWord: 100)
        var normalizer: any Normalizer = settings.applied(to: BertNormalizer())
        if lowersText { normalizer = TokenizerFile.lowered(normalizer) }
        do {
            return try PipelineTokenizer(
                normalizer: normalizer, preTokenizer: BertPreTokenizer(), model: model,
                postProcessor: TemplateProcessing.bert(cls: cls, sep: sep),
                addedTokens: try settings.applied(to: [], model))
        } catch let error as TextError {
            throw error
        } catch {
            throw TextError.vocabulary(
                file: file, place: "special tokens", found: "an empty one", expected: "each with a text")
        }
    }

    private static func vocabulary(_ bytes: [UInt8], file: String) throws(TextError) -> Vocabulary {
        var tokens: [(token: String, id: Int32)] = []
        var lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        // What follows the last line's end is no line.
        if lines.last?.isEmpty == true { lines.removeLast() }
        for (index, line) in lines.enumerated() {
            let line = line.last == UInt8(ascii: "\r") ? line.dropLast() : line
            guard let token = validText(line) else {
                throw TextError.vocabulary(
                    file: file, place: "line \(index + 1)", found: "bytes that are not UTF-8", expected: "UTF-8")
            }
            tokens.append((token, Int32(clamping: index)))
        }
        do {
            return try Vocabulary(tokens)
        } catch {
            let lines = tokens.filter { $0.token.utf8.elementsEqual(error.token.utf8) }.map { "\($0.id + 1)" }
            throw TextError.vocabulary(
                file: file, place: "line " + lines.joined(separator: " and "),
                found: "\"\(error.token.prefix(40))\" again", expected: error.expected)
        }
    }
}
