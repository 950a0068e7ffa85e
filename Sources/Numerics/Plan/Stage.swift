/// A run of operations between two barriers, where all threads work on one slice. Each part passes through all of them.
struct Stage {
    /// Indices in the plan, in the order in which they run.
    private(set) var operations: [Int]
    let isBackward: Bool
    private(set) var parts: [Part]

    /// The stages of a slice, forward and (in training) backward.
    static func all(_ plan: Plan, _ run: SliceRun, threads: Int, _ sharing: Sharing) -> [Stage] {
        var builder = StageBuilder(plan: plan, run: run, threads: threads, sharing: sharing)
        for i in plan.operations.indices { builder.append(i, backward: false) }
        builder.finish()
        guard run.trains else { return builder.stages }
        for i in plan.operations.indices.reversed() where plan.runsBackward[i] { builder.append(i, backward: true) }
        builder.finish()
        return builder.stages
    }

    private struct StageBuilder {
        let plan: Plan
        let run: SliceRun
        let threads: Int
        let sharing: Sharing
        var stages: [Stage] = []
        /// Operations that are cut by the rows of one set, so far, and their work.
        var chain: (rows: Rows, operations: [Int], work: Double, isBackward: Bool)?

        mutating func append(_ i: Int, backward: Bool) {
            let operation = plan.operations[i]
            let work = work(operation, i, backward)
            let set: Rows? =
                switch operation.rowCut {
                case .none: nil
                case .own: operation.output.rows
                case .gathered: backward ? operation.inputs[0].rows : operation.output.rows
                }
            let rows = set.map { run.range($0).count } ?? 0
            if set == nil || rows < threads * sharing.fewRows {
                let shares = min(
                    operation.shares(run, backward: backward), 8 * threads, Int(work / sharing.leastWork))
                if set == nil || shares > 1 {
                    finish()
                    stages.append(Stage(operations: [i], isBackward: backward, parts: parts(shares: shares)))
                    return
                }
            }
            guard let set else { return }
            if chain?.rows != set || chain?.isBackward != backward {
                finish()
                chain = (set, [], 0, backward)
            }
            chain?.operations.append(i)
            chain?.work += work
        }

        mutating func finish() {
            guard let chain else { return }
            let rows = run.range(chain.rows).count
            stages.append(
                Stage(
                    operations: chain.operations, isBackward: chain.isBackward,
                    parts: parts(chain.rows, rows, work: chain.work)))
            self.chain = nil
        }

        /// Multiply-adds, and other work in multiply-adds.
        private func work(_ operation: any Operation, _ i: Int, _ backward: Bool) -> Double {
            let rows = run.range(operation.output.rows).count
            let all = max(1, run.batch.rows(operation.output.rows))
            let products =
                operation.multiplyAdds(
                    run.batch, inputGradients: backward ? plan.gradients.modes[i].map { $0 != .none } : [],
                    trains: false)
                - (backward ? operation.multiplyAdds(run.batch, inputGradients: [], trains: false) : 0)
            return products * Double(max(rows, sharing.readRows)) / Double(all)
                + sharing.element * Double(rows * operation.output.width)
        }

        /// As many shares as fit, a multiple of the threads where they can be.
        private func parts(shares most: Int) -> [Part] {
            guard most > 1 else { return [.whole] }
            let count = most > threads ? most / threads * threads : most
            return (0..<count).map { .share(index: $0, of: count) }
        }

        private func parts(_ set: Rows, _ count: Int, work: Double) -> [Part] {
            let worth = min(count, Int(work / sharing.leastWork))
            guard worth > 1 else { return [.whole] }
            let wanted = (count + sharing.mostRows - 1) / sharing.mostRows
            let parts = min(worth, (wanted + threads - 1) / threads * threads)
            return (0..<parts).map { .rows(set, count * $0 / parts..<count * ($0 + 1) / parts) }
        }
    }
}
