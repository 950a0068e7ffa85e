import Amalgam
import Foundation
import Testing

/// The README's program, word for word but for its paths: it must compile here, and run where a model is.
@Suite struct ReadmeTests {
    static let model = ProcessInfo.processInfo.environment["AMALGAM_TEST_MODEL"]

    private func program(model name: String, task: String, out: String) throws -> String {
        let model = try Model(name)
        var options = Model.Options()
        options.epochs = 3
        options.maxLength = 64
        options.progress = { done, all, loss in if done == all { print("last loss", loss) } }

        let adapter = try model.trainAdapter(task: task, configuration: "seq_bn", options: options)
        print("test accuracy", try adapter.accuracy(on: task))
        try adapter.save(to: out)

        let again = try model.load(out)
        let prediction = try again.predict(["A chess program with a graphical interface"])[0]
        print(prediction.label, prediction.probabilities)
        return prediction.label
    }

    @Test(.enabled(if: model != nil, "AMALGAM_TEST_MODEL names no model's folder"))
    func programRuns() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
            "amalgam-readme-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        for (split, count) in [("train", 48), ("dev", 12), ("test", 12)] {
            let lines = (0..<count).map { i in
                i % 2 == 0
                    ? "{\"text\": \"A game of chess, number \(i), with many boards\", \"label\": \"game\"}"
                    : "{\"text\": \"A library of \(i) functions for developers\", \"label\": \"library\"}"
            }
            try lines.joined(separator: "\n").write(
                to: folder.appendingPathComponent("\(split).jsonl"), atomically: true, encoding: .utf8)
        }
        let label = try program(
            model: Self.model ?? "", task: folder.path, out: folder.appendingPathComponent("game.h5").path)
        #expect(label == "game")
    }

    @Test func aMissingModelIsNamed() {
        #expect { try Model("/nowhere/at-all") } throws: { "\($0)".contains("/nowhere/at-all") }
    }
}
