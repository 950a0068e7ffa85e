import Amalgam
import Foundation
import Testing

/// What a Swift program gets of all that the command prints. The model is small and random: only what is returned counts.
@Suite struct LibraryTests {
    private let folder: URL

    init() throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("amalgam-library-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let tiny = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("Golden/seed1/tiny")
        try FileManager.default.copyItem(at: tiny, to: folder.appendingPathComponent("tiny"))
        let letters = "abcdefghijklmnopqrstuvwxyz".map { String($0) }
        try write(
            "tiny/vocab.txt",
            ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"] + letters + letters.map { "##\($0)" })
    }

    private func write(_ path: String, _ lines: [String]) throws {
        let url = folder.appendingPathComponent(path)
        try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data((lines.joined(separator: "\n") + "\n").utf8).write(to: url)
    }

    private func path(_ name: String) -> String { folder.appendingPathComponent(name).path }

    private func rows(_ labels: [String]) -> [String] {
        (0..<24).map { #"{"text": "a b c \#($0 % 2 == 0 ? "x" : "z")", "label": "\#(labels[$0 % labels.count])"}"# }
    }

    private func model() throws -> Model { try Model(path("tiny"), threads: 1) }

    private var options: Model.Options {
        var options = Model.Options()
        options.epochs = 1
        return options
    }

    @Test func aTrainingReturnsItsWarnings() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        try write("game/train.jsonl", rows(["a", "b"]) + [#"{"text": "x", "label": null}"#])
        try write("game/dev.jsonl", rows(["a", "b"]))
        let adapter = try model().trainAdapter(task: path("game"), options: options)
        #expect(adapter.warnings.count == 1 && adapter.warnings[0].contains("null label"), "\(adapter.warnings)")
    }

    @Test func scoresCountUnknownLabelsAndPutTheTasksMetricFirst() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        for split in ["train", "dev"] { try write("game/\(split).jsonl", rows(["a", "b"])) }
        try write("game/test.jsonl", rows(["a", "new"]) + [#"{"text": "x", "label": null}"#])
        try write("game.yaml", ["name: game", "kind: text-classification", "data: game", "metric: macro_f1"])
        let adapter = try model().trainAdapter(task: path("game.yaml"), options: options)
        let scores = try adapter.evaluate(on: path("game.yaml"))
        #expect(scores.examples == 24 && scores.unknownLabels == 12 && scores.skipped == 1)
        #expect(scores.metric == "macro_f1" && scores.score == scores.metrics["macro_f1"])
        #expect((scores.metrics["accuracy"] ?? 1) <= 0.5)
        #expect(scores.warnings.contains { $0.contains("12 of 25") || $0.contains("12 of 24") }, "\(scores.warnings)")
        #expect(throws: (any Error).self) { try adapter.evaluate(on: path("game.yaml"), split: "all") }
    }

    @Test func aHeadReadsWhatItWasTrainedOn() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let pairs = (0..<24).map { #"{"text_a": "a", "text_b": "\#($0 % 2 == 0 ? "x" : "z")", "label": "\#($0 % 2)"}"# }
        for split in ["train", "dev"] { try write("pairs/\(split).jsonl", pairs) }
        let adapter = try model().trainAdapter(task: path("pairs"), options: options)
        #expect(try adapter.predict(pairs: [("a", "b")]).count == 1)
        #expect { try adapter.predict(["a"]) } throws: { "\($0)".contains("trained on pairs of texts") }
    }

    /// An adapter that was trained on a language adapter predicts with it, and says so where it is used without.
    @Test func theLanguageAdapterIsUsed() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        for split in ["train", "dev"] { try write("game/\(split).jsonl", rows(["a", "b"])) }
        let model = try model()
        var more = options
        more.epochs = 3
        more.learningRate = 0.05
        // Any adapter by itself can be one
        let language = try model.trainAdapter(task: path("game"), configuration: "seq_bn_inv", options: more)
        try language.save(to: path("language.h5"))
        let below = try model.load(path("language.h5"))
        let adapter = try model.trainAdapter(task: path("game"), language: below, options: options)
        #expect(adapter.warnings.isEmpty, "\(adapter.warnings)")
        try adapter.save(to: path("a.h5"))

        let with = try model.load(path("a.h5"), language: below)
        #expect(with.warnings.isEmpty)
        #expect(try with.predict(["a b"]) == adapter.predict(["a b"]))
        let without = try model.load(path("a.h5"))
        #expect(without.warnings.count == 1 && without.warnings[0].contains("language adapter"), "\(without.warnings)")
        #expect(try without.predict(["a b"]) != with.predict(["a b"]))
    }

    @Test func anotherTokenizerIsRefused() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        for split in ["train", "dev"] { try write("game/\(split).jsonl", rows(["a", "b"])) }
        try model().trainAdapter(task: path("game"), options: options).save(to: path("a.h5"))
        let letters = "abcdefghijklmnopqrstuvwxyz".reversed().map { String($0) }
        try write(
            "tiny/vocab.txt",
            ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"] + letters + letters.map { "##\($0)" })
        #expect { try model().load(path("a.h5")) } throws: { "\($0)".contains("different token ids") }
    }
}
