import Files
import Numerics
import Testing

@testable import Training

/// Which task comes when, and that a resumed run goes on with the same.
@Suite struct SchedulerTests {
    private func plan(_ turns: [[Int]], seed: Int = 7) -> SchedulerPlan {
        var settings = TrainingSettings()
        settings.seed = seed
        return SchedulerPlan(turns: turns, settings: settings)
    }

    private func order(_ name: String, _ turns: [[Int]]) throws -> [[Int]] {
        var scheduler = try #require(TaskSchedulers.named(name)).init(plan(turns))
        return turns.indices.map { epoch in
            (0..<turns[epoch].reduce(0, +)).map { index in
                scheduler.next(Turn(epoch: epoch, index: index), history: RunHistory())
            }
        }
    }

    @Test(arguments: TaskSchedulers.names) func properties(_ name: String) throws {
        let turns = [[40, 10, 0, 150], [40, 10, 0, 150]]
        let epochs = try order(name, turns)
        #expect(try epochs == order(name, turns))
        let counts = (0..<4).map { task in epochs[0].count { $0 == task } }
        #expect(counts[2] == 0)
        switch name {
        case "proportional": #expect(counts == [40, 10, 0, 150])
        case "round-robin":
            let seen = counts.filter { $0 > 0 }
            let (most, least) = (seen.max() ?? 0, seen.min() ?? 0)
            #expect(most - least <= 1)
        // Without probabilities and scores, all tasks are alike to the last two
        case "uniform", "given", "progress": #expect(counts[1] > 40)
        case "annealed":
            // 10 expected in the first epoch, 49 in the last
            let last = (0..<4).map { task in epochs[1].count { $0 == task } }
            #expect(counts[1] < 20 && last[1] > 35 && last[1] < last[0] && last[0] < last[3])
        default: #expect(counts[1] > 15 && counts[1] < counts[3])
        }
        #expect(name == "round-robin" || epochs[0] != epochs[1])
    }

