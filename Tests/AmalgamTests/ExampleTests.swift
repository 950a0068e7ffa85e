import Foundation
import Testing

/// The programs under `Examples`, compiled from the same sources by Amalgam's own package, on a small random model.
@Suite struct ExampleTests {
    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// Where the tests' own program is, and the examples beside it.
    private static let programs: URL = {
        #if os(macOS)
            let bundle =
                Bundle.allBundles.first { $0.bundlePath.hasSuffix(".xctest") }?.bundleURL ?? Bundle.main.bundleURL
        #else
            let bundle = Bundle.main.executableURL ?? URL(fileURLWithPath: CommandLine.arguments[0])
        #endif
        return bundle.deletingLastPathComponent()
    }()

    /// What a program prints.
    private func output(of name: String, model: String) throws -> String {
        let process = Process()
        process.executableURL = Self.programs.appendingPathComponent("Example\(name)")
        process.arguments = [model]
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        let text = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        #expect(process.terminationStatus == 0 && process.terminationReason == .exit, "\(name): \(text)")
        return text
    }

    @Test func trainAndPredict() throws {
        let fixture = try Fixture()
        let text = try output(of: "TrainAndPredict", model: fixture.url("tiny").path)
        #expect(text.contains(/[0-9]+ parameters trained in 16 steps/), "\(text)")
        #expect(text.contains("A chess program with a graphical interface") && text.contains("no dev split"), "\(text)")
    }

    @Test func fuseAndCompare() throws {
        let fixture = try Fixture()
        let text = try output(of: "FuseAndCompare", model: fixture.url("tiny").path)
        #expect(text.contains("fusion: fuse(part, tone"), "\(text)")
        for name in ["alone", "average", "fusion"] {
            #expect(text.contains(try Regex("\(name): accuracy [0-9.]+ \\([0-9.]+ to [0-9.]+\\)")), "\(text)")
        }
        #expect(text.contains("fusion minus alone: "), "\(text)")
    }

    @Test func streamingJob() throws {
        let fixture = try Fixture()
        let text = try output(of: "StreamingJob", model: fixture.url("tiny").path)
        #expect(
            text.contains("cancelled; the checkpoint is written") && text.contains("continues after step"), "\(text)")
        #expect(text.contains("same bytes: true"), "\(text)")
    }

    @Test(
        .enabled(if: ProcessInfo.processInfo.environment["AMALGAM_TEST_MODEL"] != nil, "AMALGAM_TEST_MODEL is not set"))
    func trainAndPredictWithAModel() throws {
        let text = try output(
            of: "TrainAndPredict", model: ProcessInfo.processInfo.environment["AMALGAM_TEST_MODEL"] ?? "")
        #expect(text.contains(/game \([01]\.[0-9]+\): A chess program/), "\(text)")
        #expect(text.contains(/library \([01]\.[0-9]+\): C\+\+ headers/), "\(text)")
    }

    /// The README's program is the first example, word for word.
    @Test func theReadmeHasTheFirstExample() throws {
        let readme = try String(contentsOf: Self.root.appendingPathComponent("README.md"), encoding: .utf8)
        let section = try #require(readme.components(separatedBy: "\n## From Swift\n").dropFirst().first)
        let code = try #require(section.components(separatedBy: "```swift\n").dropFirst().first)
            .components(separatedBy: "```")[0]
        let source = Self.root.appendingPathComponent("Examples/TrainAndPredict/Sources/TrainAndPredict/main.swift")
        #expect(try code == String(contentsOf: source, encoding: .utf8))
    }
}
