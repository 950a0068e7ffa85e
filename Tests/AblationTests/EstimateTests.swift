import Foundation
import Tasks
import Testing

@testable import Ablation
@testable import Training

/// The time of an experiment, stated before it starts.
@Suite struct EstimateTests {
    /// Tokens at every pass, of what is trained and of what is scored.
    @Test func secondsOfATraining() {
        var speed = TrainingSpeed()
        (speed.overhead, speed.scoring) = (2, 3)
        speed.train = TrainingSpeed.Rate(first: 0.01, later: 0.001)
        speed.dev = TrainingSpeed.Rate(first: 0.02, later: 0.002)
        speed.scored = TrainingSpeed.Rate(first: 0.03, later: 0.003)
        let amount = TrainingAmount(texts: 10, train: 1000, dev: 100, encoding: 5)
        var settings = TrainingSettings()
        settings.epochs = 3
        func seconds(_ scored: Int = 10, isRepeated: Bool = false) -> Double {
            speed.seconds(amount, settings, scored: scored, isRepeated: isRepeated)
        }
        // Beside tokens, encoding, training, dev, tests
        let parts: [Double] = [2, 5, 12, 2.4, 3.3]
        let once = parts.reduce(0, +)
        #expect(abs(seconds() - once) < 1e-9)
        let unscored = once - 3.3
        #expect(abs(seconds(0) - unscored) < 1e-9)
        // Not where nothing is shared
        #expect(seconds(isRepeated: true) == seconds())
        speed.shares = true
        #expect(abs(seconds(isRepeated: true) - 13.63) < 1e-9)
        settings.keep = .last
        let lastAlone = once - 0.4
        #expect(abs(seconds() - lastAlone) < 1e-9)
        speed.isFit = true
        #expect(abs(seconds() - 21.3) < 1e-9)
    }

    @Test func theClockReadsEvents() {
        let clock = TrainingClock()
        clock.hear(.started(steps: 4, tokens: 40))
        for epoch in 0..<2 {
            for step in 1...2 {
                usleep(4000)
                clock.hear(.step(done: 2 * epoch + step, of: 4, loss: 0, tokens: 10 * (2 * epoch + step)))
            }
            usleep(8000)
            clock.hear(.epoch(epoch + 1, dev: [:], best: true, weights: [:]))
        }
        let epochs = clock.epochs.prefix(2)
        #expect(epochs.map { $0.steps.map(\.tokens) } == [[10, 10], [10, 10]])
        #expect(epochs.allSatisfy { ($0.dev ?? 0) >= 0.008 && $0.steps.allSatisfy { $0.seconds >= 0.004 } })
        let rate = TrainingClock.Epoch.rate(epochs, skipping: 1) ?? 0
        #expect(abs(rate - epochs.flatMap(\.steps).dropFirst().reduce(0) { $0 + $1.seconds } / 30) < 1e-9)
        #expect(TrainingClock.Epoch.rate([], skipping: 0) == nil)
    }

    private func cells(_ tiny: TinyExperiment) -> [Cell] {
        let tasks = ["role", "use"].map { TinyExperiment.task($0) }
        let adapters = tasks.map { tiny.adapter($0, rates: .grid([1e-3, 1e-2])) }
        let head = tiny.cell(
            "head", TaskTraining(.head, on: [tasks[0]]), rates: .grid([1e-3, 1e-2]),
            scored: [.init("test", tasks[0], head: "role")])
        let fusion = tiny.cell("fusion", TaskTraining(.fusion(adapters.map { .cell($0) }, .dynamic), on: [tasks[1]]))
        let probe = tiny.cell("probe", TaskTraining(CellRecipe(identity: "probe") { _ in .probe() }, on: [tasks[1]]))
        let text = TextCorpus(
            source: "t", train: Array(repeating: "ba be bi bo", count: 9), heldOut: ["ba be bi bo ba be bi bo"])
        let language = tiny.cell("language", LanguageTraining(on: [text], bundleName: "mlm", tokens: 100))
        return adapters + [head, fusion, probe, language]
    }