    /// The orders of two epochs before schedulers had a state: bundles depend on them.
    @Test func ordersStay() throws {
        let turns = [[6, 2, 0, 9], [6, 2, 0, 9]]
        let known: [String: [[Int]]] = [
            "proportional": [
                [3, 3, 3, 0, 0, 0, 0, 3, 0, 3, 3, 3, 1, 1, 3, 3, 0],
                [3, 0, 3, 1, 3, 0, 3, 0, 3, 3, 3, 0, 1, 0, 3, 3, 0],
            ],
            "uniform": [
                [1, 1, 1, 1, 3, 1, 3, 3, 0, 3, 0, 1, 1, 1, 1, 1, 0],
                [3, 3, 1, 3, 3, 0, 1, 3, 0, 0, 3, 0, 1, 1, 3, 1, 0],
            ],
            "temperature": [
                [1, 0, 1, 1, 3, 1, 3, 3, 0, 3, 0, 3, 3, 1, 3, 3, 0],
                [3, 3, 1, 3, 3, 0, 1, 3, 0, 0, 3, 0, 3, 0, 3, 3, 0],
            ],
            "round-robin": [[Int]](repeating: [0, 1, 3, 0, 1, 3, 0, 1, 3, 0, 1, 3, 0, 1, 3, 0, 1], count: 2),
        ]
        for (name, expected) in known { #expect(try order(name, turns) == expected, "\(name)") }
    }

    // Steps

    private static let policies: [(Mix, BatchPolicy)] = [
        (.batch, .examples(8)), (.batch, .tokens(90)), (.within, .examples(8)), (.within, .tokens(90)),
        (.within, .tokens(10)),
    ]

    private func settings(_ mix: Mix, _ policy: BatchPolicy) -> TrainingSettings {
        var settings = TrainingSettings()
        (settings.mix, settings.batch, settings.epochs, settings.seed) = (mix, policy, 2, 5)
        return settings
    }

    private func source(_ probe: MultitaskProbe, _ scheduler: String) throws -> StepSource {
        StepSource(
            probe.tasks, settings: probe.settings, scheduler: try #require(TaskSchedulers.named(scheduler)))
    }

    /// Each example once an epoch in proportional order, no batch too large, and as many steps as were announced.
    @Test(arguments: policies) func everyExampleOnceAnEpoch(_ mix: Mix, _ policy: BatchPolicy) throws {
        let probe = try MultitaskProbe(settings(mix, policy))
        var source = try source(probe, "proportional")
        let steps = (0..<source.count).map { source.next($0, history: RunHistory()) }
        for epoch in 0..<2 {
            for (t, task) in probe.tasks.enumerated() {
                let seen = steps.filter { $0.epoch == epoch }.flatMap(\.parts).filter { $0.task == t }
                #expect(seen.flatMap(\.examples).sorted() == Array(0..<task.train.count))
            }
        }
        for step in steps {
            #expect(zip(step.parts, step.parts.dropFirst()).allSatisfy { $0.task < $1.task })
            #expect(mix == .within || step.parts.count == 1)
            let tokens = step.parts.reduce(0) { sum, part in
                part.examples.reduce(sum) { $0 + probe.tasks[part.task].train.length($1) }
            }
            switch policy {
            case .examples(let most): #expect(step.examples <= most)
            case .tokens(let most): #expect(tokens <= most || step.examples == 1)
            }
        }
        #expect(mix == .batch || policy == .tokens(10) || steps.contains { $0.parts.count > 1 })
    }

    /// The tasks' shares of all places, where a batch mixes them.
    @Test(arguments: TaskSchedulers.names) func sharesWithinABatch(_ name: String) throws {
        let probe = try MultitaskProbe(settings(.within, .examples(8)))
        var source = try source(probe, name)
        var counts = [0, 0, 0, 0]
        for i in 0..<source.count {
            for part in source.next(i, history: RunHistory()).parts { counts[part.task] += part.examples.count }
        }
        #expect(counts.reduce(0, +) == 2 * 106)
        switch name {
        case "proportional": #expect(counts == [80, 48, 24, 60])
        case "round-robin": #expect((counts.max() ?? 0) - (counts.min() ?? 0) <= 2)
        // 53 expected, deviation 6
        case "uniform", "given", "progress": #expect(counts.allSatisfy { $0 > 35 && $0 < 75 })
        // "temperature", "square-root" and "annealed": between the two
        default: #expect(counts[2] > 24 && counts[0] < 80 && counts[2] < counts[0])
        }
    }

    /// From its state at any step, a new source gives what the old one would have given.
    @Test(arguments: TaskSchedulers.names, policies) func goesOnFromItsState(
        _ name: String, _ policy: (Mix, BatchPolicy)
    ) throws {
        for exhausted in ExhaustedTask.allCases {
            var settings = settings(policy.0, policy.1)
            settings.scheduling.exhausted = exhausted
            let probe = try MultitaskProbe(settings)
            var whole = try source(probe, name)
            for i in 0..<whole.count {
                var other = try source(probe, name)
                let state = try #require(ConfigurationValue(json: whole.state.json))
                let restored = other.restore(state)
                #expect(restored)
                let step = whole.next(i, history: RunHistory())
                #expect(other.next(i, history: RunHistory()) == step, "\(exhausted), step \(i)")
            }
        }
    }

    @Test func foreignStatesAreRefused() throws {
        var source = try source(MultitaskProbe(settings(.batch, .examples(8))), "proportional")
        for json in [
            "null", "{}", "{\"scheduler\":null,\"streams\":[]}",
            "{\"scheduler\":null,\"streams\":[[0,0],[0,0],[0,0],[-1,0]]}",
            "{\"scheduler\":null,\"streams\":[[0,0],[0,0],[0,0],[0,99]]}",
            "{\"scheduler\":1,\"streams\":[[0,0],[0,0],[0,0],[0,0]]}",
        ] {
            let restored = source.restore(try #require(ConfigurationValue(json: json)))
            #expect(!restored, "\(json)")
        }
    }

    /// A scheduler that looks at what has happened and remembers what it has done.
    private struct WorstTask: TaskScheduler {
        static let name = "worst"
        private let tasks: Int
        private var chosen: [Int]
        init(_ plan: SchedulerPlan) {
            tasks = plan.turns[0].count
            chosen = [Int](repeating: 0, count: tasks)
        }
        mutating func next(_ turn: Turn, history: RunHistory) -> Int {
            // The worst on dev every other turn, else the one that was chosen least
            let scores = history.dev.last ?? history.taskLosses.mapValues { -$0 }
            let worst = scores.min { ($0.value, $0.key) < ($1.value, $1.key) }?.key
            let index = MultitaskProbe.heads.firstIndex { $0.name == worst } ?? 0
            let least = chosen.indices.min { (chosen[$0], $0) < (chosen[$1], $1) } ?? 0
            let task = chosen.reduce(0, +) % 2 == 0 ? least : index
            chosen[task] += 1
            return task
        }
        var state: ConfigurationValue { .list(chosen.map { .init($0) }) }
        mutating func restore(_ state: ConfigurationValue) -> Bool {
            guard case .list(let values) = state, values.count == tasks else { return false }
            chosen = values.compactMap { if case .number(let n) = $0 { Int(exactly: n) } else { nil } }
            return chosen.count == tasks
        }
    }

    @Test(arguments: Mix.allCases) func aSchedulerWithStateAndHistoryResumes(_ mix: Mix) throws {
        var settings = settings(mix, .examples(8))
        settings.keep = .last
        settings.patience = 5
        let whole = try MultitaskProbe.stopped(settings, after: [], scheduler: WorstTask.self)
        let stopped = try MultitaskProbe.stopped(settings, after: [3, 14], scheduler: WorstTask.self)
        #expect(whole.tensors == stopped.tensors && whole.result.losses == stopped.result.losses)
        #expect(try whole.tensors != MultitaskProbe.stopped(settings, after: []).tensors)
    }
}
