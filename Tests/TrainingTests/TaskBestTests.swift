import Files
import Foundation
import Numerics
import Testing

@testable import Training

/// The state that is best for each task, beside the one that is best for all, and early stopping on the mean of all.
@Suite struct TaskBestTests {
    private func settings(_ keep: Keep = .best) -> TrainingSettings {
        var settings = TrainingSettings()
        (settings.mix, settings.seed, settings.epochs) = (.within, 3, 6)
        (settings.batch, settings.learningRate) = (.examples(10), 2e-2)
        (settings.keep, settings.keepsTaskBest) = (keep, true)
        return settings
    }

    private func values(_ buffer: AlignedBuffer) -> [Float] {
        Array(UnsafeBufferPointer(start: buffer.floats, count: buffer.count))
    }

    /// Each task's state is of the first epoch with its highest score, and has that score; what is kept for all is as without.
    @Test(arguments: Keep.allCases) func eachTaskHasItsBestEpoch(_ keep: Keep) throws {
        let probe = try MultitaskProbe(settings(keep))
        let trainer = try probe.trainer()
        let result = try trainer.run()
        let scores = result.devScores
        #expect(scores.count == 6 && Set(trainer.taskBest.keys) == Set(MultitaskProbe.heads.map(\.name)))
        let kept = probe.network.tensors
        for (task, best) in trainer.taskBest {
            let own = scores.map { $0[task] ?? -.infinity }
            #expect(own[best.epoch] == own.max() && best.dev[task]?.score == own[best.epoch])
            #expect(best.dev.count == 4)
            // The state itself
            probe.network.parameters.values.update(from: best.values.floats, count: best.values.count)
            let one = try #require(probe.tasks.first { $0.name == task })
            let scorer = try one.objective.scorer(probe.network, workspace: Workspace(threads: 1), keeping: nil)
            #expect(scorer(one.dev)[task]?.score == own[best.epoch])
        }
        #expect(Set(trainer.taskBest.values.map(\.epoch)).count > 1, "no two tasks differ: the test shows little")
        var plain = settings(keep)
        plain.keepsTaskBest = false
        let without = try MultitaskProbe(plain)
        let other = try without.trainer().run()
        #expect(without.network.tensors == kept && other.losses == result.losses && other.bestEpoch == result.bestEpoch)
        #expect((result.bestEpoch == nil) == (keep == .last))
        if keep == .best {
            let means = scores.map { $0.values.sorted().reduce(0, +) / 4 }
            #expect(abs(means[result.bestEpoch ?? 0] - (means.max() ?? 0)) < 1e-12)
        }
    }

    @Test func resumedRunsAreTheSame() throws {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("run-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: file) }
        let whole = try MultitaskProbe(settings())
        let undisturbed = try whole.trainer()
        _ = try undisturbed.run()
        for steps in [14, 25, 1] {
            let probe = try MultitaskProbe(settings())
            var asked = 0
            nonisolated(unsafe) let count: () -> Bool = {
                asked += 1
                return asked > steps
            }
            #expect(throws: TrainingError.self) {
                try probe.trainer().run(
                    CheckpointSettings(file, every: .infinity, resumes: true, stops: { count() }),
                    identity: probe.identity())
            }
        }
        let probe = try MultitaskProbe(settings())
        let trainer = try probe.trainer()
        _ = try trainer.run(CheckpointSettings(file, every: 0, resumes: true), identity: probe.identity())
        #expect(probe.network.tensors == whole.network.tensors)
        for (task, best) in undisturbed.taskBest {
            let other = try #require(trainer.taskBest[task])
            #expect(values(other.values) == values(best.values) && other.epoch == best.epoch && other.dev == best.dev)
        }
    }

    /// The mean score of all tasks decides: so many epochs without a better one end the run.
    @Test func patience() throws {
        var settings = settings()
        (settings.epochs, settings.patience) = (40, 2)
        let result = try MultitaskProbe(settings).trainer().run()
        let means = result.devScores.map { $0.values.sorted().reduce(0, +) / 4 }
        let best = try #require(result.bestEpoch)
        #expect(result.epochs < 40 && result.epochs == best + 3 && result.devScores.count == result.epochs)
        #expect(means.allSatisfy { $0 <= means[best] + 1e-12 })
    }

    @Test func needsDev() throws {
        let probe = try MultitaskProbe(settings())
        let tasks = probe.tasks.map {
            TrainingTask(name: $0.name, objective: $0.objective, train: $0.train, dev: EncodedExamples(sequences: []))
        }
        #expect(
            throws: TrainingError.setting(
                name: "--task-best", found: "tasks without a dev split",
                expected: "a dev split, which says what is best")
        ) {
            try Trainer(
                probe.network, tasks: tasks, settings: probe.settings, workspace: Workspace(threads: 1))
        }
    }
}
