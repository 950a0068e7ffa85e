import Amalgam
import Foundation

/// A folder with a small random model, removed with the object. Only what the library returns counts, not how good it is.
final class Fixture: Sendable {
    let folder: URL

    static let golden = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Golden/seed1")

    init() throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("amalgam-library-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try FileManager.default.copyItem(at: Self.golden.appendingPathComponent("tiny"), to: url("tiny"))
        try writeVocabulary(reversed: false)
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    func url(_ name: String) -> URL { folder.appendingPathComponent(name) }

    func writeVocabulary(reversed: Bool) throws {
        let letters = "abcdefghijklmnopqrstuvwxyz".map { String($0) }
        let order = reversed ? letters.reversed() : letters
        try write("tiny/vocab.txt", ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"] + order + order.map { "##\($0)" })
    }

    func write(_ path: String, _ lines: [String]) throws {
        let url = url(path)
        try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data((lines.joined(separator: "\n") + "\n").utf8).write(to: url)
    }

    func model(threads: Int = 1) throws -> Model {
        try Model(folder: url("tiny"), threads: threads, cache: url("cache"))
    }

    /// Texts whose class is the letter at their end.
    static func examples(_ count: Int = 24, labels: [String] = ["a", "b"], shift: Int = 0) -> [ClassificationExample] {
        (0..<count).map { i in
            let class_ = (i + shift) % labels.count
            return ClassificationExample(
                "a b c \(["m", "n", "o"][(i + shift) % 3]) \(class_ == 0 ? "x" : "z")", label: labels[class_])
        }
    }

    static func task(_ name: String = "game", labels: [String] = ["a", "b"], shift: Int = 0) throws -> TextTask {
        try .classification(
            name: name, train: examples(labels: labels, shift: shift), dev: examples(12, labels: labels, shift: 1),
            test: examples(12, labels: labels, shift: 2))
    }

    static var options: TrainingOptions {
        var options = TrainingOptions()
        options.epochs = 1
        return options
    }

    /// Millions of steps: no job gets through them while the tests beside it keep Swift's threads busy.
    static var endless: TrainingOptions {
        var options = options
        options.epochs = 100_000
        options.batch = .examples(1)
        return options
    }

    /// Calls `stop` once a folder holds a checkpoint whose name starts so. Not from a task: those of other tests may keep all
    /// of Swift's threads busy until the job has ended.
    static func onCheckpoint(in folder: URL, named name: String, stop: @escaping @Sendable () -> Void) {
        let deadline = Date(timeIntervalSinceNow: 600)
        Thread.detachNewThread {
            while Date() < deadline {
                let files = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
                if files.contains(where: { $0.hasPrefix(name) && $0.hasSuffix(".checkpoint") }) { return stop() }
                usleep(500)
            }
        }
    }

    /// Trains an adapter for a task.
    func adapter(
        _ name: String = "game", _ configuration: AdapterConfiguration = .bottleneck, labels: [String] = ["a", "b"],
        options: TrainingOptions = Fixture.options
    ) async throws -> AdapterBundle {
        try await model().train(.adapter(configuration), on: Self.task(name, labels: labels), options: options)
            .result.bundle
    }
}

extension AmalgamError {
    /// The error that a body throws; nil: none, or another one.
    static func thrown(_ body: () async throws -> Void) async -> AmalgamError? {
        do {
            try await body()
            return nil
        } catch { return error as? AmalgamError }
    }
}

/// What a predictor of records wrote.
final class Lines: @unchecked Sendable {  // the predictor calls it once at a time
    private(set) var text = ""
    func add(_ lines: String) -> Bool {
        text += lines
        return true
    }
}
