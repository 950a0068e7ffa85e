import Amalgam
import Foundation
import Testing

/// What a job writes: its bundle, its run log, and its checkpoint.
@Suite struct TrainingFilesTests {
    private let fixture: Fixture

    init() throws { fixture = try Fixture() }

    private func options(_ change: (inout CheckpointOptions) -> Void = { _ in }) -> TrainingOptions {
        var options = Fixture.options
        var files = CheckpointOptions(
            fixture.url("game.checkpoint"), output: fixture.url("game.h5"), log: fixture.url("game.run.json"),
            logFields: ["command": "test", "steps": 0])
        change(&files)
        options.checkpoint = files
        return options
    }

    @Test func aFinishedTrainingIsNotRepeated() async throws {
        let (model, task) = (try fixture.model(), try Fixture.task())
        let first = try await model.train(.adapter(), on: task, options: options()).result
        let log = try #require(
            SettingValue(json: try String(contentsOf: fixture.url("game.run.json"), encoding: .utf8)))
        #expect(log["command"] == "test" && log["steps"] == SettingValue(first.steps))
        #expect(log["run"]?.text == first.run && log["dev"]?["accuracy"]?.number == first.dev["game"]?.score)
        #expect(first.facts["bundle_sha256"] == log["bundle_sha256"] && first.facts["command"] == nil)

        let again = try await model.train(.adapter(), on: task, options: options()).result
        #expect(again.isEarlier && !first.isEarlier)
        #expect(try again.bundle.data() == first.bundle.data())
        #expect(again.run == first.run && again.steps == first.steps && again.tokens == first.tokens)
        #expect(again.dev["game"]?.metrics == first.dev["game"]?.metrics)
        #expect(again.trainableParameters == first.trainableParameters && again.losses.count == first.losses.count)

        // Another training, a changed bundle, and one that is to start over are no finished ones
        var other = options()
        other.seed = 5
        let warned = try await model.train(.adapter(), on: task, options: other).result
        #expect(!warned.isEarlier)
        let over = try await model.train(.adapter(), on: task, options: options { $0.resumes = false }).result
        #expect(try !over.isEarlier && over.bundle.data() == first.bundle.data())
    }

    @Test func anotherBundleIsReplacedWithAWarning() async throws {
        let model = try fixture.model()
        _ = try await model.train(.adapter(), on: try Fixture.task(), options: options()).result
        let second = try await model.train(.head, on: try Fixture.task(), options: options()).result
        let warning = try #require(second.warnings.first { $0.kind == .training })
        #expect(warning.text.contains("contains another bundle, of kind adapter for game"), "\(warning)")
    }

    @Test func otherFilesAreNotReplaced() async throws {
        let model = try fixture.model()
        try Data("text,label\n".utf8).write(to: fixture.url("game.h5"))
        let error = try #require(
            await AmalgamError.thrown {
                _ = try await model.train(.adapter(), on: try Fixture.task(), options: options()).result
            })
        #expect(
            error.kind == .option && error.description.contains("an existing file that is not a bundle"), "\(error)")
        #expect(try String(contentsOf: fixture.url("game.h5"), encoding: .utf8) == "text,label\n")

        let folder = try #require(
            await AmalgamError.thrown {
                _ = try await model.train(
                    .adapter(), on: try Fixture.task(), options: options { $0.output = fixture.url("") }
                ).result
            })
        #expect(folder.kind == .unreadableFile && folder.description.contains("a folder"), "\(folder)")
    }

    @Test func aStoppedTrainingTellsItsCheckpoint() async throws {
        var endless = options()
        (endless.epochs, endless.batch) = (Fixture.endless.epochs, Fixture.endless.batch)
        let job = try fixture.model().train(.adapter(), on: Fixture.task(), options: endless)
        var stopped: (step: Int, file: URL?)?
        await #expect(throws: CancellationError.self) {
            for try await event in job.events {
                switch event {
                case .step: job.cancel()
                case .stopped(let step, _, let checkpoint): stopped = (step, checkpoint)
                default: break
                }
            }
        }
        #expect(stopped?.file == fixture.url("game.checkpoint") && (stopped?.step ?? 0) > 0)
    }

    @Test func memoryLimitsAreRead() async throws {
        #expect(try MemoryLimit("2GiB") == .bytes(1 << 31) && (try MemoryLimit("800MB")) == .bytes(800_000_000))
        let error = try #require(await AmalgamError.thrown { _ = try MemoryLimit("much") })
        #expect(error.kind == .option && error.field == "memoryLimit")
    }
}
