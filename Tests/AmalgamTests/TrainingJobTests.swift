import Amalgam
import Foundation
import Testing

/// Jobs: events, cancellation, checkpoints.
@Suite struct TrainingJobTests {
    private let fixture: Fixture

    init() throws { fixture = try Fixture() }

    @Test func eventsTellTheTraining() async throws {
        let task = try TextTask.classification(
            name: "game", train: Fixture.examples() + [ClassificationExample("x", label: "")],
            dev: Fixture.examples(12, shift: 1))
        var options = Fixture.options
        options.epochs = 2
        let job = try fixture.model().train(.adapter(), on: task, options: options)
        var (steps, epochs, warnings, started) = ([Int](), [Int](), [Warning](), 0)
        var last: TrainingResult?
        for try await event in job.events {
            #expect(last == nil)
            switch event {
            case .started(let count, _): started = count
            case .step(let step, let all, let loss, _):
                steps.append(step)
                #expect(all == started && loss.isFinite)
            case .epoch(let epoch, let dev, _, _):
                epochs.append(epoch)
                #expect(dev["game"]?.metric == "accuracy" && dev["game"]?.examples == 12)
            case .warning(let warning): warnings.append(warning)
            case .resumed, .skipped, .stopped: Issue.record("\(event)")
            case .finished(let result): last = result
            }
        }
        let result = try await job.result
        #expect(steps == Array(1...started) && epochs == [1, 2])
        #expect(warnings == result.warnings && warnings.count == 1 && warnings[0].text.contains("empty label"))
        #expect(try last?.bundle.data() == result.bundle.data())
        #expect(result.steps == started && result.losses.count == started && result.trainableParameters > 0)
        #expect(result.bundle.provenance.steps == started && result.dev["game"]?.examples == 12)
        #expect(result.summary[0].hasPrefix("game: dev accuracy ") && result.summary[0].hasSuffix(" on 12 texts"))
        #expect(result.summary.count == 2 && result.summary[1].contains(" parameters trained in "), "\(result.summary)")
    }

    /// The layers below the first adapter are computed once, and nothing else changes.
    @Test func frozenLayersAreKept() async throws {
        var options = Fixture.options
        (options.epochs, options.usesBaseDropout) = (3, false)
        let upper = try AdapterConfiguration("seq_bn", overrides: ["leave_out=[0]"])
        let kept = try await fixture.model().train(.adapter(upper), on: Fixture.task(), options: options).result
        let cached = try #require(kept.cachedActivations)
        #expect(cached.train?.layers == 1 && cached.train?.texts == 24 && cached.dev?.texts == 12)
        #expect(kept.summary.contains { $0.hasPrefix("computed once: the lowest 1 layer of 24 training texts") })
        options.activationCache = .off
        let computed = try await fixture.model().train(.adapter(upper), on: Fixture.task(), options: options).result
        #expect(computed.cachedActivations == nil && computed.losses == kept.losses)
        #expect(try computed.bundle.data() == kept.bundle.data())
        #expect(try ActivationCache("800MB") == .bytes(800_000_000) && ActivationCache("off") == .off)
        let error = await AmalgamError.thrown { _ = try ActivationCache("much") }
        #expect(error?.kind == .option && error?.field == "activationCache")
    }

