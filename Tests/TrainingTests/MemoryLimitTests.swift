import Foundation
import Testing

@testable import Training

@Suite struct MemoryLimitTests {
    @Test func sizesWithUnits() throws {
        for (text, bytes) in [
            ("800MB", 800_000_000), ("1.5G", 1_500_000_000), ("2GiB", 2_147_483_648), ("64 mib", 67_108_864),
            ("1000", 1000),
        ] { #expect(try MemoryLimit(text).bytes == bytes) }
        for text in ["", "MB", "-1", "12XB", "1e99GB", "nan", "0"] {
            #expect(throws: TrainingError.self, "\(text)") { try MemoryLimit(text) }
        }
    }

    /// The smallest on the way up counts; what cannot be read does not.
    @Test(
        arguments: [
            ("0::/a/b\n", ["sys/fs/cgroup/a/memory.max": "5000\n", "sys/fs/cgroup/a/b/memory.max": "max\n"], 5000),
            (
                "4:memory:/x\n0::/\n",
                [
                    "sys/fs/cgroup/memory/x/memory.limit_in_bytes": "7000\n",
                    "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
                ], 7000
            ),
            ("0::/../../etc\n", ["sys/fs/cgroup/etc/memory.max": "10\n"], 10),
            ("nonsense", [:], nil),
        ] as [(String, [String: String], Int?)])
    func controlGroups(_ groups: String, _ files: [String: String], _ expected: Int?) throws {
        let root = FileManager.default.temporaryDirectory.appendingPathComponent("groups-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: root) }
        for (path, text) in files.merging(["proc/self/cgroup": groups], uniquingKeysWith: { a, _ in a }) {
            let url = root.appendingPathComponent(path)
            try FileManager.default.createDirectory(
                at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(text.utf8).write(to: url)
        }
        #expect(MemoryLimit.detected(root: root.path)?.bytes == expected)
    }
}
