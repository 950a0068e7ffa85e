import Numerics

extension HeadPlan {
    /// Tokens of a batch when scoring.
    private static let batchTokens = 4096

    /// The mean loss of all tokens that are predicted, as an objective's scores.
    /// - Parameters:
    ///   - name: what the scores are named after.
    ///   - part: some examples as the plan takes them.
    func meanLoss(
        of examples: EncodedExamples, named name: String, workspace: Workspace, part: ([Int]) -> BatchPart
    ) -> [String: Evaluation] {
        var evaluation = Evaluation()
        var loss = 0.0
        for indices in examples.batches(Array(0..<examples.count), policy: .tokens(Self.batchTokens)) {
            let losses = plan.run(PackedBatch([part(indices)]), workspace: workspace).values(rowLosses)
            loss += losses.reduce(0.0) { $0 + Double($1) }
            evaluation.examples += losses.count
        }
        evaluation.loss = evaluation.examples > 0 ? loss / Double(evaluation.examples) : 0
        evaluation.score = -evaluation.loss
        return [name: evaluation]
    }
}
