import Foundation
import Testing

/// A few seconds of what Tests/soak does for two hours, and that it sees a leak.
@Suite(.serialized, .timeLimit(.minutes(5))) struct SoakTests {
    private func soak(_ more: [String]) throws -> (status: Int32, fields: [String: Any]) {
        let lab = try Lab()
        try lab.task("game", seed: 1, train: 32, dev: 16)
        try lab.task("role", seed: 5, train: 32, dev: 16)
        try FileManager.default.createDirectory(
            at: lab.folder.appendingPathComponent("out"), withIntermediateDirectories: true)
        let run = try lab.run(
            [
                "soak", "--model", "@tiny", "--tasks", "@game", "@role", "--out", "@out", "--minutes", "0.1", "--every",
                "0.5",
            ] + more, of: "amalgam-benchmark")
        let json = try? JSONSerialization.jsonObject(with: Data(run.output.utf8))
        return (run.status, try #require(json as? [String: Any], "\(run.words)"))
    }

    private func grows(_ fields: [String: Any], _ name: String) throws -> Bool {
        try #require((fields[name] as? [String: Any])?["grows"] as? Bool)
    }

    @Test(.enabled(if: FileManager.default.fileExists(atPath: "/proc/self/statm"), "there is no /proc here"))
    func filesAndThreadsStay() throws {
        let (_, fields) = try soak([])
        #expect(try !grows(fields, "files"))
        #expect(try !grows(fields, "threads"))
        #expect(try #require(fields["bundles"] as? Int) >= 7)
    }

    @Test(.enabled(if: FileManager.default.fileExists(atPath: "/proc/self/statm"), "there is no /proc here"))
    func aLeakIsSeen() throws {
        let (status, fields) = try soak(["--leak"])
        #expect(status == 1)
        #expect(try grows(fields, "files"))
        #expect(try grows(fields, "threads"))
    }
}