    /// Each kind of training is measured, whatever it builds on; nothing of that stays.
    @Test func everyKindIsMeasured() throws {
        let tiny = try TinyExperiment()
        let cells = cells(tiny)
        let environment = ExperimentEnvironment()
        let estimate = try ExperimentEstimate(
            cells.map { ($0, $0.trainings) }, SpeedProbe(environment) { _ in nil }, environment)
        #expect(estimate.trainings == 9 && estimate.total > 0 && abs(estimate.left - estimate.total) < 1e-9)
        #expect(tiny.log.take() == [])
        #expect(!FileManager.default.fileExists(atPath: tiny.out.path))
        var left = [estimate.left]
        for cell in cells {
            for _ in 0..<cell.trainings {
                estimate.finish(cell, seconds: nil)
                left.append(estimate.left)
            }
        }
        // Each has a part in it
        #expect(zip(left, left.dropFirst()).allSatisfy { $0 > $1 } && left.last == 0, "\(left)")
        #expect(estimate.ofOthers == 9)
    }

    /// A kind that takes twice as long as expected: so does what is left of it.
    @Test func whatHasFinishedCorrectsTheRest() throws {
        let tiny = try TinyExperiment()
        let environment = ExperimentEnvironment()
        let cell = tiny.adapter(TinyExperiment.task("role"), rates: .grid([1e-3, 1e-2]))
        let estimate = try ExperimentEstimate([(cell, 2)], SpeedProbe(environment) { _ in nil }, environment)
        estimate.finish(cell, seconds: estimate.total)
        #expect(abs(estimate.left - estimate.total) < 1e-9 && estimate.ofOthers == 0)
        #expect(throws: TrainingError.self) {
            var stopping = environment
            stopping.stops = { true }
            _ = try ExperimentEstimate([(cell, 2)], SpeedProbe(stopping) { _ in nil }, stopping)
        }
    }

    @Test func theEstimateIsComparedAtTheEnd() throws {
        let tiny = try TinyExperiment()
        let said = Said()
        var environment = ExperimentEnvironment()
        environment.tell = { said.hear($0) }
        let cells = cells(tiny)
        let first = ExperimentRunner(folder: tiny.out, environment)
        try first.announce("some cells", cells)
        _ = try first.run(cells)
        #expect(said.messages[0].contains(/^some cells: about .+ for 9 trainings$/), "\(said.messages)")
        #expect(said.messages.last?.contains(/^estimated .+, took [^;]+$/) == true, "\(said.messages)")
        #expect(said.remaining == 9 && tiny.log.take().count == 9)

        // All but one
        said.clear()
        let one = try #require(try tiny.files(".json").first { $0.hasPrefix("head.") })
        try FileManager.default.removeItem(at: tiny.out.appendingPathComponent("trainings/\(one)"))
        let second = ExperimentRunner(folder: tiny.out, environment)
        let again = self.cells(tiny)
        try second.announce("some cells", again)
        _ = try second.run(again)
        #expect(
            said.messages.contains { $0.contains(/for 1 training; 8 more have finished already$/) }, "\(said.messages)")
        #expect(said.messages.count { $0.hasSuffix(": already finished") } == 8)
        #expect(tiny.log.take().count == 1)

        said.clear()
        let third = ExperimentRunner(folder: tiny.out, environment)
        try third.announce("some cells", self.cells(tiny))
        #expect(said.messages.last == "some cells: all trainings have finished already")
    }

    private final class Said: @unchecked Sendable {  // one thread
        private(set) var messages: [String] = []
        private(set) var remaining = 0

        func hear(_ news: ExperimentNews) {
            if case .message(let text) = news { messages.append(text) }
            if case .remaining(let seconds) = news, seconds > 0 { remaining += 1 }
        }

        func clear() { (messages, remaining) = ([], 0) }
    }
}
