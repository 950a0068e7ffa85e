/// The sentences of a text in another order. A sentence ends with `.`, `!`, `?` and white space, or with `。`, `！`, `？`.
package enum SentenceOrder: Perturbation {
    package static let name = "sentence_order"
    package static let summary = "the sentences of each text in another order"

    package static func skipReason(_ task: PerturbedTask) -> String? {
        task.kind.allFields.contains("tokens") ? "the words of \(task.kind.name) keep their order" : nil
    }

    package static func changed(_ example: Example, of task: PerturbedTask, _ draws: inout Draws) -> Example? {
        example.mapTexts { text in
            let sentences = sentences(text)
            guard sentences.count > 1 else { return text }
            let identity = Array(sentences.indices)
            var order = identity.shuffled(using: &draws)
            if order == identity { order.append(order.removeFirst()) }
            // What stands between two sentences stays in its place
            return order.enumerated().map { place, sentence in
                sentences[sentence].text + (sentences[place].gap)
            }.joined()
        }
    }

    /// Sentences, each with the white space behind it.
    private static func sentences(_ text: String) -> [(text: String, gap: String)] {
        var sentences: [(text: String, gap: String)] = []
        var (sentence, gap) = ("", "")
        var (isEnd, isWide) = (false, false)
        for character in text {
            let endsHere = isEnd && (isWide || !gap.isEmpty) && !character.isWhitespace && !marks.contains(character)
            if endsHere {
                sentences.append((sentence, gap))
                (sentence, gap, isEnd, isWide) = ("", "", false, false)
            }
            if character.isWhitespace, isEnd {
                gap.append(character)
                continue
            }
            sentence += gap
            gap = ""
            sentence.append(character)
            let isClosing = isEnd && closing.contains(character)
            isWide = wide.contains(character) || (isWide && isClosing)
            isEnd = marks.contains(character) || isClosing
        }
        if !sentence.isEmpty || !gap.isEmpty { sentences.append((sentence, gap)) }
        return sentences
    }

    private static let wide: Set<Character> = ["。", "！", "？"]
    private static let marks = wide.union([".", "!", "?"])
    private static let closing: Set<Character> = ["\"", "'", ")", "]", "”", "’", "」", "』", "»"]
}
