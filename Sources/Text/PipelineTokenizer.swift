/// A tokenizer of four layers. Added tokens are cut out of the text before the second layer.
struct PipelineTokenizer: Tokenizer {
    private let normalizer: any Normalizer
    private let preTokenizer: any PreTokenizer
    private let model: any SubwordModel
    private let postProcessor: any PostProcessor
    private var originalTokens = AddedTokenMatcher()
    private var normalizedTokens = AddedTokenMatcher()
    private var addedTexts: [Int32: String] = [:]
    private let addedTokens: [AddedToken]
    private let isByteLevel: Bool
    /// The spaces of the model's tokens; empty if offsets are not trimmed.
    private var ends: [Int32: TokenEnds] = [:]

    let vocabularySize: Int
    let name: String

    /// - Parameter isByteLevel: whether tokens are the bytes of a text, so that ids can become text again
    /// - Throws: `AddedTokenRefusal` for an added token that the normalizer makes equal to another, or empty
    init(
        normalizer: any Normalizer, preTokenizer: any PreTokenizer, model: any SubwordModel,
        postProcessor: any PostProcessor, addedTokens: [AddedToken], isByteLevel: Bool = false
    ) throws(AddedTokenRefusal) {
        self.normalizer = normalizer
        self.preTokenizer = preTokenizer
        self.model = model
        self.postProcessor = postProcessor
        self.addedTokens = addedTokens
        self.isByteLevel = isByteLevel
        name = type(of: model).name
        vocabularySize = addedTokens.reduce(model.vocabularySize) { max($0, Int($1.id) + 1) }
        for (index, token) in addedTokens.enumerated() {
            var pattern = Array(token.content.unicodeScalars)
            let isNew: Bool
            if token.isNormalized {
                var text = NormalizedText(pattern.map(\.value), 0..<pattern.count)
                normalizer.normalize(&text)
                pattern = text.units.compactMap { Unicode.Scalar($0.scalar) }
                isNew = normalizedTokens.add(token, pattern: pattern)
            } else {
                isNew = originalTokens.add(token, pattern: pattern)
            }
            guard isNew else { throw AddedTokenRefusal(index: index, isEmpty: pattern.isEmpty) }
            addedTexts[token.id] = token.content
        }
        if postProcessor.trimming != nil {
            var ends: [Int32: TokenEnds] = [:]
            model.vocabulary.forEach { ends[$0] = TokenEnds($1.unicodeScalars.map(\.value)) }
            self.ends = ends
        }
    }

    var identity: String {
        var identity = TokenizerIdentity()
        identity.add("normalizer")
        normalizer.write(to: &identity)
        identity.add("pre-tokenizer")
        preTokenizer.write(to: &identity)
        identity.add("model")
        model.write(to: &identity)
        identity.add("post-processor")
        postProcessor.write(to: &identity)
        identity.add("added tokens")
        for token in addedTokens.sorted(by: { ($0.id, $0.content) < ($1.id, $1.content) }) {
            token.write(to: &identity)
        }
        return identity.hash
    }

    var decoder: TokenDecoder? {
        isByteLevel ? TokenDecoder(self, special: Set(addedTokens.filter(\.isSpecial).map(\.id))) : nil
    }

    func token(_ id: Int32) -> String? {
        addedTexts[id] ?? model.token(id)
    }

    func id(of token: String) -> Int32? {
        addedTexts.filter { $0.value.utf8.elementsEqual(token.utf8) }.keys.min() ?? model.id(of: token)
    }

    func encode(_ text: String, pair: String?, maxLength: Int) -> Encoding {
        let room = room(maxLength, isPair: pair != nil)
        let layers = Layers(preTokenizer: preTokenizer, trimming: postProcessor.trimming)
        var first = TokenRun()
        guard let pair else {
            append(text, layers, most: Self.oneMore(room), to: &first)
            let isTruncated = first.ids.count > room
            first.truncate(to: room)
            var encoding = postProcessor.assemble(first, nil)
            encoding.isTruncated = isTruncated
            return encoding
        }
        // The truncation of a pair depends on both full lengths
        var second = TokenRun()
        append(text, layers, most: .max, to: &first)
        append(pair, layers, most: .max, to: &second)
        let keep = Truncation.lengths(first.ids.count, second.ids.count, most: room)
        let isTruncated = first.ids.count > keep.first || second.ids.count > keep.second
        first.truncate(to: keep.first)
        second.truncate(to: keep.second)
        var encoding = postProcessor.assemble(first, second)
        encoding.isTruncated = isTruncated
        return encoding
    }