    /// Cancelled by its task after some steps, then continued: the same bytes, with the checkpoint gone.
    @Test func aResumedJobGivesTheSameBytes() async throws {
        let (model, task) = (try fixture.model(), try Fixture.task())
        var options = Fixture.options
        options.epochs = 300
        options.batch = .examples(4)
        let whole = try await model.train(.adapter(.lora), on: task, options: options).result.bundle.data()

        let checkpoint = fixture.url("runs/game.checkpoint")
        // A checkpoint after every step
        options.checkpoint = CheckpointOptions(checkpoint, interval: 0, output: fixture.url("game.h5"))
        var ready = options
        let cancelled = Task { [ready] in
            let job = model.train(.adapter(.lora), on: task, options: ready)
            for try await _ in job.events {}
            _ = try await job.result
        }
        Fixture.onCheckpoint(in: fixture.url("runs"), named: "game") { cancelled.cancel() }
        await #expect(throws: CancellationError.self) { try await cancelled.value }
        #expect(FileManager.default.fileExists(atPath: checkpoint.path))

        // Another training must not take it
        var other = ready
        other.seed = 9
        let job = model.train(.adapter(.lora), on: task, options: other)
        let error = try #require(await AmalgamError.thrown { _ = try await job.result })
        #expect(error.kind == .checkpoint && error.file == checkpoint && error.description.contains("seed"), "\(error)")

        ready.checkpoint?.interval = 60
        var resumedAt = 0
        let again = model.train(.adapter(.lora), on: task, options: ready)
        for try await event in again.events { if case .resumed(let step, _) = event { resumedAt = step } }
        #expect((1...1799).contains(resumedAt))
        #expect(try await again.result.bundle.data() == whole)
        #expect(try Data(contentsOf: fixture.url("game.h5")) == whole)
        #expect(!FileManager.default.fileExists(atPath: checkpoint.path))
    }

    @Test func waitingForTheResultCancelsToo() async throws {
        let options = Fixture.endless
        let job = try fixture.model().train(.adapter(), on: Fixture.task(), options: options)
        let waiting = Task { try await job.result }
        waiting.cancel()
        await #expect(throws: CancellationError.self) { _ = try await waiting.value }
        await #expect(throws: CancellationError.self) { _ = try await job.result }

        let second = try fixture.model().train(.adapter(), on: Fixture.task(), options: options)
        second.cancel()
        await #expect(throws: CancellationError.self) { for try await _ in second.events {} }
    }

    /// A job that nobody holds stops: its checkpoint's lock is free soon after.
    @Test func anAbandonedJobStops() async throws {
        var options = Fixture.endless
        options.checkpoint = CheckpointOptions(fixture.url("game.checkpoint"), resumes: false)
        let model = try fixture.model()
        var job: TrainingJob? = model.train(.adapter(), on: try Fixture.task(), options: options)
        for try await event in try #require(job).events { if case .step = event { break } }
        // While it runs, no other may have its checkpoint
        let second = model.train(.adapter(), on: try Fixture.task(), options: options)
        #expect(await AmalgamError.thrown { _ = try await second.result }?.kind == .busy)
        job = nil
        options.epochs = 1
        for attempt in 0... {
            try #require(attempt < 100)
            let third = model.train(.adapter(), on: try Fixture.task(), options: options)
            let error = await AmalgamError.thrown { _ = try await third.result }
            if error == nil { break }
            #expect(error?.kind == .busy)
            try await Task.sleep(for: .milliseconds(100))
        }
    }

    @Test func optionsAreNamedAsInSwift() async throws {
        for (field, change) in [
            ("learningRate", { $0.learningRate = -1 }), ("maxLength", { $0.maxLength = 1 }),
            ("epochs", { $0.epochs = 0 }), ("batch", { $0.batch = .tokens(0) }), ("scheduler", { $0.scheduler = "x" }),
            ("name", { $0.name = "" }), ("memoryLimit", { $0.memoryLimit = .bytes(1000) }),
            ("activationCache", { $0.activationCache = .bytes(-1) }), ("taskCap", { $0.taskCap = 0 }),
            ("lossWeights", { $0.lossWeights = ["one": 1] }), ("gradientCosines", { $0.gradientCosines = -1 }),
            ("schedulerTemperature", { $0.schedulerTemperature = 0 }),
            ("taskProbabilities", { $0.taskProbabilities = ["one": -1] }),
            ("taskTargets", { $0.taskTargets = ["one": 2] }),
        ] as [(String, (inout TrainingOptions) -> Void)] {
            var options = Fixture.options
            change(&options)
            let job = try fixture.model().train(.head, on: Fixture.task(), options: options)
            let error = await AmalgamError.thrown { _ = try await job.result }
            #expect(error?.field == field && error?.description.contains("--") == false, "\(field): \(error as Any)")
        }
    }
}
