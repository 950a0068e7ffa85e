import Adapters
import Bundles
import Files
import Foundation
import Numerics
import Reporting
import Tasks
import Training

/// What all training commands do around the training itself.
struct TrainingRun {
    let common: CommonOptions
    let options: TrainingOptions
    let out: String
    /// Says nothing on stdout: what is trained on the way to something else.
    var isQuiet = false

    /// What a training came to, whatever it was for.
    struct Outcome {
        var trained: Session.Trained
        /// What `--json` and the log say beside what all say.
        var fields: [String: ConfigurationValue]
        /// What people read of it, before and after what all say.
        var scores: [String]
        var remarks: [String] = []
    }

    /// What is handed to a training.
    struct Setting {
        var settings: TrainingSettings
        var keeping: CheckpointSettings
        var memoryLimit: MemoryLimit?
        var observe: (TrainingEvent) -> Void
    }

    /// Trains on tasks, writes the bundle and its run log, and prints the result.
    func run(
        _ recipe: Recipe, on tasks: [TaskData], session: Session, language: LanguageAdapter? = nil, rate: Double,
        multitask: Multitask? = nil
    ) throws {
        // By its tasks, not by its file: the same training gives the same bytes wherever it is written
        let name = options.name ?? Session.name(ofTasks: tasks.map(\.definition.name))
        let label = "\(recipe.kind.rawValue) \(tasks.map(\.definition.name).joined(separator: ", "))"
        let subject = tasks.map(\.definition.name).joined(separator: "+")
        try run(who: recipe.kind.rawValue, kind: recipe.kind, subject: subject, label: label, rate: rate) { setting in
            var settings = setting.settings
            multitask?.apply(to: &settings)
            let trained = try session.train(
                recipe, on: tasks, name: name, pooling: try options.poolingKind(), prefix: options.textPrefix,
                language: language, settings: settings,
                scheduler: multitask?.scheduler ?? TaskSchedulers.builtIn[0], keeping: setting.keeping,
                memoryLimit: setting.memoryLimit, observe: setting.observe)
            let dev = ConfigurationValue(json: trained.bundle.provenance.metrics) ?? .map([:])
            let notes = session.model.notes.map { ConfigurationValue.string($0) }
            var fields = devFields(dev, tasks)
            fields["data"] = TaskLoading.facts(tasks)
            fields["model_notes"] = .list(notes)
            if multitask != nil { fields["balancer"] = Multitask.balance(settings.balancer, trained.result) }
            return Outcome(
                trained: trained, fields: fields,
                scores: scores(trained, tasks), remarks: remarks(trained))
        }
    }

    /// Writes the bundle that `train` makes and its run log, and prints the result.
    /// - Parameters:
    ///   - who: writes, for others who would.
    ///   - kind: of the bundle.
    ///   - subject: its tasks, or its language's name.
    ///   - label: of the progress.
    ///   - rate: the learning rate where none is given.
    func run(
        who: String, kind: AdapterBundle.Kind, subject: String, label: String, rate: Double,
        _ train: (Setting) throws -> Outcome
    ) throws {
        let url = URL(fileURLWithPath: out)
        try Self.checkTarget(url)
        let output = try TrainingOutput(url, who: who)
        StopSignals.install()
        let settings = try options.settings(seed: common.seed, learningRate: rate)
        let progress = common.progress
        let started = Date()
        output.warnings(kind: kind, subject: subject, resumes: options.keeping.resume).forEach { Console.warn($0) }
        let outcome: Outcome
        do {
            outcome = try train(
                Setting(
                    settings: settings, keeping: options.keeping.keeping(output),
                    memoryLimit: try options.memory.limit(), observe: { $0.show(on: progress, label: label) }))
        } catch TrainingError.done {
            if !isQuiet { try reportDone(output) }
            return
        }
        let bytes = try BundleFile.data(outcome.trained.bundle)
        try AtomicFile.replace(url, with: bytes)
        try writeLog(outcome, to: output.log, started: started, sha256: Digest.sha256(bytes))
        output.removeCheckpoint()
        if !isQuiet { report(outcome) }
    }

