import Models
import Numerics
import Tasks

/// What a head said of a split's examples: one row for each, for each of its sequences, or for each word.
package struct HeadResults: Sendable {
    /// Columns of a row.
    package let width: Int
    /// Probabilities of the classes, or numbers in the data's units: the rows of one example after those of another.
    package fileprivate(set) var values: [Float]
    /// First row of each example, and of each that is attached to them, [all + 1].
    package fileprivate(set) var offsets: [Int]
    /// For heads that read words: the word of each row, within its example.
    package fileprivate(set) var words: [Int]
    /// Of each example: the sum of its rows' losses, and how many of its rows have a target.
    package fileprivate(set) var losses: [(sum: Double, targets: Int)]

    /// The mean loss of all rows with a target; NaN if there are none.
    package var meanLoss: Double {
        let (sum, targets) = losses.reduce((0.0, 0)) { ($0.0 + $1.sum, $0.1 + $1.targets) }
        return targets > 0 ? sum / Double(targets) : .nan
    }

    package func rows(_ i: Int) -> Range<Int> { offsets[i]..<offsets[i + 1] }
    package func row(_ r: Int) -> ArraySlice<Float> { values[r * width..<(r + 1) * width] }

    /// [count, width]: the rows of examples of which each has one.
    /// - Parameter first: the first example
    package func rows(after first: Int, count: Int) -> [Float] {
        Array(values[offsets[first] * width..<offsets[first + count] * width])
    }
}

/// Heads' predictions on the same texts: the same plan as in training, without what only training needs.
package final class Evaluator {
    private let plan: HeadsPlan
    private let heads: [any Head]
    private let forms: [any OutputForm]
    private let batchHeads: [BatchHead]
    private let workspace: Workspace
    /// What frozen layers give for the examples; nil: it is computed.
    private let store: ActivationStore?

    /// Tokens of a batch: enough for the slices to fill the threads.
    static let batchTokens = 4096

    /// - Parameters:
    ///   - head: its index in the arrangement.
    ///   - column: of its targets in the examples.
    package convenience init(_ network: Network, head index: Int, column: Int = 0, workspace: Workspace) throws {
        try self.init(network, heads: [(index, column)], workspace: workspace)
    }

    /// - Parameter heads: of each its index in the arrangement, and the column of its targets in the examples.
    package convenience init(_ network: Network, heads: [(index: Int, column: Int)], workspace: Workspace) throws {
        try self.init(network, heads: heads, workspace: workspace, keeping: nil)
    }

    /// - Parameters:
    ///   - heads: of each its index in the arrangement, and the column of its targets in the examples.
    ///   - keeping: the only examples that it will run over, and where what frozen layers give for them is kept.
    init(
        _ network: Network, heads: [(index: Int, column: Int)], workspace: Workspace,
        keeping: (split: EncodedExamples, cache: ActivationCache)?
    ) throws {
        plan = try network.plan(heads: heads.map(\.index), trains: false, splits: keeping != nil)
        store =
            if let frozen = plan.frozen, let keeping {
                keeping.cache.dev(frozen, [heads[0].index: keeping.split])
            } else { nil }
        self.heads = heads.map { network.arrangement.heads[$0.index].head }
        forms = self.heads.map(\.form)
        batchHeads = heads.map { index, column in
            BatchHead(index: index, column: column, input: network.arrangement.heads[index].head.input)
        }
        self.workspace = workspace
    }

    /// Runs the first head over examples.
    package func results(_ examples: EncodedExamples) -> HeadResults { allResults(examples)[0] }

    /// Runs all heads over examples, in one pass.
    package func allResults(_ examples: EncodedExamples) -> [HeadResults] {
        var all = heads.map { Self.empty($0, examples) }
        run(examples, 0..<examples.all, into: &all)
        return all
    }

    /// Runs all heads over some of the examples.
    func run(_ examples: EncodedExamples, _ range: Range<Int>, into all: inout [HeadResults]) {
        // By length, so that no slice waits for one long text; results go back to their places
        let order = range.sorted { (examples.length($0), $0) < (examples.length($1), $1) }
        for indices in examples.batches(order, policy: .tokens(Self.batchTokens)) {
            let batch = examples.batch(indices, task: batchHeads[0].index, heads: batchHeads, predicts: true)
            store?.load(batch, workspace: workspace, keeps: true)
            let run = plan.plan.run(batch, workspace: workspace)
            for (n, values) in plan.heads.enumerated() {
                let (outputs, losses) = (run.values(values.output), run.values(values.rowLosses))
                let hasTarget =
                    batch.targets[batchHeads[n].index]?.values.isPresent
                    ?? [Bool](repeating: false, count: losses.count)
                var next = 0
                for i in indices {
                    for row in all[n].rows(i) {
                        write(outputs, row: next, forms[n], to: &all[n], row: row)
                        all[n].losses[i].sum += Double(losses[next])
                        all[n].losses[i].targets += hasTarget[next] ? 1 : 0
                        next += 1
                    }
                }
            }
        }
    }

    /// Room for a head's results.
    static func empty(_ head: any Head, _ examples: EncodedExamples) -> HeadResults {
        let (width, count) = (head.output.width, examples.all)
        let (offsets, words) = examples.rows(head.input)
        return HeadResults(
            width: width, values: [Float](repeating: 0, count: (offsets.last ?? 0) * width), offsets: offsets,
            words: words, losses: [(sum: Double, targets: Int)](repeating: (0, 0), count: count))
    }

    /// A row of the head's output as results hold it.
    private func write(
        _ outputs: UnsafeBufferPointer<Float>, row source: Int, _ form: any OutputForm, to results: inout HeadResults,
        row: Int
    ) {
        let width = results.width
        results.values.withUnsafeMutableBufferPointer { all in
            guard let base = all.baseAddress else { return }
            let target = base + row * width
            for c in 0..<width { target[c] = outputs[source * width + c] }
            form.finish(target, workspace: workspace)
        }
    }

    /// Scores dev examples by each head, with what its form chooses on them (`OutputForm.calibrated`).
    /// - Parameter metrics: the heads' tasks' own
    func evaluate(_ examples: EncodedExamples, metrics: [any Metric.Type]) -> [Evaluation] {
        zip(allResults(examples), metrics).enumerated().map { n, each in
            let column = examples.columns[batchHeads[n].column]
            let calibrated = forms[n].calibrated(heads[n], each.0, column)
            return Evaluation(each.0, calibrated?.column ?? column, metric: each.1)
        }
    }

    /// Each head with what its form chooses on examples; nil: nothing is chosen.
    func calibrated(_ examples: EncodedExamples) -> [(any Head)?] {
        allResults(examples).enumerated().map { n, results in
            forms[n].calibrated(heads[n], results, examples.columns[batchHeads[n].column])?.head
        }
    }

    /// The most likely class; of equal ones the first.
    package static func best(_ probabilities: some Collection<Float>) -> Int {
        var (best, index) = (-Float.infinity, 0)
        for (i, p) in probabilities.enumerated() where p > best { (best, index) = (p, i) }
        return index
    }
}
