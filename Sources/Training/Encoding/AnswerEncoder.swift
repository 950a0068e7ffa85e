import Numerics
import Tasks
import Text

/// Prompts with their answers as tokens: the prompt as it is continued when texts are written, the answer's tokens, and the one
/// that ends a text. A pair that is too long loses the beginning of its prompt, so that the answer stays; if the answer alone is too
/// long, it loses its end.
struct AnswerEncoder {
    let tokenizer: any Tokenizer
    /// nil: the model has none, and answers do not learn to end.
    let end: Int32?
    /// Tokens of a pair at most.
    let length: Int
    /// Makes each prompt what a user says after some turns; nil: a prompt is a text.
    var chat: (template: ChatPrompt, turns: [ChatTurn])?

    /// - Throws: `TextError` for a prompt that the chat template refuses
    func encode(_ rows: [AnsweredPrompts.Row], pool: ThreadPool) throws(TextError) -> EncodedExamples {
        var rows = rows
        if let chat {
            for i in rows.indices {
                rows[i].prompt = try chat.template.text(chat.turns + [ChatTurn(.user, rows[i].prompt)])
            }
        }
        return encoded(rows, pool: pool)
    }

    private func encoded(_ rows: [AnsweredPrompts.Row], pool: ThreadPool) -> EncodedExamples {
        let block = 64
        let blocks = (rows.count + block - 1) / block
        var encoded = [[(ids: [Int32], learned: Range<Int>, isTruncated: Bool)]](repeating: [], count: blocks)
        encoded.withUnsafeMutableBufferPointer { slots in
            guard let base = slots.baseAddress else { return }
            pool.run(blocks) { b, _ in
                base[b] = rows[b * block..<min(rows.count, (b + 1) * block)].map { encode($0) }
            }
        }
        let all = encoded.flatMap { $0 }
        return EncodedExamples(answers: all.map { ($0.ids, $0.learned) }, truncated: all.count(where: \.isTruncated))
    }

    private func encode(_ row: AnsweredPrompts.Row) -> (ids: [Int32], learned: Range<Int>, isTruncated: Bool) {
        let prompt = tokenizer.encode(row.prompt, pair: nil, maxLength: .max)
        // Special tokens behind the prompt would stand in the middle of the text
        let trailing = prompt.sequence.reversed().prefix { $0 == Encoding.special }.count
        let kept =
            chat != nil
            ? prompt.textTokens : trailing == prompt.ids.count ? prompt.ids : Array(prompt.ids.dropLast(trailing))
        var own = tokenizer.encode(row.answer, pair: nil, maxLength: .max).textTokens
        if let end { own.append(end) }
        let isTruncated = kept.count + own.count > length
        // At least one token stands before the answer
        own = Array(own.prefix(length - 1))
        let before = Array(kept.suffix(length - own.count))
        return (before + own, before.count..<before.count + own.count, isTruncated)
    }
}
