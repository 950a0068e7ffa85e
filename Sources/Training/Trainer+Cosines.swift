import Numerics

/// The cosines between the tasks' gradients, for the log. Measuring changes nothing of what is trained.
extension Trainer {
    /// Measures before a step, if it is time to: on a batch of each task, drawn for this alone.
    func measureCosines(_ run: inout Run) {
        let i = run.state.step
        guard cosinesEvery > 0, i % cosinesEvery == 0, run.state.result.cosines.last?.step != i + 1,
            let gradients
        else { return }
        let examples = tasks.map { task in
            let order = Randomness.permutation(
                task.train.count,
                key: Randomness.key(UInt64(settings.seed), Randomness.hash(task.name), UInt64(i), 0xC051_4E5))
            let ends = task.train.cuts(order, policy: settings.batch)
            return Array(order[..<(ends.first ?? order.count)])
        }
        let tables = network.parameters.parameters.compactMap(\.ledger)
        let used = tables.map(\.used)
        let step = TrainingStep(examples, epoch: run.source.epoch(of: i))
        let key = Randomness.key(UInt64(settings.seed), UInt64(i), 0xC051_4E5)
        let heads = gradients.run(step, workspace: workspace, stepKey: key).heads
        let cosines = TaskGradients.cosines(gradients.products(heads))
        // A table's rows count as used by steps alone
        for (table, used) in zip(tables, used) { _ = table.restore(used: used) }
        gradients.forget()
        let names = Dictionary(
            tasks.flatMap(\.objective.heads).map { ($0.index, $0.task) }, uniquingKeysWith: { first, _ in first })
        run.state.result.cosines.append(
            GradientCosines(step: i + 1, tasks: heads.map { names[$0] ?? "" }, values: cosines))
    }
}
