import Models
import Tasks
import Testing

@testable import Training

/// What schedulers are told is checked before a run, and each mistake has one line.
@Suite struct SchedulerSettingsTests {
    private func message(
        _ scheduler: String, _ probe: MultitaskProbe? = nil, _ change: (inout SchedulerSettings) -> Void = { _ in }
    ) throws -> String? {
        var probe = try probe ?? MultitaskProbe()
        change(&probe.settings.scheduling)
        do {
            _ = try probe.trainer(scheduler: try #require(TaskSchedulers.named(scheduler)))
            return nil
        } catch let error as TrainingError {
            return error.description
        }
    }

    @Test func goodSettings() throws {
        let all = ["class": 1.0, "tags": 2, "number": 0.5, "other": 3]
        #expect(try message("given") { $0.probabilities = all } == nil)
        #expect(try message("proportional") { $0.cap = 10 } == nil)
        #expect(try message("temperature") { ($0.cap, $0.temperature) = (10, 4) } == nil)
        #expect(try message("progress") { $0.targets = ["tags": 0.5] } == nil)
        #expect(try message("progress") { $0.exhausted = .skip } == nil)
    }

    @Test func mistakes() throws {
        let names = "class, tags, number, other"
        var all = ["class": 1.0, "tags": 2, "number": 0.5, "other": 3]
        #expect(
            try message("given")
                == "--task-probabilities: found nothing, expected a number for each task: \(names)")
        all["tags"] = nil
        #expect(
            try message("given") { $0.probabilities = all }
                == "--task-probabilities: found no number for tags, expected a number for each task: \(names)")
        (all["tags"], all["magic"]) = (1, 1)
        #expect(
            try message("given") { $0.probabilities = all }
                == "--task-probabilities: found magic, expected tasks of this training: \(names)")
        for (number, text) in [(-1.0, "-1.0"), (0, "0.0"), (.nan, "nan"), (.infinity, "inf")] {
            #expect(
                try message("given") { $0.probabilities = ["class": number] }
                    == "--task-probabilities: found class=\(text), expected numbers over 0, finite")
        }
        #expect(
            try message("uniform") { $0.probabilities = ["class": 1] }
                == "--task-probabilities: found a value for the scheduler uniform, expected none: it is for given")
        #expect(
            try message("round-robin") { $0.cap = 5 }
                == "--task-cap: found a value for the scheduler round-robin, expected none: it is for proportional, "
                + "temperature, square-root, annealed")
        #expect(try message("proportional") { $0.cap = 0 } == "--task-cap: found 0, expected 1 or more examples")
        #expect(
            try message("temperature") { $0.temperature = 0 }
                == "--scheduler-temperature: found 0.0, expected 0.1 to 1000")
        #expect(
            try message("progress") { $0.targets = ["tags": 1.5] }
                == "--task-targets: found tags=1.5, expected scores of at most 1")
        #expect(
            try message("progress") { $0.targets = ["magic": 0.5] }
                == "--task-targets: found magic, expected tasks of this training: \(names)")
        #expect(
            try message("progress") { $0.exhausted = .stop }
                == "--exhausted: found stop with the scheduler progress, expected repeat or skip: the number of steps must be "
                + "known before the first one")
    }

    /// Progress is what a dev score lacks.
    @Test func progressNeedsScores() throws {
        let probe = try MultitaskProbe()
        func message(_ change: (TrainingTask) -> TrainingTask) throws -> String? {
            do {
                _ = try Trainer(
                    probe.network, tasks: probe.tasks.map { $0.name == "number" ? change($0) : $0 },
                    settings: probe.settings, scheduler: ProgressScheduler.self, workspace: .init(threads: 1))
                return nil
            } catch let error as TrainingError {
                return error.description
            }
        }
        let withoutDev = try message {
            TrainingTask(
                name: $0.name, objective: $0.objective, train: $0.train, dev: EncodedExamples(sequences: []))
        }
        #expect(
            withoutDev
                == "--scheduler: found progress with the task number, which has no dev split, expected dev splits for all tasks"
        )
        let errors = try message {
            TrainingTask(
                name: $0.name,
                objective: HeadObjective([
                    .init(
                        name: "number",
                        head: BatchHead(index: 2, column: 0, input: MultitaskProbe.heads[2].head.input),
                        metric: MeanSquaredError.self)
                ]), train: $0.train, dev: $0.dev)
        }
        #expect(
            errors
                == "--scheduler: found progress with the task number, whose metric is mse, expected metrics whose best value is 1"
        )
    }

    /// A training of one task has nothing to choose.
    @Test func oneTask() throws {
        let probe = try MultitaskProbe(counts: [40, 0, 0, 0])
        #expect(try message("given", probe) == nil)
    }
}
