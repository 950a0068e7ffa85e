/// Gives every question the same kind of answer: none if training questions without an answer score more than the first
/// words of their contexts do, else the context's first words, as many as the median training answer has.
package struct ConstantAnswer: Baseline {
    package static let label = "constant answer"

    /// 0: no answer.
    private let words: Int

    package static func answers(_ data: TaskData, metric: any Metric.Type) -> (any Answers)? {
        ConstantAnswer(fitting: data.train, metric: metric).map { model in
            SpanAnswers(predicted: data.test.map(model.answer), of: data.test.map(\.answerSpans))
        }
    }

    /// - Returns: nil if no question says whether it has an answer
    init?(fitting train: [Example], metric: any Metric.Type) {
        let gold = train.map(\.answerSpans)
        guard gold.contains(where: { $0?.spans != nil }) else { return nil }
        let length = Self.medianWords(train)
        let scores = [0, length].map { words in
            let answers = SpanAnswers(predicted: train.map { Self.firstWords(words, of: $0) }, of: gold)
            return metric.criterion(metric.value(ofAny: answers))
        }
        words = length > 0 && scores[1] >= scores[0] ? length : 0
    }

    func answer(_ example: Example) -> String { Self.firstWords(words, of: example) }

    private static func firstWords(_ count: Int, of example: Example) -> String {
        let context = ContextWords(example.pair ?? "")
        return context.text(0..<min(count, context.count))
    }

    /// The median number of words of the first answers; 0 if there is none.
    static func medianWords(_ train: [Example]) -> Int {
        let lengths = train.compactMap { $0.answerSpans?.spans?.first }
            .map { max(1, ContextWords($0.text).count) }.sorted()
        return lengths.isEmpty ? 0 : lengths[lengths.count / 2]
    }
}
