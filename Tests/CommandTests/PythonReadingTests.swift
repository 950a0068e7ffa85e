import Foundation
import Testing

/// The README's lines of Python open a bundle and read an adapter's weight.
@Suite struct PythonReadingTests {
    private static func python(_ arguments: [String], in folder: URL) -> (status: Int32, output: String)? {
        let (process, pipe) = (Process(), Pipe())
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["python3"] + arguments
        process.currentDirectoryURL = folder
        (process.standardOutput, process.standardError) = (pipe, pipe)
        guard (try? process.run()) != nil, let data = try? pipe.fileHandleForReading.readToEnd() else { return nil }
        process.waitUntilExit()
        return (process.terminationStatus, String(decoding: data, as: UTF8.self))
    }

    private static let hasH5py =
        python(["-c", "import h5py; print(1)"], in: FileManager.default.temporaryDirectory)?.status == 0

    @Test(.enabled(if: hasH5py, "Python with h5py is not installed")) func readmeReadsAWeight() throws {
        let lab = try Lab()
        try lab.task("game", seed: 1)
        let run = try lab.run([
            "train-adapter", "--model", "@tiny", "--task", "@game", "--out", "@adapters/game.h5", "--epochs", "1",
            "--quiet",
        ])
        try #require(run.status == 0, "\(run.words)")
        let readme = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("README.md")
        let text = try String(contentsOf: readme, encoding: .utf8)
        let start = try #require(text.range(of: "```python\nimport h5py\n"))
        let end = try #require(text.range(of: "```\n", range: start.upperBound..<text.endIndex))
        let script = "import h5py\n" + text[start.upperBound..<end.lowerBound]
        #expect(script.split(separator: "\n").count == 5)
        // The same weight, as numbers that can be compared
        let check = """
            \(script)
                assert adapter["afterFeedForward/0/down.weight"].shape == (3, 48)
                assert abs(adapter["afterFeedForward/0/down.weight"][:]).sum() > 0
            """
        let (status, output) = try #require(Self.python(["-c", check], in: lab.folder))
        #expect(status == 0 && output.hasPrefix("bottleneck {\"adapter_residual_before_ln\""), "\(output)")
    }
}
