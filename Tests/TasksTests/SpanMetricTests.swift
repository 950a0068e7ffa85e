import Foundation
import Testing

@testable import Tasks

/// Exact match, F1 and thresholds against SQuAD's evaluation scripts.
struct SpanMetricParityTests {
    private struct File: Decodable {
        struct Means: Decodable {
            var rows: [Int]
            var exact_match: Double
            var qa_f1: Double
        }
        struct Case: Decodable {
            var gold: [[String]]
            var predicted: [String]
            var exact: [Double]
            var f1: [Double]
            var all: Means
            var resamples: [Means]
        }
        struct Threshold: Decodable {
            var difference: [Double]
            var score: [Double]
            var has_answer: [Bool]
            var best: Double?
            var value: Double
        }
        var cases: [Case]
        var thresholds: [Threshold]
    }

    /// Each example's scores to the last digit; means up to the order of a sum.
    @Test func scoresEqualTheScripts() throws {
        for (number, one) in try golden("squad", as: File.self).cases.enumerated() {
            let answers = SpanAnswers(predicted: one.predicted, gold: one.gold)
            let scores = AnswerScores(for: answers).scores
            for i in scores.indices {
                let place = "case \(number), \(one.predicted[i].debugDescription) for \(one.gold[i])"
                #expect(scores[i].exact == one.exact[i], "\(place)")
                #expect(scores[i].f1 == one.f1[i], "\(place)")
            }
            #expect(abs(ExactMatch.value(of: answers) - one.all.exact_match) < 1e-15)
            #expect(abs(AnswerF1.value(of: answers) - one.all.qa_f1) < 1e-15)
            for resample in one.resamples {
                let tally = TypedTally<AnswerScores>(answers)
                for row in resample.rows { tally.add(row, times: 1) }
                #expect(abs(tally.value(of: ExactMatch.self) - resample.exact_match) < 1e-15)
                #expect(abs(tally.value(of: AnswerF1.self) - resample.qa_f1) < 1e-15)
            }
        }
    }

    @Test func thresholdsEqualTheScript() throws {
        let cases = try golden("squad", as: File.self).thresholds
        #expect(cases.contains { $0.best == nil } && cases.contains { $0.best != nil })
        for one in cases {
            let questions = one.difference.indices.map {
                NoAnswerThreshold.Question(
                    difference: one.difference[$0], score: one.score[$0], hasAnswer: one.has_answer[$0])
            }
            let found = NoAnswerThreshold.best(questions)
            if let best = one.best {
                #expect(found == best)
            } else {
                #expect(questions.allSatisfy { $0.difference > found })
            }
            let sum = questions.reduce(0) { sum, question in
                sum
                    + (question.difference > found
                        ? (question.hasAnswer ? 0 : 1) : question.hasAnswer ? question.score : 0)
            }
            #expect(abs(sum / Double(questions.count) - one.value) < 1e-12)
        }
    }
}

struct SpanMetricTests {
    private func score(_ predicted: String, _ gold: [String], hasUnanswerable: Bool = false) -> [Double] {
        let score = AnswerScores.score(predicted, gold, hasUnanswerable: hasUnanswerable)
        return [score.exact, score.f1]
    }

    @Test func theBestAlternativeCounts() {
        #expect(score("the Oslo!", ["Rome", "oslo"]) == [1, 1])
        #expect(score("in Oslo", ["Rome", "Oslo"]) == [0, 2.0 / 3])
        #expect(score("", ["Oslo"]) == [0, 0])
        #expect(score("", [], hasUnanswerable: true) == [1, 1])
        #expect(score("Oslo", [], hasUnanswerable: true) == [0, 0])
    }

    /// Where the two versions of the script differ: answers without words.
    @Test func answersWithoutWords() {
        #expect(score("a", ["The"]) == [1, 0])
        #expect(score("a", ["The"], hasUnanswerable: true) == [1, 1])
        #expect(score("a", ["The", "Oslo"]) == [1, 0])
        #expect(score("a", ["The", "Oslo"], hasUnanswerable: true) == [0, 0])
    }

