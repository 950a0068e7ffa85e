/// Whether a batch holds examples of one task or of several.
package enum Mix: String, CaseIterable, Sendable {
    /// Each step is a batch of one task, which the scheduler chooses.
    case batch
    /// Each batch is put together from small pieces, and the scheduler chooses the task of each.
    case within

    /// Pieces of a batch of so many tokens, at most: more would mix finer, and leave more room unused.
    private static let tokenPieces = 16

    /// What the scheduler chooses a task for: how a task's examples are cut, and how many pieces make a step.
    ///
    /// With `within`, a piece is one example of a batch of so many examples. Of a batch of so many tokens it is a sixteenth,
    /// or as much as the longest text takes, so that the pieces of a step never exceed the batch.
    /// - Parameter longest: tokens of the longest text
    func pieces(_ policy: BatchPolicy, longest: Int) -> (policy: BatchPolicy, ofStep: Int) {
        switch (self, policy) {
        case (.batch, _): return (policy, 1)
        case (.within, .examples(let count)): return (.examples(1), count)
        case (.within, .tokens(let count)):
            let room = min(count, max(1, longest, count / Self.tokenPieces))
            return (.tokens(room), count / room)
        }
    }
}
