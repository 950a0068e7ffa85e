import Models
import Numerics
import Tasks
import Text

/// The tokens that are hidden in a text. A text to predict has masks of its own. In others tokens are hidden: anew in each step of
/// a training, and always the same where they are scored.
package struct TokenOutput: OutputForm {
    private let tokens: TokenSettings

    package init(_ tokens: TokenSettings) { self.tokens = tokens }

    package let name = "tokens"
    package let sharesTexts = false
    package let teaches = false
    package let redraws = true
    package let kind: String? = MaskedLanguageModeling.name
    package let settings: Set<PredictionSetting> = [.top]

    package func named(_ head: any Head, by tokenizer: any Tokenizer) -> any Head {
        (head as? MaskedTokenHead)?.named(by: TokenNames { tokenizer.token($0) }) ?? head
    }

    /// Every token that may be hidden is a word of its own.
    package func encodeToLearn(
        _ example: Example, _ tokenizer: any Tokenizer, prefix: String, maxLength: Int
    ) -> [WordEncoding] {
        let encoding = tokenizer.encode(prefix + example.text, pair: nil, maxLength: maxLength)
        return [WordEncoding(encoding: encoding, wordOf: Self.numbered(encoding, isTarget(encoding)))]
    }

    package func encode(
        _ example: Example, _ tokenizer: any Tokenizer, prefix: String, maxLength: Int
    ) -> [WordEncoding] {
        var encoding = tokenizer.encode(prefix + example.text, pair: nil, maxLength: maxLength)
        let isScored = example.payload is HiddenTokens
        if !isScored || encoding.ids.contains(tokens.maskID) {
            let masks = Self.numbered(encoding) { encoding.ids[$0] == tokens.maskID }
            return [WordEncoding(encoding: encoding, wordOf: masks)]
        }
        let hidden = hiding.hide(&encoding.ids, key: Self.key(example.text), isTarget: isTarget(encoding))
        let places = Set(hidden.map(\.place))
        return [
            WordEncoding(
                encoding: encoding, wordOf: Self.numbered(encoding) { places.contains($0) }, hidden: hidden.map(\.token)
            )
        ]
    }

    /// Any token of the whole vocabulary may stand for a hidden one, as in `transformers`' collator.
    var hiding: TokenHiding {
        TokenHiding(mask: tokens.maskID, always: true, replacements: (tokens.vocabulary, { Int32($0) }))
    }

    /// Whether the token at a place is the text's own.
    private func isTarget(_ encoding: Encoding) -> (Int) -> Bool {
        { encoding.sequence[$0] != Encoding.special && encoding.ids[$0] != tokens.maskID }
    }

    /// The number of each chosen token among them, −1 for others.
    private static func numbered(_ encoding: Encoding, _ isChosen: (Int) -> Bool) -> [Int32] {
        var next: Int32 = 0
        return encoding.ids.indices.map { place in
            guard isChosen(place) else { return -1 }
            defer { next += 1 }
            return next
        }
    }

    /// What is hidden in a text that is scored follows from the text alone.
    private static func key(_ text: String) -> UInt64 {
        text.utf8.reduce(0x3A5C_F1DE) { Randomness.mix($0 &* 0x100_0000_01B3 ^ UInt64($1)) }
    }

    package func column(_ examples: [Example], _ encoded: [[WordEncoding]]) -> any TargetColumn {
        TokenColumn(hidden: encoded.map { $0.first?.hidden ?? [] }, hiding: hiding)
    }

    /// The head has the probabilities already (`TopTokens`).
    package func finish(_ row: UnsafeMutablePointer<Float>, workspace: Workspace) {}

    package func predictions(
        _ examples: [Example], _ results: HeadResults, _ column: any TargetColumn
    ) -> [Prediction] {
        examples.indices.map { i in .tokens(results.rows(i).map { guesses(results.row($0)) }) }
    }

    private func guesses(_ row: ArraySlice<Float>) -> [TokenGuess] {
        let row = Array(row)
        return stride(from: 0, to: row.count, by: 2).filter { row[$0 + 1] > 0 }.map {
            TokenGuess(token: name(of: Int(row[$0])), probability: row[$0 + 1])
        }
    }

    private func name(of id: Int) -> String { tokens.names.map { $0(id) } ?? "\(id)" }

    package func writer(_ settings: PredictionSettings) -> any PredictionForm { TokenForm(top: settings.top) }

    package func rows(_ predicted: SplitPredictions) -> any EvaluatedRows {
        TokenDetails(predicted, name: { name(of: $0) })
    }
}

/// A token that may stand at a mask.
package struct TokenGuess: Sendable, Equatable {
    /// As the vocabulary writes it.
    package var token: String
    package var probability: Float

    package init(token: String, probability: Float) {
        self.token = token
        self.probability = probability
    }
}
