import Foundation
import Tasks

/// Answers from start and end logits, as `transformers`' script for question answering (`run_qa`) finds them.
///
/// In each window, the tokens of the context with the `count` largest start logits and those with the `count` largest end
/// logits are paired; a pair whose end is not before its start and that has at most `longest` tokens is a candidate with the
/// sum of its logits. The score of no answer is the smallest over the windows of the sum of the first token's logits. Unlike
/// the script, only tokens of the context compete, and an answer that two windows find is one candidate with the better score.
struct SpanDecoder: Sendable {
    /// Candidates that are kept (`n_best_size`).
    var count: Int
    /// Tokens of an answer at most (`max_answer_length`).
    var longest: Int

    struct Candidate: Equatable, Sendable {
        /// In scalars of the context.
        var range: Range<Int>
        var score: Double
    }

    struct Answers: Equatable, Sendable {
        /// The best first.
        var candidates: [Candidate]
        /// The score of no answer.
        var none: Double

        /// The score of no answer less that of the best answer; nil: there is no candidate.
        var difference: Double? { candidates.first.map { none - $0.score } }
    }

    /// - Parameters:
    ///   - logits: [tokens, 2] of the example's windows, one after the other
    ///   - windows: the tokens of each
    ///   - places: for each token what it covers of the context; below 0 where it belongs to something else
    func answers(_ logits: ArraySlice<Float>, windows: [Range<Int>], places: ArraySlice<Range<Int32>>) -> Answers {
        let first = logits.startIndex
        func logit(_ token: Int, _ column: Int) -> Double {
            let value = Double(logits[first + 2 * token + column])
            // What a diverged model says is no reason to trap
            return value.isNaN ? -1e300 : min(max(value, -1e300), 1e300)
        }
        func place(_ token: Int) -> Range<Int32> { places[places.startIndex + token] }
        var best: [Range<Int>: Double] = [:]
        var none = Double.infinity
        for window in windows {
            none = min(none, logit(window.lowerBound, 0) + logit(window.lowerBound, 1))
            let context = window.filter { place($0).lowerBound >= 0 }
            func largest(_ column: Int) -> [Int] {
                Array(context.sorted { (-logit($0, column), $0) < (-logit($1, column), $1) }.prefix(count))
            }
            let ends = largest(1)
            for start in largest(0) {
                for end in ends where end >= start && end - start < longest {
                    let (from, to) = (Int(place(start).lowerBound), Int(place(end).upperBound))
                    guard to > from else { continue }
                    let score = logit(start, 0) + logit(end, 1)
                    if best[from..<to].map({ score > $0 }) ?? true { best[from..<to] = score }
                }
            }
        }
        let candidates = best.map { Candidate(range: $0.key, score: $0.value) }.sorted {
            (-$0.score, $0.range.lowerBound, $0.range.upperBound) < (
                -$1.score, $1.range.lowerBound, $1.range.upperBound
            )
        }
        return Answers(candidates: Array(candidates.prefix(count)), none: none)
    }

    /// Probabilities of the candidates and of no answer, if that may be said: softmax of their scores.
    ///
    /// No answer is among the `count` best, or one more.
    func probabilities(_ answers: Answers, hasNone: Bool) -> (candidates: [Double], none: Double?) {
        var scores = answers.candidates.map(\.score)
        if hasNone {
            if scores.count == count, scores.last.map({ $0 < answers.none }) ?? false { scores.removeLast() }
            scores.append(answers.none)
        }
        let top = scores.max() ?? 0
        let powers = scores.map { exp($0 - top) }
        let sum = powers.reduce(0, +)
        let all = powers.map { $0 / sum }
        return hasNone ? (Array(all.dropLast()), all.last) : (all, nil)
    }
}

/// The answer to a question.
package struct SpanPrediction: Sendable, Equatable {
    package struct Choice: Sendable, Equatable {
        /// Empty: there is no answer.
        package var text: String
        /// In code points of the context; nil: there is no answer.
        package var start: Int?
        package var probability: Float

        package init(text: String, start: Int?, probability: Float) {
            self.text = text
            self.start = start
            self.probability = probability
        }
    }

    package var answer: Choice
    /// Candidates, no answer among them if that may be said, the most probable first.
    package var best: [Choice]

    package init(answer: Choice, best: [Choice]) {
        self.answer = answer
        self.best = best
    }
}
