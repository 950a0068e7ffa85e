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

    /// Trains, writes the bundle and its run log, and prints the result.
    func run(_ recipe: Recipe, on tasks: [TaskData], session: Session, rate: Double, scheduler: String = "proportional")
        throws
    {
        let url = URL(fileURLWithPath: out)
        try Self.checkTarget(url)
        let output = try TrainingOutput(url, who: recipe.kind.rawValue)
        StopSignals.install()
        let settings = try options.settings(seed: common.seed, learningRate: rate)
        guard let order = TaskSchedulers.named(scheduler) else {
            throw TrainingError.setting(
                name: "--scheduler", found: scheduler, expected: TaskSchedulers.names.joined(separator: ", "))
        }
        // By its tasks, not by its file: the same training gives the same bytes wherever it is written
        let name = options.name ?? tasks.map(\.definition.name).joined(separator: "+")
        let progress = common.progress
        let label = "\(recipe.kind.rawValue) \(tasks.map(\.definition.name).joined(separator: ", "))"
        let started = Date()
        if let word = output.word(resumes: options.keeping.resume) { Console.error("amalgam: \(word)") }
        let trained: Session.Trained
        do {
            trained = try session.train(
                recipe, on: tasks, name: name, pooling: try options.poolingKind(), prefix: options.textPrefix,
                settings: settings, scheduler: order, keeping: options.keeping.keeping(output),
                memoryLimit: try options.memory.limit(),
                observe: { $0.show(on: progress, label: label) })
        } catch TrainingError.done {
            return try reportDone(output)
        }
        let bytes = try BundleFile.data(trained.bundle)
        try AtomicFile.replace(url, with: bytes)
        try writeLog(trained, to: output.log, started: started, sha256: Digest.sha256(bytes))
        output.removeCheckpoint()
        report(trained, tasks: tasks)
    }

    /// A target that cannot be written is told before hours of training, not after.
    private static func checkTarget(_ url: URL) throws {
        let folder = url.deletingLastPathComponent()
        var isFolder: ObjCBool = false
        if FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder), isFolder.boolValue {
            throw FileError.notAFile(file: url.path, found: "a folder")
        }
        try Folder.make(folder)
    }

    private func fields(_ trained: Session.Trained) -> [String: ConfigurationValue] {
        let result = trained.result
        let dev = ConfigurationValue(json: trained.bundle.provenance.metrics) ?? .map([:])
        return [
            "bundle": .string(out), "trainable_parameters": .init(trained.trainable), "steps": .init(result.steps),
            "epochs": .init(result.epochs), "tokens": .init(result.tokens),
            "tokens_per_second": .number(result.tokensPerSecond.rounded()),
            "skipped_steps": .init(result.skipped), "peak_memory_bytes": .init(PeakMemory.bytes),
            "dev": Self.single(dev),
        ]
    }

    /// One task's metrics stand by themselves, several by name.
    private static func single(_ dev: ConfigurationValue) -> ConfigurationValue {
        if case .map(let tasks) = dev, tasks.count == 1, let only = tasks.first?.value { only } else { dev }
    }

    private func writeLog(_ trained: Session.Trained, to url: URL, started: Date, sha256: String) throws {
        var log = fields(trained)
        log["command"] = .list(CommandLine.arguments.map { .string($0) })
        log["started"] = .string(ISO8601DateFormatter().string(from: started))
        log["seconds"] = .number((Date().timeIntervalSince(started) * 10).rounded() / 10)
        log["threads"] = .init(common.threadCount)
        log["kernels"] = .string(Products.description)
        log["losses"] = .list(trained.result.losses.map { .number(($0 * 1e5).rounded() / 1e5) })
        log["memory_estimate_bytes"] = .init(trained.memoryEstimate)
        log["run"] = .string(trained.run)
        log["bundle_sha256"] = .string(sha256)
        try AtomicFile.replace(url, with: Data((ConfigurationValue.map(log).json + "\n").utf8))
    }

    /// A run that has ended before: what its log says.
    private func reportDone(_ output: TrainingOutput) throws {
        guard common.json else { return Console.print("done before: \(out)") }
        guard case .map(let log)? = ConfigurationValue(json: try String(contentsOf: output.log, encoding: .utf8)) else {
            return
        }
        let apart: Set<String> = [
            "command", "started", "seconds", "threads", "kernels", "losses", "run", "bundle_sha256",
            "memory_estimate_bytes",
        ]
        Console.print(json: log.filter { !apart.contains($0.key) })
    }

    private func report(_ trained: Session.Trained, tasks: [TaskData]) {
        guard !common.json else { return Console.print(json: fields(trained)) }
        let result = trained.result
        for task in tasks {
            guard let dev = result.dev[task.definition.name] else { continue }
            Console.print(
                "\(task.definition.name): dev accuracy \(Human.score(dev.accuracy)), macro-F1 \(Human.score(dev.macroF1)) on "
                    + "\(Human.count(dev.examples)) texts")
        }
        Console.print(
            "\(Human.count(trained.trainable)) parameters trained in \(Human.count(result.steps)) steps, "
                + "\(Human.count(result.tokens)) tokens at \(Human.count(Int(result.tokensPerSecond))) tokens/s; peak memory "
                + "\(Human.bytes(PeakMemory.bytes))")
        if result.skipped > 0 {
            Console.print("\(Human.count(result.skipped)) steps came to no number and were left out")
        }
        if trained.truncated > 0 {
            Console.print(
                "\(Human.count(trained.truncated)) training texts reach \(trained.longest) pieces, "
                    + "\(trained.longest < options.maxLength ? "the model's longest" : "--max-length"), and are cut there"
            )
        }
        Console.print("written: \(out)")
    }
}

extension TrainingEvent {
    /// Shows the news of a run as progress.
    func show(on progress: ProgressReporter, label: String) {
        switch self {
        case .started(let steps, _): progress.stage(label, total: steps)
        case .resumed(let done, let steps):
            progress.message("goes on after step \(Human.count(done)) of \(Human.count(steps))")
        case .skipped(let step, let found): progress.message("step \(step): \(found); left out")
        case .step(let done, _, let loss, let tokens): progress.update(done: done, loss: loss, tokens: tokens)
        case .epoch(let epoch, let dev, let best):
            let scores = dev.sorted { $0.key < $1.key }.map { "\($0.key) \(Human.score($0.value.accuracy))" }
            progress.message(
                "epoch \(epoch): dev accuracy \(scores.joined(separator: ", "))\(best ? " (best so far)" : "")")
        case .finished: progress.finish()
        }
    }
}
