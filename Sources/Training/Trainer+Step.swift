import Foundation
import Numerics

/// One step: a batch, its losses and gradients, and what the optimizer makes of them.
extension Trainer {
    func step(_ run: inout Run) throws {
        let i = run.state.step
        let before = run.source
        let step = run.source.next(i, history: run.state.history)
        measureCosines(&run)
        let started = DispatchTime.now().uptimeNanoseconds
        let key = Randomness.key(UInt64(settings.seed), UInt64(i))
        let (losses, coefficients, batch, watched) = differentiate(step, key: key)
        let balance =
            losses.total.isFinite ? balancer.pull(losses.heads, network.parameters) : (loss: 0, moved: [Parameter]())
        let loss = losses.total + balance.loss
        var trouble = loss.isFinite ? nil : "the loss is \(Self.word(loss))"
        if loss.isFinite {
            let rate =
                settings.learningRate
                * LearningRateSchedules.factor(run.schedule, step: i, total: run.steps, warmup: settings.warmup)
            let norm = run.optimizer.step(
                plans.parameters(step) + balance.moved, rate: Float(rate), clip: Float(settings.clip))
            if !norm.isFinite { trouble = "the gradient's norm is \(Self.word(norm))" }
            if norm.isFinite, let watched { learn(from: watched, step, key: key) }
        }
        if let trouble {
            try skip(step, &run, before: before, trouble: trouble, losses.heads)
        } else {
            run.state.skippedInARow = 0
            run.state.result.losses.append(loss)
            for head in tasks.flatMap(\.objective.heads) {
                guard losses.heads.indices.contains(head.index), let weighted = losses.heads[head.index] else {
                    continue
                }
                run.state.taskLosses[head.task] =
                    weighted / (coefficients.indices.contains(head.index) ? coefficients[head.index] : 1)
            }
        }
        run.state.result.seconds += Double(DispatchTime.now().uptimeNanoseconds - started) / 1e9
        run.state.result.tokens += batch.tokens
        for part in step.parts {
            run.state.result.examples[tasks[part.task].name, default: 0] += part.examples.count
        }
        run.state.result.steps = i + 1
        run.state.result.epochs = step.epoch + 1
        run.state.judged = false
        observe(
            .step(
                done: i + 1, of: run.steps, loss: run.state.result.losses.last ?? 0, tokens: run.state.result.tokens))
    }

    /// What a `LossWatcher` has seen before a step.
    private struct Watched {
        let batch: StepPlans.Batch
        let losses: [Double?]
    }

    /// The losses and gradients of a step, in the way of its balancer.
    private func differentiate(
        _ step: TrainingStep, key: UInt64
    ) -> (losses: StepPlans.Losses, coefficients: [Double], batch: StepPlans.Batch, watched: Watched?) {
        if let balancer = balancer as? any GradientBalancer, let gradients {
            var (losses, heads) = gradients.run(step, workspace: workspace, stepKey: key)
            gradients.combine(heads, factors: balancer.factors(gradients.products(heads), key: key))
            losses.regularizers = plans.regularize(step, workspace: workspace, stepKey: key)
            losses.total += losses.regularizers
            return (losses, [], plans.batch(step, stepKey: key), nil)
        }
        var (coefficients, watched) = (balancer.coefficients(network.parameters, key: key), Watched?.none)
        if let balancer = balancer as? any LossWatcher {
            let batch = plans.batch(step, stepKey: key)
            let losses = plans.run(step, batch, workspace: workspace, stepKey: key, differentiates: false)
            if losses.total.isFinite { coefficients = balancer.coefficients(of: losses.heads, network.parameters) }
            watched = Watched(batch: batch, losses: losses.heads)
        }
        let batch = plans.batch(step, coefficients: coefficients, stepKey: key)
        return (
            plans.run(step, batch, workspace: workspace, stepKey: key), coefficients, batch, watched
        )
    }

    /// Lets a `LossWatcher` see what a step has made of its losses.
    private func learn(from watched: Watched, _ step: TrainingStep, key: UInt64) {
        guard let balancer = balancer as? any LossWatcher else { return }
        let after = plans.run(step, watched.batch, workspace: workspace, stepKey: key, differentiates: false).heads
        guard after.allSatisfy({ $0?.isFinite ?? true }) else { return }
        balancer.learn(before: watched.losses, after: after, network.parameters)
    }

    /// Leaves a step out, or ends the run.
    /// - Parameters:
    ///   - before: what the run's steps came from before this one.
    ///   - losses: by head.
    /// - Throws: `TrainingError.notFinite`
    private func skip(
        _ step: TrainingStep, _ run: inout Run, before: StepSource, trouble: String, _ losses: [Double?]
    ) throws {
        guard settings.onNotFinite == .skip, run.state.skippedInARow + 1 < Self.mostSkippedInARow else {
            // Nothing was moved: the state is as good as it was before the step
            run.source = before
            if !run.isKept { try run.keep() }
            throw TrainingError.notFinite(
                NotFinite(
                    step: run.state.step + 1, found: trouble, parts: causes(step, losses), reason: reason(run),
                    checkpoint: run.checkpoint?.url.path))
        }
        run.state.skippedInARow += 1
        run.state.result.skipped += 1
        observe(.skipped(step: run.state.step + 1, found: trouble))
    }
}
