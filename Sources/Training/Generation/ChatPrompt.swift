import Files
import Models
import Text

/// A turn of a conversation.
package struct ChatTurn: Sendable, Equatable {
    package enum Role: String, CaseIterable, Sendable { case system, user, assistant }

    package var role: Role
    package var content: String

    package init(_ role: Role, _ content: String) {
        self.role = role
        self.content = content
    }
}

/// What a text is to follow.
package enum WritingPrompt: Sendable, Equatable {
    /// A text as it is, with the tokenizer's special tokens around it.
    case text(String)
    /// The assistant's answer to a conversation, as the model's chat template writes it.
    case chat([ChatTurn])
}

/// Writes conversations as a model was trained to read them.
struct ChatPrompt {
    private let found: ChatTemplateFolder.Found
    /// What messages call the template.
    private let file: String

    /// - Throws: `TrainingError.setting` for a model without a chat template; `TextError` for a template that is not understood
    init(_ model: EncoderModel) throws {
        guard let found = try ChatTemplateFolder.load(model.encoderFolder) else {
            throw TrainingError.setting(
                name: "--chat", found: "a model without a chat template",
                expected: "one with chat_template.jinja, or a template in tokenizer_config.json or in its GGUF file")
        }
        self.found = found
        file = model.encoderFolder.path
    }

    /// The conversation up to where the assistant's answer begins; the template's own special tokens are part of it.
    /// - Throws: `TextError` for a conversation that the template refuses
    func text(_ turns: [ChatTurn]) throws(TextError) -> String {
        var values = ChatTemplate.Values()
        values.asksForAnswer = true
        (values.first, values.last) = (found.first, found.last)
        let messages = turns.map { turn in
            JSONValue.object([("role", .string(turn.role.rawValue)), ("content", .string(turn.content))])
        }
        do { return try found.template.render(messages, values) } catch { throw .template(file: file, error) }
    }
}
