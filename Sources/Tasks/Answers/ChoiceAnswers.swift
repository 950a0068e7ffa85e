/// One of several choices for each question. Questions may differ in how many choices they have.
package struct ChoiceAnswers: Answers, Equatable {
    package static let form = "choices"

    /// Positions of choices, from 0.
    package var predicted: [Int]
    /// The right positions.
    package var gold: [Int]
    /// How many choices each question has.
    package var choices: [Int]

    package var count: Int { gold.count }

    /// - Parameters:
    ///   - predicted: a position for each question, below its number of choices
    ///   - gold: as many right positions
    ///   - choices: how many choices each question has
    package init(predicted: [Int], gold: [Int], choices: [Int]) {
        precondition(
            predicted.count == gold.count && choices.count == gold.count,
            "\(predicted.count) predictions for \(gold.count) questions")
        self.predicted = predicted
        self.gold = gold
        self.choices = choices
    }

    /// The answers to those questions whose right choice is known.
    /// - Parameters:
    ///   - predicted: a position for each question
    ///   - questions: as many; nil or without an answer: the question is not scored
    package init(predicted: [Int], of questions: [Choices?]) {
        precondition(
            predicted.count == questions.count, "\(predicted.count) predictions for \(questions.count) questions")
        let scored = zip(predicted, questions).compactMap { p, question in
            question.flatMap { question in question.answer.map { (p, $0, question.choices.count) } }
        }
        self.init(predicted: scored.map { $0.0 }, gold: scored.map { $0.1 }, choices: scored.map { $0.2 })
    }

    package var bytes: [UInt8] {
        var bytes: [UInt8] = []
        CanonicalData.append(count, to: &bytes)
        for i in 0..<count {
            for number in [predicted[i], gold[i], choices[i]] { CanonicalData.append(number, to: &bytes) }
        }
        return bytes
    }

    package init?(bytes: [UInt8]) {
        var reader = ByteReader(bytes)
        func question(_ reader: inout ByteReader) -> (predicted: Int, gold: Int, choices: Int)? {
            guard let p = reader.integer(), let g = reader.integer(), let count = reader.integer(),
                (0...1 << 24).contains(count), (0..<count).contains(p), (0..<count).contains(g)
            else { return nil }
            return (p, g, count)
        }
        guard let questions = reader.list(question), reader.isAtEnd else { return nil }
        self.init(
            predicted: questions.map(\.predicted), gold: questions.map(\.gold), choices: questions.map(\.choices))
    }
}

extension ChoiceAnswers: CountedAnswers {
    package static let isExclusive = true
    package static let hasLabels = false
    package var classes: Int { choices.max() ?? 0 }

    package func count(_ example: Int, times: Int, in counts: inout ClassCounts) {
        counts.add(predicted: predicted[example], gold: gold[example], times: times)
    }
}
