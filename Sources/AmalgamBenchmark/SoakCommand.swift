import Adapters
import ArgumentParser
import Bundles
import Foundation
import Tasks
import Training

/// Training, evaluation and bundles in a loop within one process: what grows here would grow overnight.
struct SoakCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "soak",
        abstract:
            "Train with checkpoints, evaluate, write and read bundles in a loop; fails where memory, files or threads grow.",
        discussion: "Prints one line per minute on stderr. Tests/soak creates the model and the tasks.")

    @Option(help: "A Hugging Face folder.") var model: String
    @Option(parsing: .upToNextOption, help: "Two tasks, each a folder or a YAML.") var tasks: [String]
    @Option(help: "A folder for the bundles.") var out: String
    @Option(help: "Duration in minutes.") var minutes = 120.0
    @Option(help: "Seconds between two lines of output.") var every = 60.0
    @Option(help: "Number of threads.") var threads = 2
    @Flag(help: "Leak every tenth session and an open file, to show that growth is found.") var leak = false

    func run() throws {
        guard tasks.count == 2 else {
            throw BenchmarkError.option(name: "--tasks", found: "\(tasks.count)", expected: "two tasks")
        }
        guard minutes > 0, every > 0, (1...1024).contains(threads) else {
            throw BenchmarkError.option(
                name: "--minutes, --every, --threads", found: "\(minutes), \(every), \(threads)",
                expected: "more than 0")
        }
        let data = try tasks.map { try TaskData.load(TaskDefinition.load(URL(fileURLWithPath: $0))) }
        var soak = Soak(
            model: URL(fileURLWithPath: model), tasks: data, out: URL(fileURLWithPath: out), threads: threads)
        let start = DispatchTime.now().uptimeNanoseconds
        var seconds: Double { Double(DispatchTime.now().uptimeNanoseconds - start) / 1e9 }
        var uses: [ProcessUse] = []
        var kept: [Any] = []
        while seconds < minutes * 60 {
            let session = try soak.round()
            if leak, soak.bundles % 10 == 0 {
                kept.append(session)
                kept.append(FileHandle(forReadingAtPath: "/dev/null") as Any)
            }
            guard seconds >= Double(uses.count + 1) * every else { continue }
            let use = try ProcessUse(seconds: seconds, bundles: soak.bundles)
            FileHandle.standardError.write(Data((use.line + "\n").utf8))
            uses.append(use)
        }
        guard uses.count >= 6 else {
            throw BenchmarkError.option(
                name: "--minutes", found: "\(uses.count) lines",
                expected: "at least 6 for a trend: more minutes, or --every less")
        }
        try report(uses)
    }

    private func report(_ uses: [ProcessUse]) throws {
        // The allocator's own breathing was measured below these; a thousand bundles that leak 4 KB each are above
        let trends = [
            SoakTrend("resident_bytes", uses, limit: { max(4e6, 0.02 * $0) }, { $0.resident }),
            SoakTrend("files", uses, limit: { _ in 0.5 }, { $0.files }),
            SoakTrend("threads", uses, limit: { _ in 0.5 }, { $0.threads }),
        ]
        var fields: [String: ConfigurationValue] = [
            "bundles": .init(uses.last?.bundles ?? 0), "lines": .init(uses.count),
            "seconds": .number((uses.last?.seconds ?? 0).rounded()),
        ]
        for trend in trends {
            fields[trend.name] = .map([
                "mean": .number(trend.mean.rounded()), "growth": .number((trend.growth * 100).rounded() / 100),
                "limit": .number(trend.limit), "grows": .bool(trend.grows),
            ])
        }
        ConfigurationValue.map(fields).printJSON()
        if trends.contains(where: \.grows) { throw ExitCode.failure }
    }
}

/// The rounds of a soak. Each starts a session, and with it threads and a mapped model, writes a checkpoint after every
/// step, and lets all go.
private struct Soak {
    let model: URL
    let tasks: [TaskData]
    let out: URL
    let threads: Int
    private(set) var bundles = 0
    /// What each kind of round wrote first: the same comes out of every later one.
    private var first: [String: Data] = [:]

    init(model: URL, tasks: [TaskData], out: URL, threads: Int) {
        self.model = model
        self.tasks = tasks
        self.out = out
        self.threads = threads
    }

    private static let kinds = ["adapter0", "adapter1", "fusion", "head", "full", "multitask", "method"]

    private func recipe(_ kind: String, _ cycle: Int) throws -> (recipe: Recipe, tasks: [TaskData], name: String) {
        switch kind {
        case "adapter0": return (.adapter(try .resolve("seq_bn"), from: nil), [tasks[0]], kind)
        case "adapter1": return (.adapter(try .resolve("double_seq_bn"), from: nil), [tasks[1]], kind)
        case "fusion":
            let fused = try ["adapter0", "adapter1"].map { try BundleFile.read(url($0)) }
            return (try .fusion(fused, .dynamic), [tasks[0]], kind)
        case "head": return (.head, [tasks[0]], kind)
        case "full": return (.full, [tasks[1]], kind)
        case "multitask": return (.adapter(try .resolve("seq_bn"), from: nil), tasks, kind)
        default:
            let presets = AdapterMethods.presetNames
            let preset = presets[cycle % presets.count]
            return (.adapter(try .resolve(preset), from: nil), [tasks[0]], "\(kind)-\(preset)")
        }
    }

    private func url(_ name: String) -> URL { out.appendingPathComponent("\(name).h5") }

    /// Trains one bundle, writes it, reads it back and scores it.
    mutating func round() throws -> Session {
        let kind = Self.kinds[bundles % Self.kinds.count]
        let (recipe, data, name) = try recipe(kind, bundles / Self.kinds.count)
        let session = try Session(folder: model, threads: threads, cache: nil)
        var settings = TrainingSettings()
        settings.epochs = 1
        let file = url(name)
        let checkpoint = file.appendingPathExtension("checkpoint")
        let keeping = CheckpointSettings(checkpoint, every: 0)
        let trained = try session.train(recipe, on: data, name: "soak", settings: settings, keeping: keeping)
        try BundleFile.write(trained.bundle, to: file)
        try FileManager.default.removeItem(at: checkpoint)
        bundles += 1
        let bytes = try Data(contentsOf: file)
        guard first[name, default: bytes] == bytes else {
            throw BenchmarkError.input(
                file: file.path, found: "other bytes than in its first round", expected: "the same")
        }
        first[name] = bytes
        let stored = try BundleFile.read(file)
        for task in data {
            let predictor = try Predictor(session, bundle: stored, head: task.definition.name)
            let scores = predictor.evaluate(task.dev, metric: Accuracy.self)
            guard scores == trained.result.dev[task.definition.name] else {
                throw BenchmarkError.input(
                    file: file.path, found: "other scores than in training", expected: "the same")
            }
        }
        return session
    }
}
