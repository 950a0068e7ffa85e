import Ablation
import Adapters
import Bundles
import Files
import Foundation
import Tasks
import Training

extension Model {
    /// Starts a choice of how to use adapters of other tasks for a task with few labels: a fusion of them, without or with an
    /// adapter of the task's own, ScaLearn, an adapter that starts from the closest one, or none of them at all.
    ///
    /// Cross-validation on the task's own training texts scores the candidates that are worth it; what other tasks have taught
    /// shrinks what so few labels say. The budget is counted in tokens, so the same data, adapters and seed make the same choice.
    /// - Parameters:
    ///   - task: With at least 8 training texts that have an answer. Its dev and test splits are not read.
    ///   - bundles: The adapters of other tasks, trained on this model.
    ///   - language: A language adapter to put below everything; it stays frozen, and the bundle does not contain it.
    ///   - budget: In trainings of a fusion on all labels, the final training included; nil (default) for 6 up to 256 labels
    ///     and 4 for more.
    ///   - options: Of these, the seed, the length, the precision, the pooling, the prefix, the head's dropout, the loss and the
    ///     name count; passes, batches and learning rates follow from the number of labels. With
    ///     ``TrainingOptions/checkpoint``, the bundle is written to its output, and finished trainings are kept in a folder beside
    ///     it until then: a job with the same arguments goes on from them.
    /// - Returns: The running job. Mistakes in the arguments are thrown by its events and its result.
    public func chooseFusion(
        on task: TextTask, from bundles: [AdapterBundle], language: AdapterBundle? = nil, budget: Double? = nil,
        options: TrainingOptions = TrainingOptions()
    ) -> FusionChoiceJob {
        FusionChoiceJob { isCancelled, tell in
            let files = try ChoiceFiles(options.checkpoint)
            defer { withExtendedLifetime(files) {} }
            let run = ExperimentRun(isCancelled: isCancelled) { tell(.progress($0)) }
            if let budget, !(budget >= 1 && budget.isFinite) {
                throw TrainingError.setting(name: "--budget", found: "\(budget)", expected: "1 or more")
            }
            let data = try task.load(splits: [.train])
            for warning in data.warnings { run.tell(.warning(warning, stage: nil)) }
            var foreign: [Warning] = []
            let below = try language.map { try self.languageAdapter($0, options.allowsOtherModel) { foreign += $0 } }
            for bundle in bundles {
                foreign += try self.check(bundle, allowsOtherModel: options.allowsOtherModel)
                foreign += bundle.stored.warning(on: below, file: bundle.label).map { [.of(.language, $0)] } ?? []
            }
            for warning in foreign { tell(.progress(.warning(warning, stage: nil))) }
            var environment = ExperimentEnvironment()
            environment.tell = { run.tell($0) }
            environment.checkpointEvery = options.checkpoint?.interval ?? .infinity
            environment.memoryLimit = options.memoryLimit.stored
            environment.stops = isCancelled
            let experiment = try AutoExperiment(
                data, sources: bundles.map(\.stored), session: try self.session(),
                settings: try options.settings(rate: 1e-3),
                configuration: AdapterConfiguration.bottleneck.stored, fusions: budget, name: options.name,
                pooling: options.pooling?.stored, prefix: options.textPrefix, language: language?.stored)
            let outcome = try experiment.run(in: files.folder, environment)
            guard let verdict = FusionVerdict(outcome) else {
                throw TrainingError.mismatch("the choice has no verdict")
            }
            try files.finish(outcome.bundle, verdict)
            return FusionChoice(
                bundle: AdapterBundle(outcome.bundle, file: files.output), verdict: verdict, warnings: foreign + run.all
            )
        }
    }
}

/// The files of a choice, held by this job alone: the bundle, its log, and the folder of finished trainings.
private final class ChoiceFiles {
    let folder: URL
    let output: URL?
    private let options: CheckpointOptions?
    private let lock: OutputLock?

    /// - Throws: `FileError.locked` where another job writes them; what `BundleTarget.check` throws
    init(_ options: CheckpointOptions?) throws {
        self.options = options
        output = options?.output
        if let output {
            try BundleTarget.check(output)
            try Folder.make(output.deletingLastPathComponent())
            lock = try OutputLock(output, who: "fuse")
            folder = output.appendingPathExtension("choice")
            AtomicFile.removeTemporaries(of: [output])
        } else {
            lock = nil
            folder = FileManager.default.temporaryDirectory.appendingPathComponent("amalgam-\(UUID().uuidString)")
        }
        if options?.resumes != true { try? FileManager.default.removeItem(at: folder) }
        try Folder.make(folder)
        AtomicFile.removeTemporaries(in: folder, deep: true)
    }

    deinit {
        // Without an output, nobody could find what a stopped run leaves
        if output == nil { try? FileManager.default.removeItem(at: folder) }
    }

    func finish(_ bundle: Bundles.AdapterBundle, _ verdict: FusionVerdict) throws {
        if let output {
            let bytes = try BundleFile.data(bundle)
            try AtomicFile.replace(output, with: bytes)
            if let log = options?.log {
                var fields: [String: ConfigurationValue] = [
                    "verdict": verdict.values.stored, "bundle": .string(output.relativePath),
                    "bundle_sha256": .string(Digest.sha256(bytes)),
                ]
                fields.merge((options?.logFields ?? [:]).mapValues(\.stored)) { own, _ in own }
                try RunLog(fields: fields).write(to: log)
            }
        }
        try? FileManager.default.removeItem(at: folder)
    }
}
