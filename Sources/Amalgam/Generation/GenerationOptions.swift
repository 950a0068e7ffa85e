import Training

/// How a text is continued.
public struct GenerationOptions: Sendable {
    /// Tokens that are made at most; default 128.
    public var maxTokens = 128
    /// What logits are divided by; 0 (default) takes the most likely token each time (greedy).
    public var temperature = 0.0
    /// Draws from so many of the most likely tokens; 0 (default) for all.
    public var topK = 0
    /// Draws from the most likely tokens whose probabilities together reach this; 1 (default) for all.
    public var topP = 1.0
    /// Draws from tokens at least so likely as this times the most likely one; 0 (default) for all.
    public var minP = 0.0
    /// What positive logits of tokens that the text has are divided by, and negative ones multiplied with; 1 (default) for none.
    public var repetitionPenalty = 1.0
    /// The text ends before the first of these; default none.
    public var stops: [String] = []
    /// Makes all random numbers, with the number of the prompt and the position; default 0.
    public var seed = 0
    /// Whether the result has each token's log-probability; default false.
    public var logProbabilities = false

    /// Makes each prompt what a user says in a conversation, and the text the assistant's answer, as the model's chat template writes
    /// them; nil (default): a prompt is a text to be continued.
    public var chat: Chat?

    /// What stands before a user's prompt.
    public struct Chat: Sendable, Equatable {
        /// What the assistant is told to be; nil (default) for what the template says.
        public var system: String?

        /// Creates a conversation that begins with a prompt.
        /// - Parameter system: What the assistant is told to be.
        public init(system: String? = nil) { self.system = system }

        var turns: [ChatTurn] { system.map { [ChatTurn(.system, $0)] } ?? [] }
    }

    /// Creates the defaults.
    public init() {}

    func prompt(_ text: String) -> WritingPrompt {
        chat.map { .chat($0.turns + [ChatTurn(.user, text)]) } ?? .text(text)
    }

    var stored: GenerationSettings {
        var settings = GenerationSettings()
        settings.maxTokens = maxTokens
        settings.temperature = temperature
        settings.topK = topK
        settings.topP = topP
        settings.minP = minP
        settings.repetitionPenalty = repetitionPenalty
        settings.seed = UInt64(bitPattern: Int64(seed))
        settings.logProbabilities = logProbabilities
        return settings
    }
}

/// What a model wrote after a prompt.
public struct GeneratedText: Sendable, Equatable {
    /// Why a text ended.
    public enum Ending: String, Sendable {
        /// The model ended it, or a stop string came.
        case stop
        /// It has as many tokens as were wanted, or as the model has positions for.
        case length
    }

    let stored: WrittenText

    /// The new text, without the prompt and without a stop string.
    public var text: String { stored.text }
    /// The new tokens, without the one that ended the text.
    public var tokens: [Int] { stored.tokens.map(Int.init) }
    /// The natural logarithm of each token's probability by the model's own logits; empty unless
    /// ``GenerationOptions/logProbabilities`` is set.
    public var logProbabilities: [Double] { stored.logProbabilities }
    /// Why it ended.
    public var ending: Ending { stored.end == .stop ? .stop : .length }
    /// Tokens of the prompt, special tokens included.
    public var promptTokens: Int { stored.promptTokens }

    init(_ text: WrittenText) { stored = text }
}
