import Models
import Numerics

/// How one head of a task reads a batch.
package struct BatchHead: Sendable {
    /// Index of the head in the arrangement.
    package var index: Int
    /// Index of its targets in `EncodedExamples.columns`.
    package var column: Int
    package var input: HeadInput
    /// Weights of the classes in the loss; nil: all 1.
    package var classWeights: [Float]?
    /// Where a word has several tokens, the tag that each but the first is trained on; nil: the first token alone is.
    package var continuations: [Int32]?

    package init(
        index: Int, column: Int, input: HeadInput, classWeights: [Float]? = nil, continuations: [Int32]? = nil
    ) {
        self.index = index
        self.column = column
        self.input = input
        self.classWeights = classWeights
        self.continuations = continuations
    }
}

extension EncodedExamples {
    /// Some examples as a packed batch, in this order, with the targets of the task's heads.
    /// - Parameters:
    ///   - task: index of the task, for random numbers.
    ///   - longest: tokens that are taken of an example at most.
    ///   - predicts: marks the first token of every word; otherwise only tokens with a target are marked.
    package func batch(
        _ indices: [Int], task: Int, heads: [BatchHead], longest: Int = .max, predicts: Bool = false
    ) -> PackedBatch {
        PackedBatch([part(indices, task: task, heads: heads, longest: longest, predicts: predicts)])
    }

    /// The same, on its way into a batch.
    /// - Parameter stepKey: what random choices of a training's step are made by; nil: there are none.
    package func part(
        _ indices: [Int], task: Int, heads: [BatchHead], longest: Int = .max, predicts: Bool = false,
        stepKey: UInt64? = nil
    ) -> BatchPart {
        var part = BatchPart(
            indices.flatMap { self.sequences($0, task: task, longest: longest) }, targets: [:], groups: groups(indices))
        for head in heads {
            part.targets[head.index] = self.targets(of: head, indices, longest: longest, predicts: predicts)
            if let stepKey, columns.indices.contains(head.column) {
                columns[head.column].redraw(
                    &part, indices, of: self, as: head, loss: lossTargets[head.column], key: stepKey)
            }
        }
        return part
    }

    /// The rows that a head reads of the examples, one after the other: marked tokens, all tokens, or sequences.
    /// - Returns: the first row of each example, [examples + 1]; for words, the word of each row within its example.
    func rows(_ input: HeadInput) -> (offsets: [Int], words: [Int]) {
        if input == .tokens { return (firsts.map { self.offsets[$0] }, []) }
        guard input == .marked else { return (firsts, []) }
        var (offsets, words) = ([0], [Int]())
        for i in 0..<all {
            words += wordTokens(i, all: false, longest: .max).map(\.word)
            offsets.append(words.count)
        }
        return (offsets, words)
    }

    private func targets(of head: BatchHead, _ indices: [Int], longest: Int, predicts: Bool) -> HeadTargets? {
        guard columns.indices.contains(head.column) else { return nil }
        return columns[head.column].targets(
            indices, of: self, as: head, loss: lossTargets[head.column], longest: longest, predicts: predicts)
    }
}