    /// Written without spaces, an answer is one word.
    @Test func languagesWithoutSpaces() {
        #expect(score("東京都。", ["東京都"]) == [0, 0])
        #expect(score("東京都", ["東京都"]) == [1, 1])
        #expect(score("東京", ["東京都"]) == [0, 0])
    }

    @Test func questionsWithEqualDifferencesAreAnsweredTogether() {
        let questions = [(0.0, 1.0, true), (1, 0.5, true), (1, 0, false), (2, 1, true)].map {
            NoAnswerThreshold.Question(difference: $0.0, score: $0.1, hasAnswer: $0.2)
        }
        #expect(NoAnswerThreshold.best(questions) == 2)
        #expect(NoAnswerThreshold.best(Array(questions.prefix(3))) == 0)
        #expect(NoAnswerThreshold.best([]) == 0)
    }

    @Test func undefinedWithoutAnswers() {
        let none = SpanAnswers(predicted: [], gold: [])
        #expect(AnswerF1.value(of: none).isNaN && ExactMatch.value(of: none).isNaN)
    }
}

struct SpanBaselineTests {
    private func data(_ rows: [(context: String, question: String, answers: [String])]) -> TaskData {
        var data = TaskData(
            definition: TaskDefinition(
                name: "t", kind: "question-answering", data: [:], folder: URL(fileURLWithPath: "/"), source: "t"),
            labels: [])
        data.train = rows.enumerated().map { id, row in
            Example(
                id: id, text: row.question, pair: row.context,
                payload: AnswerSpans(spans: row.answers.map { .init(text: $0, start: 0) }))
        }
        data.dev = data.train
        data.test = data.train
        return data
    }

    private let answerable: [(context: String, question: String, answers: [String])] = [
        (
            "The river flows north. Its source lies near Chur, 2,345 m high! Boats are common.",
            "Where does its source lie?", ["Chur"]
        ),
        ("Gold is heavy. Iron is not.", "Which metal is heavy?", ["Gold"]),
        ("In May 1968 students went on strike.", "When did students strike?", ["May 1968"]),
    ]

    @Test func sentenceWithMostOfTheQuestion() throws {
        let answers = try #require(
            SentenceOverlap.answers(data(answerable), metric: AnswerF1.self) as? SpanAnswers)
        #expect(answers.gold == [["Chur"], ["Gold"], ["May 1968"]])
        #expect(answers.predicted.allSatisfy { !$0.isEmpty })
        #expect(["lies", "near", "Chur", "2", "345", "m", "high"].contains(answers.predicted[0]))
        #expect(answers.predicted[1] == "Gold")
    }

    @Test func sentencesEndAtStops() {
        let words = ContextWords("Dr. No came. He saw 3.5 m!\nEnd 終わり。次")
        #expect(words.sentences.map { words.text($0) } == ["Dr", "No came", "He saw 3.5 m", "End 終わり", "次"])
        #expect(words.words.prefix(3) == ["dr", "no", "came"])
        #expect(ContextWords("").sentences.isEmpty && ContextWords(" .").count == 0)
    }

    @Test func constantsAndThresholds() throws {
        let first = try #require(ConstantAnswer.answers(data(answerable), metric: AnswerF1.self) as? SpanAnswers)
        #expect(first.predicted == ["The", "Gold", "In"])
        let nothing = (0..<5).map { ("Iron \($0) is not here.", "Why do birds sing so early?", [String]()) }
        let mixed = data(answerable + nothing)
        let none = try #require(ConstantAnswer.answers(mixed, metric: AnswerF1.self) as? SpanAnswers)
        #expect(none.predicted.allSatisfy { $0.isEmpty })
        let overlap = try #require(SentenceOverlap.answers(mixed, metric: AnswerF1.self) as? SpanAnswers)
        #expect(overlap.predicted.suffix(5).allSatisfy { $0.isEmpty })
        #expect(overlap.predicted[1] == "Gold")
        #expect(SentenceOverlap.answers(data(nothing), metric: AnswerF1.self) == nil)
        #expect(ConstantAnswer.answers(data([]), metric: AnswerF1.self) == nil)
    }
}
