import CKernels

/// The mixing step of AdapterFusion (Pfeiffer et al. 2021, section 3.2.2) over whole outputs u₁ … u_N.
///
/// pₙ = softmaxₙ(dropout(m · uₙ + b + priorₙ) / T), y = Σₙ pₙ uₙ, where m = Kᵀq and b = q · key bias. It computes what `FusionMix`
/// does, but for outputs that have no narrow form, such as those of stacks, and for adapters that are trained.
///
/// m, each uₙ and y: [rows, width]; b: [rows, 1]. Differentiable in all of them.
package final class AdapterAttention: Operation {
    private let query: Value
    private let queryBias: Value
    private let outputs: [Value]
    private let prior: [Float]
    private let temperature: Float
    private let dropout: DropoutSite
    package let output: Value

    /// - Parameters:
    ///   - query: m, the query seen through the key matrix.
    ///   - prior: constants for each adapter; nil: zeros.
    ///   - dropout: of the scores; as in `FusionMix`, adapter n's random number is that of column n.
    package init(
        query: Value, queryBias: Value, outputs: [Value], prior: [Float]? = nil, temperature: Float,
        dropout: DropoutSite,
        in builder: PlanBuilder
    ) {
        precondition(!outputs.isEmpty, "attention over no adapter")
        for value in outputs { value.require(like: query, "an adapter's output") }
        precondition(
            queryBias.rows == query.rows && queryBias.width == 1,
            "a bias of \(queryBias.rows) and width \(queryBias.width) for \(query.rows)")
        self.query = query
        self.queryBias = queryBias
        self.outputs = outputs
        self.prior = prior ?? [Float](repeating: 0, count: outputs.count)
        precondition(self.prior.count == outputs.count, "a prior of \(self.prior.count) for \(outputs.count) adapters")
        self.temperature = temperature
        self.dropout = dropout
        output = builder.value(query.rows, query.width)
    }

    package var inputs: [Value] { [query, queryBias] + outputs }
    package var readInBackward: [Value] { [query] + outputs }
    package var rowCut: RowCut { .own }
    package var drops: Bool { dropout.rate > 0 }

    /// The probabilities.
    package var privateWidth: Int { outputs.count }

    package func forward(_ run: SliceRun) {
        let (rows, width, count) = (run.rows(query), query.width, outputs.count)
        let (p, y, m, b) = (run.own, run.values(output), run.values(query), run.values(queryBias))
        let u = outputs.map { UnsafePointer(run.values($0)) }
        for row in 0..<rows {
            for n in 0..<count {
                p[row * count + n] = Self.dot(m + row * width, u[n] + row * width, width) + b[row] + prior[n]
            }
        }
        drop(p, rows: rows, run)
        for row in 0..<rows {
            run.kernels.pointee.softmax(p + row * count, count)
            for n in 0..<count {
                run.kernels.pointee.add(y + row * width, u[n] + row * width, width, p[row * count + n], n > 0)
            }
        }
    }

    package func backward(_ run: SliceRun) {
        let (rows, width, count) = (run.rows(query), query.width, outputs.count)
        let (p, m, dy) = (run.own, run.values(query), run.outputGradient)
        let u = outputs.map { UnsafePointer(run.values($0)) }
        let ds = run.scratch(rows * count)
        for row in 0..<rows {
            var mean: Float = 0
            for n in 0..<count {
                let dp = Self.dot(dy + row * width, u[n] + row * width, width)
                ds[row * count + n] = dp
                mean += p[row * count + n] * dp
            }
            for n in 0..<count { ds[row * count + n] = p[row * count + n] * (ds[row * count + n] - mean) }
        }
        drop(ds, rows: rows, run)
        if let target = run.gradient(0) {
            for row in 0..<rows {
                for n in 0..<count {
                    run.kernels.pointee.add(
                        target.pointer + row * width, u[n] + row * width, width, ds[row * count + n],
                        target.adds || n > 0)
                }
            }
        }
        if let target = run.gradient(1) {
            for row in 0..<rows {
                var sum: Float = target.adds ? target.pointer[row] : 0
                for n in 0..<count { sum += ds[row * count + n] }
                target.pointer[row] = sum
            }
        }
        for n in 0..<count {
            guard let target = run.gradient(2 + n) else { continue }
            for row in 0..<rows {
                let du = target.pointer + row * width
                run.kernels.pointee.add(du, dy + row * width, width, p[row * count + n], target.adds)
                run.kernels.pointee.add(du, m + row * width, width, ds[row * count + n], true)
            }
        }
    }

    /// x = mask · x / temperature, in place; x: [rows, adapters]. The scores and their gradients are dropped alike.
    private func drop(_ x: UnsafeMutablePointer<Float>, rows: Int, _ run: SliceRun) {
        run.withIdentities(query.rows) { identities in
            run.kernels.pointee.drop_rows(
                x, x, nil, identities, rows, outputs.count, dropout.kernel(stepKey: run.stepKey), false)
        }
        if temperature != 1 { for i in 0..<rows * outputs.count { x[i] /= temperature } }
    }

    /// Σ a b in one fixed order: eight sums side by side, then their sum.
    static func dot(_ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, _ count: Int) -> Float {
        var sums = SIMD8<Float>.zero
        var i = 0
        while i + 8 <= count {
            let x = UnsafeRawPointer(a + i).loadUnaligned(as: SIMD8<Float>.self)
            let y = UnsafeRawPointer(b + i).loadUnaligned(as: SIMD8<Float>.self)
            sums += x * y
            i += 8
        }
        var total = sums.sum()
        while i < count {
            total += a[i] * b[i]
            i += 1
        }
        return total
    }
}
