import Files
import Models
import Numerics
import Tasks

/// The right choice of each question.
package struct ChoiceColumn: TargetColumn {
    private let questions: [Choices?]

    init(_ examples: [Example]) { questions = examples.map(\.choices) }

    /// The right choice's row has class 0 and the others none, so that each question counts once.
    package func targets(
        _ indices: [Int], of examples: EncodedExamples, as head: BatchHead, loss: LossTargets, longest: Int,
        predicts: Bool
    ) -> HeadTargets? {
        var (classes, rows, groups): ([Int32], [Int], [Int]) = ([], [], [])
        // A sequence is a choice
        var taught: [Int] = []
        for i in indices {
            let count = examples.sequences(of: i).count
            taught += examples.sequences(of: i)
            classes += (0..<count).map { $0 == questions[i]?.answer ? 0 : -1 }
            rows += [Int](repeating: i, count: count)
            groups.append(count)
        }
        return HeadTargets(
            .classes(classes), groups: groups, weights: loss.weights(ofRows: rows),
            teacher: predicts ? nil : loss.teacher(taught))
    }

    package func answers(_ results: HeadResults) -> HeadAnswers {
        let scored = questions.indices.filter { questions[$0]?.answer != nil }
        return HeadAnswers(
            ChoiceAnswers(
                predicted: questions.indices.map { Evaluator.best(ChoiceOutput.logits(results, $0)) }, of: questions),
            scored: scored)
    }

    /// Of each choice: 1 for the right one of its question, 0 for others.
    package func classes(of features: Features) -> [Int32] {
        questions.indices.flatMap { i in
            features.rows(i).enumerated().map { place, _ in
                questions[i]?.answer.map { $0 == place ? 1 : 0 } ?? -1
            }
        }
    }

    package var strata: [Int?] { questions.map { $0?.answer == nil ? nil : 0 } }

    package func hash(into digest: inout Digest.Incremental) {
        questions.map { Int32($0?.answer ?? -1) }.withUnsafeBytes { digest.update($0) }
    }
}
