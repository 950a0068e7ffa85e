import Numerics
import Testing

@testable import Training

/// What becomes of a task whose examples are used up before the epoch ends.
@Suite struct ExhaustedTaskTests {
    private static let policies: [(Mix, BatchPolicy)] = [
        (.batch, .examples(8)), (.batch, .tokens(90)), (.within, .examples(8)), (.within, .tokens(90)),
    ]

    private func steps(
        _ scheduler: String, _ mix: Mix, _ policy: BatchPolicy, _ exhausted: ExhaustedTask, epochs: Int = 2
    ) throws -> (probe: MultitaskProbe, steps: [TrainingStep]) {
        var settings = TrainingSettings()
        (settings.mix, settings.batch, settings.epochs, settings.seed) = (mix, policy, epochs, 5)
        settings.scheduling.exhausted = exhausted
        let probe = try MultitaskProbe(settings)
        var source = StepSource(
            probe.tasks, settings: settings, scheduler: try #require(TaskSchedulers.named(scheduler)))
        return (probe, (0..<source.count).map { source.next($0, history: RunHistory()) })
    }

    private func examples(_ steps: [TrainingStep], of task: Int, epoch: Int) -> [Int] {
        steps.filter { $0.epoch == epoch }.flatMap(\.parts).filter { $0.task == task }.flatMap(\.examples)
    }

    /// Each example once an epoch, whatever the scheduler.
    @Test(arguments: TaskSchedulers.names, policies) func skip(_ name: String, _ policy: (Mix, BatchPolicy)) throws {
        let (probe, steps) = try steps(name, policy.0, policy.1, .skip)
        for (t, task) in probe.tasks.enumerated() {
            for epoch in 0..<2 {
                #expect(examples(steps, of: t, epoch: epoch).sorted() == Array(0..<task.train.count))
            }
        }
    }

    /// No example twice in an epoch; it ends where a task with no example left would come, and not before.
    @Test(arguments: TaskSchedulers.names, policies) func stop(_ name: String, _ policy: (Mix, BatchPolicy)) throws {
        let (probe, stopped) = try steps(name, policy.0, policy.1, .stop)
        #expect(stopped.allSatisfy { !$0.parts.isEmpty })
        for epoch in 0..<2 {
            var isUsedUp = false
            for (t, task) in probe.tasks.enumerated() {
                let seen = examples(stopped, of: t, epoch: epoch)
                #expect(Set(seen).count == seen.count)
                if seen.count == task.train.count { isUsedUp = true }
            }
            #expect(isUsedUp)
        }
        let all = try steps(name, policy.0, policy.1, .repeat).steps
        #expect(name == "proportional" ? stopped == all : stopped.count < all.count)
    }

    /// In turn, until the smallest task's twelve examples are used up.
    @Test func stopInTurn() throws {
        let (_, steps) = try steps("round-robin", .within, .examples(1), .stop)
        #expect(steps.count == 2 * 4 * 12 + 2 * 2)
        #expect((0..<4).map { examples(steps, of: $0, epoch: 1).count } == [13, 13, 12, 12])
    }

    /// Each pass has an order of its own, also those beyond the number of epochs.
    @Test func repeatsInANewOrder() throws {
        let (_, steps) = try steps("round-robin", .within, .examples(1), .repeat, epochs: 1)
        let seen = examples(steps, of: 2, epoch: 0)
        let passes = [Array(seen.prefix(12)), Array(seen.dropFirst(12).prefix(12))]
        #expect(passes.allSatisfy { $0.sorted() == Array(0..<12) } && passes[0] != passes[1])
    }

    @Test(arguments: ExhaustedTask.allCases, Mix.allCases) func resumedRunsAreTheSame(
        _ exhausted: ExhaustedTask, _ mix: Mix
    ) throws {
        var settings = TrainingSettings()
        (settings.mix, settings.batch, settings.epochs, settings.seed) = (mix, .examples(8), 2, 5)
        (settings.keep, settings.scheduling.exhausted) = (.last, exhausted)
        let scheduler = try #require(TaskSchedulers.named("uniform"))
        let whole = try MultitaskProbe.stopped(settings, after: [], scheduler: scheduler)
        let stopped = try MultitaskProbe.stopped(settings, after: [1, 2, 0, 7], scheduler: scheduler)
        #expect(whole.tensors == stopped.tensors && whole.result.losses == stopped.result.losses)
        #expect(whole.result.examples == stopped.result.examples)
        if exhausted == .skip {
            #expect(whole.result.examples == ["class": 80, "tags": 48, "number": 24, "other": 60])
        }
    }
}
