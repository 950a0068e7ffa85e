#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The contrastive loss of queries against the documents of their batch: for a query q with the relevant documents P
///
///     loss[q] = − 1/|P| Σ_{p ∈ P} log( exp(u_q·u_p / τ) / (exp(u_q·u_p / τ) + Σ_{n ∈ N} exp(u_q·u_n / τ)) )
///
/// u: [rows, width], of length 1, so that products are cosines; loss: [rows, 1], 0 for documents. N has every other document
/// of the batch once, whether it was given as an irrelevant one or belongs to another query, but none that is relevant to q
/// (Henderson et al. 2017, "Efficient Natural Language Response Suggestion", section 4.4; Karpukhin et al. 2020, section 3.2).
///
/// All rows of the head must stand in one slice: the batch is one group.
package final class InBatchCrossEntropy: Operation {
    private let units: Value
    private let head: Int
    private let temperature: Double
    package let output: Value

    /// - Parameters:
    ///   - units: rows of length 1
    ///   - head: whose targets in the batch it reads (`HeadTargets.Contrast`).
    ///   - temperature: τ, over 0.
    package init(_ units: Value, head: Int, temperature: Float, in builder: PlanBuilder) {
        precondition(temperature > 0, "a temperature of \(temperature)")
        self.units = units
        self.head = head
        self.temperature = Double(temperature)
        output = builder.value(units.rows, 1)
    }

    package var inputs: [Value] { [units] }
    package var readInBackward: [Value] { [units] }

    /// A query with its documents, by their rows.
    private struct Query {
        let row: Int
        var positives: [Int] = []
        var negatives: [Int] = []
    }

    private func queries(_ run: SliceRun) -> [Query] {
        guard case .contrasts(let roles)? = run.batch.targets[head]?.values, run.rows(units) > 0 else { return [] }
        precondition(run.range(units) == roles.indices, "a slice splits a batch whose rows are compared")
        var queries: [Query] = []
        /// The first row of each document.
        var rows: [(document: Int32, row: Int)] = []
        var known = Set<Int32>()
        for (row, role) in roles.enumerated() {
            switch role {
            case .query: queries.append(Query(row: row))
            case .relevant(let document), .irrelevant(let document):
                if case .relevant = role, !queries.isEmpty { queries[queries.count - 1].positives.append(row) }
                if known.insert(document).inserted { rows.append((document, row)) }
            }
        }
        for q in queries.indices {
            let own = Set(
                queries[q].positives.compactMap {
                    if case .relevant(let document) = roles[$0] { document } else { nil }
                }
            )
            queries[q].negatives = rows.filter { !own.contains($0.document) }.map(\.row)
        }
        return queries
    }

    /// Cosines over the temperature of a query with some rows.
    private func scores(_ query: Int, _ rows: [Int], _ run: SliceRun) -> [Double] {
        let (values, width) = (run.values(units), units.width)
        let own = values + query * width
        return rows.map { row in
            let other = values + row * width
            var sum = 0.0
            for c in 0..<width { sum += Double(own[c]) * Double(other[c]) }
            return sum / temperature
        }
    }

    /// log of the sum of exponentials.
    private static func logSum(_ values: [Double]) -> Double {
        guard let top = values.max() else { return -.infinity }
        return top + log(values.reduce(0) { $0 + exp($1 - top) })
    }

    package func forward(_ run: SliceRun) {
        let losses = run.values(output)
        losses.update(repeating: 0, count: run.rows(units))
        for query in queries(run) where !query.positives.isEmpty {
            let negatives = scores(query.row, query.negatives, run)
            let sum = scores(query.row, query.positives, run).reduce(0.0) {
                $0 + Self.logSum([$1] + negatives) - $1
            }
            losses[query.row] = Float(sum / Double(query.positives.count))
        }
    }

    package func backward(_ run: SliceRun) {
        guard let gradient = run.gradient(0) else { return }
        precondition(!gradient.adds, "the loss is the rows' only consumer")
        let (dy, values, width) = (run.outputGradient, run.values(units), units.width)
        gradient.pointer.update(repeating: 0, count: run.rows(units) * width)
        func add(_ scale: Double, of source: Int, to target: Int) {
            let (from, to) = (values + source * width, gradient.pointer + target * width)
            for c in 0..<width { to[c] += Float(scale * Double(from[c])) }
        }
        for query in queries(run) where !query.positives.isEmpty && dy[query.row] != 0 {
            let negatives = scores(query.row, query.negatives, run)
            var slopes = [Double](repeating: 0, count: negatives.count)
            let scale = Double(dy[query.row]) / (Double(query.positives.count) * temperature)
            for (row, score) in zip(query.positives, scores(query.row, query.positives, run)) {
                let norm = Self.logSum([score] + negatives)
                let slope = (exp(score - norm) - 1) * scale
                add(slope, of: row, to: query.row)
                add(slope, of: query.row, to: row)
                for n in negatives.indices { slopes[n] += exp(negatives[n] - norm) * scale }
            }
            for (row, slope) in zip(query.negatives, slopes) {
                add(slope, of: row, to: query.row)
                add(slope, of: query.row, to: row)
            }
        }
    }
}
