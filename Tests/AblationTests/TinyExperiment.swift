import Adapters
import Bundles
import Foundation
@testable import Tasks

@testable import Ablation
@testable import Training

/// A small random model, tasks, and an experiment's folder; removed with the object.
final class TinyExperiment {
    let folder: URL
    let session: Session
    let configuration: AdapterConfiguration
    /// What was trained, in order.
    let log = TrainingLog()

    private static let words = "bdfghklmnprstvz".flatMap { consonant in "aeiou".map { "\(consonant)\($0)" } }

    init() throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("experiment-\(UUID().uuidString)")
        let model = folder.appendingPathComponent("tiny")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        try FileManager.default.copyItem(at: tests.appendingPathComponent("Golden/seed1/tiny"), to: model)
        let pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"] + Self.words
        try Data((pieces.joined(separator: "\n") + "\n").utf8).write(to: model.appendingPathComponent("vocab.txt"))
        session = try Session(folder: model, threads: 1, cache: nil)
        configuration = try .resolve("seq_bn")
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    var out: URL { folder.appendingPathComponent("out") }

    /// Files of the finished trainings with an ending.
    func files(_ ending: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: out.appendingPathComponent("trainings").path)
            .filter { $0.hasSuffix(ending) }.sorted()
    }

    /// A text's class is its first word.
    static func rows(_ count: Int, _ first: Int) -> [Example] {
        (0..<count).map { i in
            let label = (i + first) % 2
            let text = [words[label]] + (0..<4).map { words[(7 * i + 3 * $0 + first) % words.count] }
            return Example(id: i, text: text.joined(separator: " "), label: label)
        }
    }

    static func data(_ name: String, metric: String = "accuracy", labels: [String] = ["a", "b"]) -> TaskData {
        var data = TaskData(
            definition: TaskDefinition(
                name: name, kind: "text-classification", data: [:], metric: metric, folder: URL(fileURLWithPath: "/"),
                source: name), labels: labels)
        (data.train, data.dev, data.test) = (rows(24, 0), rows(8, 5), rows(10, 9))
        return data
    }

    static func task(_ name: String) -> ExperimentTask { ExperimentTask(data(name)) }

    var settings: TrainingSettings {
        var settings = TrainingSettings()
        (settings.epochs, settings.maxLength, settings.batch) = (1, 16, .examples(8))
        return settings
    }

    func cell(
        _ name: String, _ training: any CellTraining, rates: Cell.Rates = .grid([1e-3]), scored: [Cell.Scored] = [],
        keepsBundle: Bool = false
    ) -> Cell {
        Cell(
            name, label: name, session: session, training: Logged(training, name, log), settings: settings,
            rates: rates, scored: scored, keepsBundle: keepsBundle)
    }

    func adapter(_ task: ExperimentTask, rates: Cell.Rates = .grid([1e-3])) -> Cell {
        cell(
            "\(task.name).adapter", TaskTraining(.adapter(configuration), on: [task]), rates: rates,
            scored: [.init("test", task, head: task.name)])
    }

    /// Runs cells anew, as after a start of the program, and returns what was said.
    /// - Parameter folder: nil: `out`
    @discardableResult func run(
        _ cells: [Cell], in folder: URL? = nil, _ change: (inout ExperimentEnvironment) -> Void = { _ in }
    ) throws -> (results: ExperimentResults, words: String) {
        let said = Messages()
        var environment = ExperimentEnvironment()
        change(&environment)
        let tell = environment.tell
        environment.tell = {
            if case .message(let text) = $0 { said.add(text) }
            tell($0)
        }
        let results = try ExperimentRunner(folder: folder ?? out, environment).run(cells)
        return (results, said.text)
    }
}

/// What an experiment said, in lines.
private final class Messages: @unchecked Sendable {  // the lines are behind the lock
    private let lock = NSLock()
    private var lines: [String] = []

    func add(_ line: String) { lock.withLock { lines.append(line) } }

    var text: String { lock.withLock { lines.joined(separator: "\n") } }
}

/// Names with learning rates of the trainings that ran.
final class TrainingLog {
    private(set) var lines: [String] = []

    func add(_ line: String) { lines.append(line) }

    /// The lines so far; the log is empty then.
    func take() -> [String] {
        defer { lines = [] }
        return lines
    }
}

/// A training that says when it runs.
private struct Logged: CellTraining {
    let training: any CellTraining
    let name: String
    let log: TrainingLog

    init(_ training: any CellTraining, _ name: String, _ log: TrainingLog) {
        (self.training, self.name, self.log) = (training, name, log)
    }

    var inputs: [CellInput] { training.inputs }
    var fields: [String: ConfigurationValue] { training.fields }

    var kind: String { training.kind }

    func settings(_ given: TrainingSettings) -> TrainingSettings { training.settings(given) }

    func amount(_ session: Session, _ settings: TrainingSettings) throws -> TrainingAmount {
        try training.amount(session, settings)
    }

    /// A measurement is no training of the experiment.
    func part(steps: Int, _ settings: TrainingSettings) -> any CellTraining { training.part(steps: steps, settings) }

    func train(on inputs: [AdapterBundle], _ run: CellRun) throws -> Session.Trained {
        log.add("\(name) \(run.settings.learningRate)")
        return try training.train(on: inputs, run)
    }
}