    func encode(words: [String], prefix: String, maxLength: Int) -> WordEncoding {
        let room = room(maxLength, isPair: false)
        let layers = Layers(
            preTokenizer: preTokenizer.withPrefixSpace,
            trimming: postProcessor.trimming.map { _ in OffsetTrimming(addsPrefixSpace: true) })
        var run = TokenRun()
        var wordOf: [Int32] = []
        let before = prefix.split(whereSeparator: \.isWhitespace).map { (-1, String($0)) }
        for (index, word) in before + Array(words.enumerated()) {
            append(word, layers, most: Self.oneMore(room), to: &run)
            wordOf += repeatElement(Int32(index), count: run.ids.count - wordOf.count)
        }
        let isTruncated = run.ids.count > room
        run.truncate(to: room)
        var encoding = postProcessor.assemble(run, nil)
        encoding.isTruncated = isTruncated
        return WordEncoding(encoding: encoding, wordsOfTextTokens: wordOf)
    }

    func encodeWindows(_ text: String, pair: String, maxLength: Int, stride: Int) -> [Encoding] {
        let room = room(maxLength, isPair: true)
        let layers = Layers(preTokenizer: preTokenizer, trimming: postProcessor.trimming)
        var (first, second) = (TokenRun(), TokenRun())
        append(text, layers, most: .max, to: &first)
        append(pair, layers, most: .max, to: &second)
        // A text that leaves too little would need a window for almost every token
        let isTruncated = first.ids.count > room / 2 && second.ids.count > room - min(room, first.ids.count)
        if isTruncated { first.truncate(to: room / 2) }
        return Windows.ranges(second.ids.count, most: room - min(room, first.ids.count), stride: stride).map { range in
            var encoding = postProcessor.assemble(first, second[range])
            encoding.isTruncated = isTruncated
            return encoding
        }
    }

    // MARK: Tokens of one text

    /// The layers that differ between texts and words.
    private struct Layers {
        var preTokenizer: any PreTokenizer
        var trimming: OffsetTrimming?
    }

    /// How many tokens of the texts fit.
    private func room(_ maxLength: Int, isPair: Bool) -> Int {
        max(0, maxLength - min(maxLength, postProcessor.addedCount(isPair: isPair)))
    }

    /// One token more than fits shows whether the text is cut.
    private static func oneMore(_ room: Int) -> Int { room < .max ? room + 1 : room }

    /// Appends the tokens of one text; may stop once the run has `most`.
    private func append(_ text: String, _ layers: Layers, most: Int, to run: inout TokenRun) {
        if run.ids.count >= most { return }
        let scalars = text.unicodeScalars.map(\.value)
        for part in originalTokens.split(count: scalars.count, scalar: { scalars[$0] }) {
            if run.ids.count >= most { return }
            var normalized = NormalizedText(scalars, part.range)
            if let id = part.id {
                append(id, normalized.units[...], layers, to: &run)
                continue
            }
            normalizer.normalize(&normalized)
            if normalizedTokens.isEmpty {
                append(&normalized, layers, most: most, to: &run)
                continue
            }
            let units = normalized.units
            for part in normalizedTokens.split(count: units.count, scalar: { units[$0].scalar }) {
                if let id = part.id {
                    append(id, units[part.range], layers, to: &run)
                } else {
                    var between = NormalizedText(units[part.range])
                    append(&between, layers, most: most, to: &run)
                }
            }
        }
    }

    /// Appends an added token. Its spaces are those of the text that it matches.
    private func append(
        _ id: Int32, _ units: ArraySlice<NormalizedText.Unit>, _ layers: Layers, to run: inout TokenRun
    ) {
        var offset = NormalizedText(units).origin(of: 0..<units.count)
        if let trimming = layers.trimming, let ends = TokenEnds(units.map(\.scalar)) {
            offset = trimming.trimmed(offset, ends, index: run.ids.count)
        }
        run.append(id, offset)
    }

    /// Splits normalized text and appends the tokens of its words.
    private func append(_ text: inout NormalizedText, _ layers: Layers, most: Int, to run: inout TokenRun) {
        let words = layers.preTokenizer.split(&text)
        run.ids.reserveCapacity(run.ids.count + min(most, words.count))
        run.offsets.reserveCapacity(run.offsets.count + min(most, words.count))
        var tokens: [SubwordToken] = []
        for word in words {
            if run.ids.count >= most { return }
            tokens.removeAll(keepingCapacity: true)
            model.appendTokens(of: text.units, word, to: &tokens)
            for token in tokens {
                var offset = text.origin(of: token.range)
                if let trimming = layers.trimming, let ends = ends[token.id] {
                    offset = trimming.trimmed(offset, ends, index: run.ids.count)
                }
                run.append(token.id, offset)
            }
        }
    }
}

/// Which added token cannot be used.
struct AddedTokenRefusal: Error, Equatable {
    /// In the list of added tokens.
    var index: Int
    /// The normalizer leaves nothing of it; otherwise it equals an earlier one.
    var isEmpty: Bool
}