    /// A target that cannot be written is told before hours of training, not after.
    private static func checkTarget(_ url: URL) throws {
        let folder = url.deletingLastPathComponent()
        var isFolder: ObjCBool = false
        if FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder), isFolder.boolValue {
            throw FileError.notAFile(file: url.path, found: "a folder")
        }
        try OutputTarget.checkBundle(url)
        try Folder.make(folder)
    }

    private func fields(_ outcome: Outcome) -> [String: ConfigurationValue] {
        let result = outcome.trained.result
        let common: [String: ConfigurationValue] = [
            "bundle": .string(out), "trainable_parameters": .init(outcome.trained.trainable),
            "steps": .init(result.steps),
            "epochs": .init(result.epochs), "tokens": .init(result.tokens),
            "tokens_per_second": .number(result.tokensPerSecond.rounded()),
            "skipped_steps": .init(result.skipped), "peak_memory_bytes": .init(PeakMemory.bytes),
        ]
        return common.merging(outcome.fields) { $1 }
    }

    /// Dev's scores and metric, and the rows that could not be used. One task's stand by themselves, several by name.
    private func devFields(_ dev: ConfigurationValue, _ tasks: [TaskData]) -> [String: ConfigurationValue] {
        func byName(_ value: (TaskData) -> ConfigurationValue) -> ConfigurationValue {
            if tasks.count == 1 { return value(tasks[0]) }
            return .map(Dictionary(tasks.map { ($0.definition.name, value($0)) }) { first, _ in first })
        }
        return [
            "dev": Self.single(dev), "metric": byName { .string($0.definition.metric) },
            "skipped": byName { task in
                .map(
                    Dictionary(
                        uniqueKeysWithValues: Split.allCases.filter { task.files[$0] != nil }.map {
                            ($0.rawValue, (task.skipped[$0] ?? []).json)
                        }))
            },
        ]
    }

    /// One task's metrics stand by themselves, several by name.
    private static func single(_ dev: ConfigurationValue) -> ConfigurationValue {
        if case .map(let tasks) = dev, tasks.count == 1, let only = tasks.first?.value { only } else { dev }
    }

    private func writeLog(_ outcome: Outcome, to url: URL, started: Date, sha256: String) throws {
        var log = fields(outcome)
        log["command"] = .list(CommandLine.arguments.map { .string($0) })
        log["started"] = .string(ISO8601DateFormatter().string(from: started))
        log["seconds"] = .number((Date().timeIntervalSince(started) * 10).rounded() / 10)
        log["threads"] = .init(common.threadCount)
        log["kernels"] = .string(Products.description)
        log["losses"] = .list(outcome.trained.result.losses.map { .number(($0 * 1e5).rounded() / 1e5) })
        log["memory_estimate_bytes"] = .init(outcome.trained.memoryEstimate)
        log["run"] = .string(outcome.trained.run)
        log["bundle_sha256"] = .string(sha256)
        try AtomicFile.replace(url, with: Data((ConfigurationValue.map(log).json + "\n").utf8))
    }

    /// A run that has ended before: what its log says.
    private func reportDone(_ output: TrainingOutput) throws {
        guard common.json else { return Console.print("already finished: \(out)") }
        guard case .map(let log)? = ConfigurationValue(json: try String(contentsOf: output.log, encoding: .utf8)) else {
            return
        }
        let apart: Set<String> = [
            "command", "started", "seconds", "threads", "kernels", "losses", "run", "bundle_sha256",
            "memory_estimate_bytes",
        ]
        Console.print(json: log.filter { !apart.contains($0.key) })
    }

    private func scores(_ trained: Session.Trained, _ tasks: [TaskData]) -> [String] {
        tasks.compactMap { task in
            trained.result.dev[task.definition.name].map { dev in
                let scores = dev.shown.map { "\($0.metricWords) \(Human.metric(dev[$0]))" }
                let unknown =
                    dev.unknownLabels > 0
                    ? ", \(Human.count(dev.unknownLabels)) of them with an unknown label, which counts as wrong" : ""
                return "\(task.definition.name): dev \(scores.joined(separator: ", ")) on "
                    + "\(Human.count(dev.examples, "text"))\(unknown)"
            }
        }
    }

    private func remarks(_ trained: Session.Trained) -> [String] {
        guard trained.truncated > 0 else { return [] }
        let which = trained.longest < options.maxLength ? "the model's maximum" : "--max-length"
        return [
            Human.count(trained.truncated, "training text is", "training texts are") + " longer than "
                + "\(counted(trained.longest, "token")) (\(which)) and \(trained.truncated == 1 ? "was" : "were") truncated"
        ]
    }

    private func report(_ outcome: Outcome) {
        guard !common.json else { return Console.print(json: fields(outcome)) }
        let result = outcome.trained.result
        outcome.scores.forEach { Console.print($0) }
        Console.print(
            "\(Human.count(outcome.trained.trainable, "parameter")) trained in \(Human.count(result.steps, "step")), "
                + "\(Human.count(result.tokens, "token")) at \(Human.count(Int(result.tokensPerSecond))) tokens/s; peak memory "
                + "\(Human.bytes(PeakMemory.bytes))")
        if result.skipped > 0 {
            Console.print(
                Human.count(result.skipped, "step was", "steps were")
                    + " skipped because \(result.skipped == 1 ? "its" : "their") loss or gradient was NaN or infinite")
        }
        outcome.remarks.forEach { Console.print($0) }
        Console.print("written: \(out)")
    }
}

extension TrainingEvent {
    /// Shows the news of a run as progress.
    func show(on progress: ProgressReporter, label: String) {
        switch self {
        case .started(let steps, _): progress.stage(label, total: steps)
        case .resumed(let done, let steps):
            progress.message("resuming after step \(Human.count(done)) of \(Human.count(steps))")
        case .skipped(let step, let found): progress.message("step \(step): \(found); skipped")
        case .warning(let text): Console.warn(text)
        case .step(let done, _, let loss, let tokens): progress.update(done: done, loss: loss, tokens: tokens)
        case .epoch(let epoch, let dev, let best, let weights):
            let scores = dev.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value.short)" }
            let balance = weights.sorted { $0.key < $1.key }.map { "\($0.key) \(Human.loss($0.value))" }
            progress.message(
                "epoch \(epoch): dev \(scores.joined(separator: ", "))"
                    + (balance.isEmpty ? "" : "; weights \(balance.joined(separator: ", "))")
                    + (best ? " (best so far)" : ""))
        case .finished: progress.finish()
        }
    }
}

extension Evaluation {
    /// Of a task its metric; of a language, which has none, the perplexity.
    fileprivate var short: String {
        metric.isEmpty
            ? "perplexity \(Human.loss(exp(loss)))" : "\(metric.metricWords) \(Human.metric(self[metric]))"
    }
}
