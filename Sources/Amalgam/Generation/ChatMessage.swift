import Training

/// A message of a conversation.
public struct ChatMessage: Sendable, Equatable {
    /// Who says it.
    public enum Role: String, Sendable, CaseIterable {
        /// What the assistant is told to be.
        case system
        /// A person.
        case user
        /// The model.
        case assistant
    }

    /// Who says it.
    public var role: Role
    /// What is said.
    public var content: String

    /// Creates a message.
    /// - Parameters:
    ///   - role: Who says it.
    ///   - content: What is said.
    public init(_ role: Role, _ content: String) {
        self.role = role
        self.content = content
    }

    var turn: ChatTurn {
        switch role {
        case .system: ChatTurn(.system, content)
        case .user: ChatTurn(.user, content)
        case .assistant: ChatTurn(.assistant, content)
        }
    }
}

extension TextGenerator {
    /// Answers a conversation and gives the answer piece by piece.
    ///
    /// A reader that stops early ends the answer.
    /// - Parameters:
    ///   - messages: As a rule a system's, then those of a user and the assistant in turn; the last is the user's.
    ///   - options: How tokens are chosen, and when the answer ends; ``GenerationOptions/chat`` does not apply.
    public func stream(
        replyTo messages: [ChatMessage], options: GenerationOptions = GenerationOptions()
    ) -> AsyncThrowingStream<Event, any Error> {
        stream(.chat(messages.map(\.turn)), options: options, number: 0)
    }

    /// Answers a conversation.
    /// - Parameters:
    ///   - messages: As a rule a system's, then those of a user and the assistant in turn; the last is the user's.
    ///   - options: How tokens are chosen, and when the answer ends; ``GenerationOptions/chat`` does not apply.
    /// - Throws: ``AmalgamError``: ``AmalgamError/Kind/option`` for a model without a chat template,
    ///   ``AmalgamError/Kind/invalidContent`` for messages that the template refuses; `CancellationError`.
    public func reply(
        to messages: [ChatMessage], options: GenerationOptions = GenerationOptions()
    ) async throws -> GeneratedText {
        try await generate([.chat(messages.map(\.turn))], options: options)[0]
    }
}
