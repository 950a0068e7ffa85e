/// pₙ = softmaxₙ((m · uₙ + b + priorₙ) / T): what `AdapterAttention` gives each output without dropout, as a value that can be read.
///
/// m and each uₙ: [rows, width]; b: [rows, 1]; p: [rows, N]. For plans that are only read: it has no gradient.
package final class AttentionShares: Operation {
    private let query: Value
    private let queryBias: Value
    private let outputs: [Value]
    private let prior: [Float]
    private let temperature: Float
    package let output: Value

    package init(
        query: Value, queryBias: Value, outputs: [Value], prior: [Float]? = nil, temperature: Float,
        in builder: PlanBuilder
    ) {
        precondition(!outputs.isEmpty, "attention over no adapter")
        for value in outputs { value.require(like: query, "an adapter's output") }
        self.query = query
        self.queryBias = queryBias
        self.outputs = outputs
        self.prior = prior ?? [Float](repeating: 0, count: outputs.count)
        precondition(self.prior.count == outputs.count, "a prior of \(self.prior.count) for \(outputs.count) adapters")
        self.temperature = temperature
        output = builder.value(query.rows, outputs.count)
    }

    package var inputs: [Value] { [query, queryBias] + outputs }
    package var rowCut: RowCut { .own }

    package func forward(_ run: SliceRun) {
        let (width, count) = (query.width, outputs.count)
        let (p, m, b) = (run.values(output), run.values(query), run.values(queryBias))
        for row in 0..<run.rows(query) {
            for n in 0..<count {
                let u = run.values(outputs[n]) + row * width
                p[row * count + n] = (AdapterAttention.dot(m + row * width, u, width) + b[row] + prior[n]) / temperature
            }
            run.kernels.pointee.softmax(p + row * count, count)
        }
    }

    package func backward(_ run: SliceRun) { preconditionFailure("shares of attention have no gradient") }
}
