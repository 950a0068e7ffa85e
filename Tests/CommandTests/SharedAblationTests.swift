import Foundation
import Testing

/// Processes that share one ablation.
@Suite(.serialized, .timeLimit(.minutes(10))) struct SharedAblationTests {
    private static func lab() throws -> Lab {
        let lab = try Lab()
        try lab.task("game", seed: 3, train: 80, dev: 24)
        try lab.task("role", seed: 4, train: 80, dev: 24)
        return lab
    }

    private static func arguments(_ out: String) -> [String] {
        [
            "ablate", "--model", "@tiny", "--tasks", "@game", "@role", "--arms", "adapter", "fusion", "--quick",
            "--seeds", "2", "--epochs", "12", "--batch-size", "4", "--threads", "1", "--checkpoint-every", "0",
            "--out", "@\(out)",
        ]
    }

    /// A report's scores, without times.
    private static func rows(_ lab: Lab, _ out: String) throws -> NSArray {
        let report = try JSONSerialization.jsonObject(with: try lab.data("\(out)/report.json")) as? [String: Any]
        let rows = try #require(report?["rows"] as? [[String: Any]])
        return rows.map { row in row.filter { $0.key != "tokens_per_second" && $0.key != "seconds" } } as NSArray
    }

    /// The labels of the trainings that a process began.
    private static func begun(_ words: String) -> [String] {
        words.matches(of: /(?m)^(.+, seed [01]): [0-9,]+ steps$/).map { String($0.1) }
    }

    private static func wait(_ process: Process, until isThere: () throws -> Bool) rethrows {
        let deadline = Date(timeIntervalSinceNow: 120)
        while process.isRunning, Date() < deadline, try !isThere() { usleep(1000) }
    }

    @Test func twoProcessesTrainEverythingOnce() throws {
        let lab = try Self.lab()
        let alone = try lab.run(Self.arguments("alone"))
        try #require(alone.status == 0, "\(alone.words)")
        let trainings = Self.begun(alone.errors)
        #expect(trainings.count == 8, "\(alone.words)")
        let processes = try ["1", "2"].map { try lab.start(Self.arguments("shared"), streams: $0) }
        processes.forEach { $0.waitUntilExit() }
        let words = try ["1", "2"].map { try lab.errors($0) }
        #expect(processes.allSatisfy { $0.terminationStatus == 0 }, "\(words)")
        #expect(words.flatMap(Self.begun).sorted() == trainings.sorted(), "\(words)")
        #expect(try Self.rows(lab, "shared") == Self.rows(lab, "alone"))
    }

    /// One is killed amid a training: the other waits for it, takes over and finishes.
    @Test func anotherFinishesWhatAKilledOneBegan() throws {
        let lab = try Self.lab()
        let alone = try lab.run(Self.arguments("alone"))
        try #require(alone.status == 0, "\(alone.words)")
        let folder = lab.folder.appendingPathComponent("shared/trainings")
        let killed = try lab.start(Self.arguments("shared"), streams: "1")
        Self.wait(killed) {
            ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []).contains {
                $0.hasSuffix(".checkpoint") && !$0.hasPrefix(".")
            }
        }
        // It keeps its claim, and trains nothing meanwhile
        kill(killed.processIdentifier, SIGSTOP)
        let other = try lab.start(Self.arguments("shared"), streams: "2")
        let message = "by process \(killed.processIdentifier) (ablate)"
        try Self.wait(other) { try lab.errors("2").contains(message) }
        #expect(other.isRunning)
        kill(killed.processIdentifier, SIGKILL)
        killed.waitUntilExit()
        other.waitUntilExit()
        let words = try lab.errors("2")
        #expect(other.terminationStatus == 0, "\(words)")
        #expect(words.contains(": resuming after step"), "\(words)")
        #expect(try Self.rows(lab, "shared") == Self.rows(lab, "alone"))
        let left = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        #expect(left.allSatisfy { $0.hasSuffix(".json") || $0.hasSuffix(".h5") }, "\(left)")
    }

    /// A signal while it waits.
    @Test func aWaitCanBeStopped() throws {
        let lab = try Self.lab()
        let owner = try lab.start(Self.arguments("shared") + ["--arms", "adapter", "--seeds", "1"], streams: "1")
        let folder = lab.folder.appendingPathComponent("shared/trainings")
        Self.wait(owner) {
            ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []).contains {
                $0.hasSuffix(".checkpoint") && !$0.hasPrefix(".")
            }
        }
        kill(owner.processIdentifier, SIGSTOP)
        let other = try lab.start(Self.arguments("shared") + ["--arms", "adapter", "--seeds", "1"], streams: "2")
        try Self.wait(other) { try lab.errors("2").contains("waiting for trainings of other processes: ") }
        kill(other.processIdentifier, SIGINT)
        other.waitUntilExit()
        let words = try lab.errors("2")
        #expect(other.terminationStatus == 130 && words.contains("amalgam: stopped between two trainings"), "\(words)")
        #expect(words.contains("resume with: "))
        kill(owner.processIdentifier, SIGKILL)
        owner.waitUntilExit()
    }
}
