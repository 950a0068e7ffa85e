import Bundles
import Models
import Numerics
import Text

/// A text to be continued.
package struct WritingRequest: Sendable {
    package var tokens: GenerationRequest
    /// The text ends before the first of these.
    package var stops: [String]
}

/// What was written after a prompt.
package struct WrittenText: Sendable, Equatable {
    package var text = ""
    /// Without the one that ended it; with stop strings also those whose text was cut off.
    package var tokens: [Int32] = []
    /// Of each token; empty where they were not wanted.
    package var logProbabilities: [Double] = []
    package var end = GenerationEnd.length
    /// Tokens of the prompt, special tokens included.
    package var promptTokens = 0
}

/// A decoder at work, perhaps with adapters: it continues texts.
package final class TextWriter {
    private let session: Session
    private let generator: Generator
    private let decoder: TokenDecoder
    private let ends: Set<Int32>
    /// Made when a conversation comes for the first time.
    private var chat: ChatPrompt?

    /// - Parameter bundle: its adapters act on the model; nil: the bare model
    /// - Throws: `ModelError.purpose` for an encoder, `TrainingError.setting` for a precision that the processor does not have, and
    ///   as `Generator`
    package init(_ session: Session, bundle: AdapterBundle? = nil, precision: Precision = .float32) throws {
        try precision.validate()
        try session.model.requireDecoder()
        guard let decoder = session.tokenizer.decoder else {
            throw TrainingError.mismatch(
                "\(session.model.encoderFolder.path): found a \(session.tokenizer.name) tokenizer without a byte-level decoder, "
                    + "expected one, whose tokens are the bytes of a text; use another model")
        }
        self.session = session
        self.decoder = decoder
        ends = try session.model.endTokens()
        let arrangement =
            bundle.map { Arrangement(model: session.model, bundle: $0) } ?? Arrangement(model: session.model)
        generator = try Generator(
            Network(arrangement, seed: 0, precision: precision), workspace: session.workspace)
        // What was packed need not stay in memory from the file too
        session.model.releasePages()
    }

    /// A text on its way.
    private struct Writing {
        var result = WrittenText()
        var stream: StreamingDecoder
        var stops: StopStrings
    }

    /// Runs requests until there are no more.
    /// - Parameters:
    ///   - slots: texts at once.
    ///   - next: the next request, asked when there is room; it may wait if no text is on its way.
    ///   - onPiece: gets each piece of a text that is certain, with the index of its request; returns whether to go on with it.
    ///   - onEnd: once for each request, in the order in which they end.
    /// - Throws: what the closures throw
    package func run(
        slots: Int, next: (_ mayWait: Bool) throws -> NextRequest<WritingRequest>,
        onPiece: (_ index: Int, _ piece: String) throws -> Bool,
        onEnd: (_ index: Int, WrittenText) throws -> Void
    ) throws {
        var (texts, taken): ([Int: Writing], Int) = ([:], 0)
        try generator.run(
            slots: slots, ends: ends,
            next: { mayWait in
                switch try next(mayWait) {
                case .notYet: return .notYet
                case .end: return .end
                case .request(let request):
                    var writing = Writing(stream: StreamingDecoder(decoder), stops: StopStrings(request.stops))
                    writing.result.promptTokens = request.tokens.tokens.count
                    texts[taken] = writing
                    taken += 1
                    return .request(request.tokens)
                }
            },
            onToken: { index, token, logProbability in
                guard var writing = texts.removeValue(forKey: index) else { return false }
                writing.result.tokens.append(token)
                if let logProbability { writing.result.logProbabilities.append(logProbability) }
                let piece = writing.stops.append(writing.stream.append(token))
                writing.result.text += piece
                let isFound = writing.stops.isFound
                texts[index] = writing
                let goesOn = piece.isEmpty ? true : try onPiece(index, piece)
                return goesOn && !isFound
            },
            onEnd: { index, end in
                guard var writing = texts.removeValue(forKey: index) else { return }
                let rest = writing.stops.append(writing.stream.finish()) + writing.stops.finish()
                if !rest.isEmpty { _ = try onPiece(index, rest) }
                writing.result.text += rest
                writing.result.end = writing.stops.isFound ? .stop : end
                try onEnd(index, writing.result)
            })
    }

    /// A prompt as tokens.
    /// - Parameters:
    ///   - settings: checked before.
    ///   - number: see `GenerationRequest.number`.
    /// - Throws: `TrainingError.setting` for a prompt without tokens, or one that leaves no room, and for a conversation where the
    ///   model has no chat template; `TextError` for a conversation that the template refuses
    package func request(
        _ prompt: WritingPrompt, _ settings: GenerationSettings, stops: [String], number: UInt64
    ) throws -> WritingRequest {
        let tokens = try tokens(of: prompt)
        guard !tokens.isEmpty else {
            throw TrainingError.setting(name: "--prompt", found: "no tokens", expected: "a text of at least one")
        }
        guard tokens.count < generator.longest else {
            throw TrainingError.setting(
                name: "--prompt", found: "\(tokens.count) tokens",
                expected: "fewer than the model's \(generator.longest) positions")
        }
        return WritingRequest(
            tokens: GenerationRequest(tokens: tokens, settings: settings, number: number), stops: stops)
    }

    private func tokens(of prompt: WritingPrompt) throws -> [Int32] {
        switch prompt {
        case .text(let text): return session.tokenizer.encode(text, pair: nil, maxLength: .max).ids
        case .chat(let turns):
            let chat = try self.chat ?? ChatPrompt(session.model)
            self.chat = chat
            // The template writes the special tokens itself
            return session.tokenizer.encode(try chat.text(turns), pair: nil, maxLength: .max).textTokens
        }
    }
}
