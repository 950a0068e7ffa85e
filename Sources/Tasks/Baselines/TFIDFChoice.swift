/// Predicts the choice whose TF-IDF row is most like that of the question and its context (by cosine); of equal ones the first.
/// It learns the weights of terms alone, from all texts of the training split.
package struct TFIDFChoice: Baseline {
    package static let label = "TF-IDF similarity"

    private let vectorizer: TFIDFVectorizer

    package static func answers(_ data: TaskData, metric: any Metric.Type) -> (any Answers)? {
        let questions = data.train.compactMap(\.choices)
        guard !questions.isEmpty else { return nil }
        let model = TFIDFChoice(fitting: questions)
        let test = data.test.map(\.choices)
        return ChoiceAnswers(predicted: test.map { $0.map { model.predict($0) } ?? 0 }, of: test)
    }

    init(fitting questions: [Choices]) {
        vectorizer = TFIDFVectorizer(fitting: questions.flatMap { [Self.asked($0)] + $0.choices })
    }

    /// The cosine of each choice with what is asked; 0 for a choice without known terms.
    func similarities(_ question: Choices) -> [Double] {
        let rows = vectorizer.transform([Self.asked(question)] + question.choices)
        var asked: [Int32: Double] = [:]
        for (column, value) in rows.row(0) { asked[column] = value }
        return question.choices.indices.map { i in
            rows.row(i + 1).reduce(0) { $0 + $1.value * (asked[$1.column] ?? 0) }
        }
    }

    /// - Returns: the position of a choice
    func predict(_ question: Choices) -> Int {
        let scores = similarities(question)
        return scores.indices.reduce(0) { scores[$1] > scores[$0] ? $1 : $0 }
    }

    /// The context and the question as one text.
    private static func asked(_ question: Choices) -> String {
        question.context.map { $0 + "\n" + question.question } ?? question.question
    }
}
