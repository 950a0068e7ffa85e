import Numerics
import Testing

@testable import Training

/// Schedulers against the formulas that they are named after: shares of many turns, within four deviations.
@Suite struct SchedulerFormulaTests {
    private static let turns = 20_000

    private func plan(
        _ examples: [Int], epochs: Int = 1, _ change: (inout TrainingSettings) -> Void = { _ in }
    ) -> SchedulerPlan {
        var settings = TrainingSettings()
        (settings.seed, settings.epochs) = (11, epochs)
        change(&settings)
        return SchedulerPlan(
            turns: [[Int]](repeating: examples.map { max(1, $0 / 16) }, count: epochs), settings: settings,
            tasks: examples.enumerated().map { SchedulerPlan.Task(name: "t\($0)", examples: $1, goals: ["t\($0)"]) })
    }

    /// Checks the shares of the tasks in many turns of an epoch.
    private func expect(
        _ scheduler: any TaskScheduler, _ weights: [Double], epoch: Int = 0, closed: Set<Int> = [],
        history: RunHistory = RunHistory(), sourceLocation: SourceLocation = #_sourceLocation
    ) {
        var (scheduler, counts) = (scheduler, weights.map { _ in 0 })
        for index in 0..<Self.turns {
            counts[scheduler.next(Turn(epoch: epoch, index: index, closed: closed), history: history)] += 1
        }
        for (count, weight) in zip(counts, weights) {
            let share = weight / weights.reduce(0, +)
            let deviation = (share * (1 - share) * Double(Self.turns)).squareRoot()
            #expect(
                abs(Double(count) - share * Double(Self.turns)) <= 4 * deviation, "\(counts), expected \(weights)",
                sourceLocation: sourceLocation)
        }
    }

    /// Raffel et al. 2020, section 3.5.2: min(n, K) / Σ min(n, K).
    @Test func aCapIsThatOfT5() {
        let examples = [9000, 3000, 600]
        expect(ProportionalScheduler(plan(examples) { $0.scheduling.cap = 2000 }), [2000, 2000, 600])
        expect(
            SquareRootScheduler(plan(examples) { $0.scheduling.cap = 2000 }), [2000, 2000, 600].map { $0.squareRoot() })
        // One that no task exceeds changes nothing: every piece once an epoch
        func order(_ cap: Int?) -> [Int] {
            let plan = plan(examples) { $0.scheduling.cap = cap }
            var scheduler = ProportionalScheduler(plan)
            return (0..<plan.turns[0].reduce(0, +)).map {
                scheduler.next(Turn(epoch: 0, index: $0), history: RunHistory())
            }
        }
        #expect(order(9000) == order(nil) && order(8999) != order(nil))
    }

    /// Stickland & Murray 2019, section 3.1: N^α with α = 1 − 0.8 (e − 1) / (E − 1), and α = ½.
    @Test func annealedAndSquareRoot() {
        let examples = [9000, 3000, 600]
        let alphas = (0..<5).map { AnnealedScheduler.exponent(epoch: $0, of: 5) }
        #expect(zip(alphas, [1, 0.8, 0.6, 0.4, 0.2]).allSatisfy { abs($0 - $1) < 1e-12 })
        #expect(AnnealedScheduler.exponent(epoch: 0, of: 1) == 1)
        let annealed = AnnealedScheduler(plan(examples, epochs: 5))
        expect(annealed, [9000, 3000, 600])
        expect(annealed, [6.180, 4.961, 3.594], epoch: 4)  // ^0.2
        expect(SquareRootScheduler(plan(examples)), [94.868, 54.772, 24.495])
    }

    @Test func temperatures() {
        let examples = [9000, 3000, 600]
        expect(TemperatureScheduler(plan(examples) { $0.scheduling.temperature = 1 }), [9000, 3000, 600])
        expect(TemperatureScheduler(plan(examples) { $0.scheduling.temperature = 5 }), [6.180, 4.961, 3.594])
        expect(TemperatureScheduler(plan(examples)), [94.868, 54.772, 24.495])
    }

    /// Sizes are numbers of examples, not of batches, which are rounded up; where batches differ in examples, they are turns.
    @Test func sizesAreExamples() {
        #expect(plan([33, 17]).sizes(epoch: 0) == [33, 17])
        #expect(plan([64, 16]) { $0.batch = .tokens(100) }.sizes(epoch: 0) == [4, 1])
        #expect(plan([64, 16]) { ($0.batch, $0.scheduling.cap) = (.tokens(100), 32) }.sizes(epoch: 0) == [2, 1])
    }

    @Test func givenProbabilities() {
        let given = GivenScheduler(
            plan([90, 90, 90]) { $0.scheduling.probabilities = ["t0": 1, "t1": 0.5, "t2": 2.5] })
        expect(given, [1, 0.5, 2.5])
        expect(given, [1, 0, 2.5], closed: [1])
    }

    /// Gottumukkala et al. 2020: in proportion to what the last score lacks to the target.
    @Test func progressFollowsDev() {
        let plan = plan([900, 90, 90]) { $0.scheduling.targets = ["t0": 0.8] }
        let scheduler = ProgressScheduler(plan)
        expect(scheduler, [0.8, 1, 1])
        var history = RunHistory()
        history.dev = [["t0": 0.2, "t1": 0, "t2": 0], ["t0": 0.7, "t1": 0.5, "t2": 0.9]]
        expect(scheduler, [0.1, 0.5, 0.1], history: history)
        // At its target, a task rests
        history.dev.append(["t0": 0.9, "t1": -.infinity, "t2": 0.75])
        expect(scheduler, [0, 1, 0.25], history: history)
        expect(scheduler, [1, 0, 0], closed: [1, 2], history: history)
        history.dev.append(["t0": 0.8, "t1": 1, "t2": 1])
        expect(scheduler, [1, 1, 1], history: history)
    }
}
