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
        for i in indices {
            let count = examples.sequences(of: i).count
            classes += (0..<count).map { $0 == questions[i]?.answer ? 0 : -1 }
            rows += [Int](repeating: i, count: count)
            groups.append(count)
        }
        var targets = HeadTargets(.classes(classes), weights: loss.weights(ofRows: rows))
        targets.groups = groups
        return targets
    }

    package func answers(_ results: HeadResults) -> HeadAnswers {
        let scored = questions.indices.filter { questions[$0]?.answer != nil }
        return HeadAnswers(
            ChoiceAnswers(
                predicted: questions.indices.map { Evaluator.best(ChoiceOutput.logits(results, $0)) }, of: questions),
            scored: scored)
    }

    package var strata: [Int?] { questions.map { $0?.answer == nil ? nil : 0 } }

    package func hash(into digest: inout Digest.Incremental) {
        questions.map { Int32($0?.answer ?? -1) }.withUnsafeBytes { digest.update($0) }
    }
}
