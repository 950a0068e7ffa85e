import Files

/// Reads `vocab.json` and `merges.txt`, the older form of a folder with byte-level BPE, as RoBERTa's tokenizer.
enum MergesFile {
    /// - Parameters:
    ///   - vocabulary: the object in vocab.json: tokens with their ids
    ///   - merges: the bytes of merges.txt
    ///   - file: the name of merges.txt, for messages
    static func tokenizer(
        _ vocabulary: JSONFields, merges: [UInt8], file: String, _ settings: TokenizerSettings,
        lowersText: Bool = false
    ) throws(TextError) -> any Tokenizer {
        let options = settings.options
        guard settings.family == .roberta else {
            throw options.unsupported(
                "tokenizer_class",
                "\"\(try options.string("tokenizer_class")?.prefix(40) ?? "another")\" with vocab.json and merges.txt",
                "RobertaTokenizer, or a tokenizer.json")
        }
        let tokens = try TokenizerFile.vocabulary(vocabulary)
        let model = BPE(vocabulary: tokens, merges: try table(merges, file: file, tokens), options: BPE.Options())
        func id(_ key: String) throws(TextError) -> Int32 {
            let text = settings.special.first { $0.key == key }?.token.content ?? ""
            guard let id = tokens.id(of: text) else {
                throw TextError.vocabulary(
                    file: vocabulary.file, place: key, found: "no token \"\(text.prefix(40))\"", expected: "one")
            }
            return id
        }
        _ = try id("pad_token")
        let preTokenizer = ByteLevel(addsPrefixSpace: settings.prefixSpace ?? false, usesRegex: true)
        let trimming = OffsetTrimming(addsPrefixSpace: preTokenizer.addsPrefixSpace)
        let postProcessor = TrimmingProcessor(
            trimming: settings.trimsOffsets ?? true ? trimming : nil,
            next: TemplateProcessing.roberta(cls: try id("cls_token"), sep: try id("sep_token")))
        var normalizer: any Normalizer = NoNormalizer()
        if lowersText { normalizer = TokenizerFile.lowered(normalizer) }
        do {
            return try PipelineTokenizer(
                normalizer: normalizer, preTokenizer: preTokenizer, model: model, postProcessor: postProcessor,
                addedTokens: try settings.applied(to: [], model))
        } catch let error as TextError {
            throw error
        } catch {
            throw TextError.vocabulary(
                file: vocabulary.file, place: "special tokens", found: "one that is empty or equals another",
                expected: "different texts")
        }
    }

    /// The first line is `#version: …`; each other one is two tokens. `transformers` skips the first line and what follows
    /// the last line's end without looking, so a file where that would lose a merge is refused.
    private static func table(
        _ bytes: [UInt8], file: String, _ vocabulary: Vocabulary
    ) throws(TextError) -> MergeTable {
        func wrong(_ line: Int, _ found: String, _ expected: String) -> TextError {
            .vocabulary(file: file, place: "line \(line)", found: found, expected: expected)
        }
        var list = MergeList(vocabulary: vocabulary, prefix: "")
        let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        guard let first = lines.first, first.starts(with: Array("#version".utf8)) else {
            throw wrong(1, "no \"#version\"", "a first line like \"#version: 0.2\"")
        }
        guard let last = lines.last, last.isEmpty else {
            throw wrong(lines.count, "no end of the line", "a line end after the last merge (the file may be cut off)")
        }
        for (index, line) in lines.enumerated().dropFirst().dropLast() {
            let line = line.last == UInt8(ascii: "\r") ? line.dropLast() : line
            guard let text = validText(line) else { throw wrong(index + 1, "bytes that are not UTF-8", "UTF-8") }
            do {
                try list.append(MergeList.parts(text))
            } catch {
                throw wrong(index + 1, error.found, error.expected)
            }
        }
        return MergeTable(list.merges)
    }
}
