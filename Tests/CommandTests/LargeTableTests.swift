import Foundation
import Testing

/// Of a word table of 384 MB, a run has in memory what it reads at a time: texts with thousands of pieces take no more than
/// texts with a few.
@Suite(
    .serialized,
    .enabled(
        if: ProcessInfo.processInfo.environment["AMALGAM_TEST_E5"] != nil,
        "AMALGAM_TEST_E5 names no folder of multilingual-e5-small"),
    .disabled(if: Lab.isSanitized, "a sanitizer's shadow takes memory of its own"), .timeLimit(.minutes(5)))
struct LargeTableTests {
    static let model = ProcessInfo.processInfo.environment["AMALGAM_TEST_E5"]

    /// Texts of so many different ideographs, which are pieces of their own.
    private static func rows(_ count: Int, ideographs: Int) -> [String] {
        var state: UInt64 = 7
        return (0..<count).map { i in
            let text = (0..<40).map { _ in
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                return Unicode.Scalar(0x4E00 + UInt32((state >> 33) % UInt64(ideographs))).map(String.init) ?? ""
            }
            return Lab.row(text.joined(), Lab.labels[i % 3])
        }
    }

    @Test func rowsDoNotStay() throws {
        let lab = try Lab()
        func peak(_ name: String, ideographs: Int) throws -> Double {
            let rows = Self.rows(192, ideographs: ideographs)
            try lab.task(name, train: rows, dev: Array(rows.prefix(96)))
            let run = try lab.run([
                "train-adapter", "--threads", "2", "--model", Self.model ?? "", "--task", "@\(name)", "--epochs", "1",
                "--quiet", "--out", "@\(name).h5",
            ])
            try #require(run.status == 0, "\(run.words)")
            let log = try JSONSerialization.jsonObject(with: lab.data("\(name).run.json")) as? [String: Any]
            let peak = try #require(log?["peak_memory_bytes"] as? Double)
            let estimate = try #require(log?["memory_estimate_bytes"] as? Double)
            #expect(abs(estimate / peak - 1) < 0.2, "\(name): estimate \(Int(estimate)), peak \(Int(peak))")
            return peak
        }
        let (few, many) = (try peak("few", ideographs: 40), try peak("many", ideographs: 20_000))
        #expect(many - few < 40e6, "\(Int(few)) bytes with few pieces, \(Int(many)) with many")
    }

    /// Training all weights copies the table; what its bundle takes while it is written counts more than the steps.
    @Test(arguments: ["best", "last"]) func allWeights(_ keep: String) throws {
        let lab = try Lab()
        let rows = Self.rows(24, ideographs: 40)
        try lab.task("all", train: rows, dev: rows)
        let run = try lab.run([
            "finetune", "--threads", "2", "--model", Self.model ?? "", "--task", "@all", "--epochs", "1", "--keep",
            keep,
            "--quiet", "--out", "@all.h5",
        ])
        try #require(run.status == 0, "\(run.words)")
        let log = try JSONSerialization.jsonObject(with: lab.data("all.run.json")) as? [String: Any]
        let peak = try #require(log?["peak_memory_bytes"] as? Double)
        let estimate = try #require(log?["memory_estimate_bytes"] as? Double)
        #expect(abs(estimate / peak - 1) < 0.2, "estimate \(Int(estimate)), peak \(Int(peak))")
    }
}
