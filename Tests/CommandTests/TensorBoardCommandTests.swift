import Foundation
import Testing

/// `--tensorboard`: what PyPI's tensorboard reads of the curves.
@Suite(.timeLimit(.minutes(5))) struct TensorBoardCommandTests {
    private static func python(_ arguments: [String]) -> (status: Int32, output: Data)? {
        let (process, pipe) = (Process(), Pipe())
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["python3"] + arguments
        (process.standardOutput, process.standardError) = (pipe, FileHandle.nullDevice)
        guard (try? process.run()) != nil, let data = try? pipe.fileHandleForReading.readToEnd() else { return nil }
        process.waitUntilExit()
        return (process.terminationStatus, data)
    }

    private static let hasTensorBoard = python(["-c", "import tensorboard; print(1)"])?.status == 0

    /// The runs that tensorboard finds, with their scalars by tag and texts.
    private func runs(_ folder: URL) throws -> [String: (scalars: [String: [[Double]]], texts: [String: [String]])] {
        let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("Golden/check_events.py")
        let (status, output) = try #require(Self.python([script.path, folder.path]))
        try #require(status == 0)
        let runs = try #require(try JSONSerialization.jsonObject(with: output) as? [String: [String: Any]])
        return runs.mapValues {
            ($0["scalars"] as? [String: [[Double]]] ?? [:], $0["texts"] as? [String: [String]] ?? [:])
        }
    }

    private static func arguments(_ more: String...) -> [String] {
        ["train-adapter", "--model", "@tiny", "--task", "@game", "--batch-size", "8", "--tensorboard", "@curves"] + more
    }

    @Test(.enabled(if: hasTensorBoard, "Python with tensorboard is not installed")) func tensorboardReadsTheCurves()
        throws
    {
        let lab = try Lab()
        try lab.task("game", seed: 3, train: 80, dev: 24)
        let run = try lab.run(Self.arguments("--epochs", "3", "--out", "@a.h5"))
        try #require(run.status == 0, "\(run.words)")
        let runs = try runs(lab.folder.appendingPathComponent("curves"))
        #expect(runs.keys.sorted() == ["game"])
        let game = try #require(runs["game"])
        let losses = try #require(game.scalars["train/loss"])
        #expect(losses.map { $0[0] } == (1...30).map(Double.init))
        let log = try #require(
            try JSONSerialization.jsonObject(with: try lab.data("a.run.json")) as? [String: Any])
        let logged = try #require(log["losses"] as? [Double])
        #expect(zip(losses, logged).allSatisfy { abs($0[1] - $1) < 2e-5 })
        // Three steps of warmup to 1e-3, then linear
        let rates = try #require(game.scalars["train/learning_rate"]).map { $0[1] }
        #expect(abs(rates[0] - 2.5e-4) < 1e-8 && abs(rates[3] - 1e-3) < 1e-8 && rates[29] < 4e-5)
        #expect(game.scalars["train/tokens_per_second"]?.allSatisfy { $0[1] > 0 } == true)
        #expect(game.scalars["dev/game/accuracy"]?.map { $0[0] } == [10, 20, 30])
        #expect(game.scalars["dev/game/loss"]?.count == 3)
        #expect(game.texts["settings"]?.first?.contains("\"epochs\":3") == true)
    }

    /// A killed run's curves go on where its checkpoint was, and a run that starts over has curves of its own.
    @Test(.enabled(if: hasTensorBoard, "Python with tensorboard is not installed")) func resumedRunsContinue() throws {
        let lab = try Lab()
        try lab.task("game", seed: 3, train: 80, dev: 24)
        let words = Self.arguments("--epochs", "60", "--checkpoint-every", "0", "--threads", "1", "--out", "@b.h5")
        let process = try lab.start(words)
        StoppedTrainingTests.wait(for: lab.folder.appendingPathComponent("b.h5.checkpoint"), process)
        usleep(20_000)
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
        let rest = try lab.run(words + ["--resume"])
        try #require(rest.status == 0 && rest.errors.contains("resuming after step"), "\(rest.words)")
        let folder = lab.folder.appendingPathComponent("curves")
        let losses = try #require(try runs(folder)["game"]?.scalars["train/loss"])
        // Every step once
        #expect(losses.map { $0[0] } == (1...600).map(Double.init))
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.appendingPathComponent("game").path)
        #expect(files.count == 2)
        let anew = try lab.run(Self.arguments("--epochs", "1", "--out", "@b.h5"))
        try #require(anew.status == 0, "\(anew.words)")
        #expect(try runs(folder)["game"]?.scalars["train/loss"]?.count == 10)
    }

    @Test func wrongPlacesAreRefused() throws {
        let lab = try Lab()
        try lab.task("game", seed: 3, train: 40, dev: 24)
        try lab.write("file", ["x"])
        let run = try lab.run(
            ["train-adapter", "--model", "@tiny", "--task", "@game", "--out", "@a.h5", "--tensorboard", "@file/x"])
        #expect(run.status == 74 && run.errors.contains("file"), "\(run.words)")
        let probe = try lab.run(
            [
                "finetune", "--linear-probe", "--model", "@tiny", "--task", "@game", "--out", "@a.h5", "--tensorboard",
                "@c",
            ])
        #expect(probe.status == 64 && probe.errors.contains("--tensorboard"), "\(probe.words)")
    }
}
