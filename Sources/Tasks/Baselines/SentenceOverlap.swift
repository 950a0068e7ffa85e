import Foundation

/// Answers from the sentence that shares most with the question, weighted by the words' inverse document frequency: a
/// sliding window over its words finds those that are rarest and not in the question.
///
/// After the sliding-window baseline of Richardson et al. 2013 (section 5.1), which Rajpurkar et al. 2016 use for SQuAD
/// (section 5.1). The window has as many words as the median training answer. If there are questions without an answer, a
/// threshold on the overlap, chosen on dev, says which.
package struct SentenceOverlap: Baseline {
    package static let label = "TF-IDF overlap of sentences"

    private let idf: [String: Double]
    private let unknown: Double
    private let length: Int

    package static func answers(_ data: TaskData, metric: any Metric.Type) -> (any Answers)? {
        guard let model = SentenceOverlap(fitting: data.train) else { return nil }
        let threshold = model.threshold(data.dev)
        return SpanAnswers(
            predicted: data.test.map { example in
                let (text, overlap) = model.answer(example)
                return threshold.map { -overlap > $0 } ?? false ? "" : text
            }, of: data.test.map(\.answerSpans))
    }

    /// - Returns: nil if no question has an answer
    init?(fitting train: [Example]) {
        length = ConstantAnswer.medianWords(train)
        guard length > 0 else { return nil }
        // Several questions share a context
        let contexts = Set(train.compactMap(\.pair))
        var counts: [String: Int] = [:]
        for context in contexts {
            for word in Set(ContextWords(context).words) { counts[word, default: 0] += 1 }
        }
        let all = Double(1 + contexts.count)
        idf = counts.mapValues { log(all / Double(1 + $0)) + 1 }
        unknown = log(all) + 1
    }

    /// - Returns: the answer, empty if the context has no words, and the share of the question that its sentence has, 0...1
    func answer(_ example: Example) -> (text: String, overlap: Double) {
        let context = ContextWords(example.pair ?? "")
        let question = Set(ContextWords(example.text).words)
        var best: (overlap: Double, sentence: Range<Int>)?
        for sentence in context.sentences {
            let overlap = weight(question.intersection(context.words[sentence]))
            if best.map({ overlap > $0.overlap }) ?? true { best = (overlap, sentence) }
        }
        guard let best else { return ("", 0) }
        let all = weight(question)
        return (
            context.text(window(of: best.sentence, in: context, question: question)),
            all > 0 ? best.overlap / all : 0
        )
    }

    /// The words of the sentence that weigh most; words of the question weigh nothing. Of equal windows the first.
    private func window(of sentence: Range<Int>, in context: ContextWords, question: Set<String>) -> Range<Int> {
        let length = min(length, sentence.count)
        let weights = sentence.map { question.contains(context.words[$0]) ? 0 : weight(of: context.words[$0]) }
        let sums = (0...(weights.count - length)).map { weights[$0..<$0 + length].reduce(0, +) }
        let start = sentence.lowerBound + (sums.firstIndex(of: sums.max() ?? 0) ?? 0)
        return start..<start + length
    }

    /// Above which negative overlap a question has no answer; nil: all have one.
    private func threshold(_ dev: [Example]) -> Double? {
        let gold = dev.compactMap { example in example.answerSpans?.spans.map { (example, $0.map(\.text)) } }
        guard gold.contains(where: { $0.1.isEmpty }) else { return nil }
        return NoAnswerThreshold.best(
            gold.map { example, texts in
                let (text, overlap) = answer(example)
                return .init(
                    difference: -overlap, score: AnswerScores.score(text, texts, hasUnanswerable: true).f1,
                    hasAnswer: !texts.isEmpty)
            })
    }

    private func weight(of word: String) -> Double { idf[word] ?? unknown }

    /// In the order of the words: a sum must not depend on that of a set.
    private func weight(_ words: Set<String>) -> Double { words.sorted().reduce(0) { $0 + weight(of: $1) } }
}
