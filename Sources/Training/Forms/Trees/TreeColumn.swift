import Files
import Models
import Numerics
import Tasks

/// A dependency tree over the words of each example.
package struct TreeColumn: TargetColumn {
    /// nil: the example has no tree.
    private let trees: [ParsedTokens?]
    /// Words of each example.
    private let counts: [Int]
    /// The head's labels.
    private let names: [String]

    init(_ examples: [Example], names: [String]) {
        trees = examples.map { $0.parsed.flatMap { $0.heads == nil ? nil : $0 } }
        counts = examples.map(\.words.count)
        self.names = names
    }

    /// Every word is marked, since each can be the head of another. A word is trained on if its head has a token.
    package func targets(
        _ indices: [Int], of examples: EncodedExamples, as head: BatchHead, loss: LossTargets, longest: Int,
        predicts: Bool
    ) -> HeadTargets? {
        var (marks, targets, rows): ([Int32], [Int32], [Int]) = ([], [], [])
        var start = 0
        for i in indices {
            if predicts || trees[i] != nil {
                let words = examples.wordTokens(i, all: false, longest: longest)
                // By word: its place among those with a token, from 1
                let places = Dictionary(uniqueKeysWithValues: words.enumerated().map { ($1.word + 1, Int32($0 + 1)) })
                for (position, word, _) in words {
                    marks.append(Int32(start + position))
                    rows.append(i)
                    let gold = trees[i]?.heads?[word]
                    let place = gold.flatMap { $0 == 0 ? 0 : places[$0] } ?? -1
                    targets += [place, place < 0 ? -1 : Int32(trees[i]?.labels?[word] ?? -1)]
                }
            }
            start += examples.length(i, longest: longest)
        }
        return HeadTargets(.indices(targets, width: 2), marks: marks, weights: loss.weights(ofRows: rows))
    }

    package func answers(_ results: HeadResults) -> HeadAnswers {
        let predicted = TreeOutput.trees(results, counts: counts, labels: names)
        return HeadAnswers(
            TreeAnswers(predicted: predicted, of: trees, labels: names),
            scored: trees.indices.filter { trees[$0] != nil }, unknown: trees.count { $0?.unknown.isEmpty == false })
    }

    /// The labels of the words' arcs.
    package func classes(of features: Features) -> [Int32] {
        (0..<features.offsets.count - 1).flatMap { i in
            features.rows(i).map { Int32(trees[i]?.labels?[features.words[$0]] ?? -1) }
        }
    }

    package var strata: [Int?] { trees.map { $0 == nil ? nil : 0 } }

    package func hash(into digest: inout Digest.Incremental) {
        for tree in trees {
            let numbers = (tree?.heads ?? []) + (tree?.labels ?? [])
            ([numbers.count] + numbers).withUnsafeBytes { digest.update($0) }
        }
    }
}
