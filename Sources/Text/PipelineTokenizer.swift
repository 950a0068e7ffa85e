/// A tokenizer of four layers, with added tokens cut out of the text before the second.
struct PipelineTokenizer: Tokenizer {
    private let normalizer: any Normalizer
    private let preTokenizer: any PreTokenizer
    private let model: any SubwordModel
    let postProcessor: any PostProcessor
    private var originalTokens = AddedTokenMatcher()
    private var normalizedTokens = AddedTokenMatcher()
    private var addedPieces: [Int32: String] = [:]
    private let addedTokens: [AddedToken]

    let vocabularySize: Int
    let name: String

    /// - Throws: `AddedTokenRefusal` for an added token that cannot be told from another, or that normalises to nothing
    init(
        normalizer: any Normalizer, preTokenizer: any PreTokenizer, model: any SubwordModel,
        postProcessor: any PostProcessor, addedTokens: [AddedToken]
    ) throws(AddedTokenRefusal) {
        self.normalizer = normalizer
        self.preTokenizer = preTokenizer
        self.model = model
        self.postProcessor = postProcessor
        self.addedTokens = addedTokens
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
            addedPieces[token.id] = token.content
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

    func piece(_ id: Int32) -> String? {
        addedPieces[id] ?? model.piece(id)
    }

    func id(of piece: String) -> Int32? {
        addedPieces.filter { $0.value.utf8.elementsEqual(piece.utf8) }.keys.min() ?? model.id(of: piece)
    }

    func encode(_ text: String, pair: String?, maxLength: Int) -> Encoding {
        let room = max(0, maxLength - min(maxLength, postProcessor.addedCount(isPair: pair != nil)))
        guard let pair else {
            // One more than there is room for tells whether the text goes on
            var run = tokens(of: text, most: room < .max ? room + 1 : room)
            let isTruncated = run.ids.count > room
            run.truncate(to: room)
            var encoding = postProcessor.assemble(run, nil)
            encoding.isTruncated = isTruncated
            return encoding
        }
        // How a pair is cut depends on both full lengths.
        var first = tokens(of: text, most: .max)
        var second = tokens(of: pair, most: .max)
        let keep = Truncation.lengths(first.ids.count, second.ids.count, most: room)
        let isTruncated = first.ids.count > keep.first || second.ids.count > keep.second
        first.truncate(to: keep.first)
        second.truncate(to: keep.second)
        var encoding = postProcessor.assemble(first, second)
        encoding.isTruncated = isTruncated
        return encoding
    }

    /// The tokens of one text; may stop after `most`.
    func tokens(of text: String, most: Int) -> TokenRun {
        let scalars = text.unicodeScalars.map(\.value)
        var run = TokenRun()
        for part in originalTokens.split(count: scalars.count, scalar: { scalars[$0] }) {
            if run.ids.count >= most { break }
            if let id = part.id {
                run.append(id, Int32(part.range.lowerBound)..<Int32(part.range.upperBound))
                continue
            }
            var normalized = NormalizedText(scalars, part.range)
            normalizer.normalize(&normalized)
            if normalizedTokens.isEmpty {
                append(&normalized, most: most, to: &run)
                continue
            }
            let units = normalized.units
            for part in normalizedTokens.split(count: units.count, scalar: { units[$0].scalar }) {
                if let id = part.id {
                    run.append(id, normalized.origin(of: part.range))
                } else {
                    var between = NormalizedText(units[part.range])
                    append(&between, most: most, to: &run)
                }
            }
        }
        return run
    }

    /// Splits normalised text and appends its words' pieces.
    private func append(_ text: inout NormalizedText, most: Int, to run: inout TokenRun) {
        let words = preTokenizer.split(&text)
        run.ids.reserveCapacity(run.ids.count + min(most, words.count))
        run.offsets.reserveCapacity(run.offsets.count + min(most, words.count))
        var pieces: [SubwordPiece] = []
        for word in words {
            if run.ids.count >= most { return }
            pieces.removeAll(keepingCapacity: true)
            model.appendPieces(of: text.units, word, to: &pieces)
            for piece in pieces { run.append(piece.id, text.origin(of: piece.range)) }
        }
    }
}

/// Which added token cannot be taken.
struct AddedTokenRefusal: Error, Equatable {
    /// In the list of added tokens.
    var index: Int
    /// It normalises to nothing; else it looks like an earlier one.
    var isEmpty: Bool
}
