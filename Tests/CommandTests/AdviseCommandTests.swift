import Foundation
import Testing

/// `advise`, by the built command.
@Suite struct AdviseCommandTests {
    @Test func ranks() throws {
        let lab = try Lab()
        for (name, seed) in [("game", 1), ("role", 11)] as [(String, UInt64)] {
            try lab.task(name, seed: seed)
            let run = try lab.run([
                "train-adapter", "--model", "@tiny", "--task", "@\(name)", "--out", "@bundles/\(name).h5", "--epochs",
                "2", "--quiet",
            ])
            try #require(run.status == 0, "\(run.words)")
        }
        let words = ["advise", "--model", "@tiny", "--task", "@game"]
        let run = try lab.run(words + ["--from", "@bundles", "--json"])
        try #require(run.status == 0, "\(run.words)")
        let told = try #require(try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [String: Any])
        let ranking = try #require(told["ranking"] as? [[String: Any]])
        #expect(ranking.count == 2 && ranking.allSatisfy { $0["bundle"] is String && $0["score"] is Double })
        #expect((told["base"] as? [String: Any])?["logme"] is Double && told["seconds"] is Double)

        let table = try lab.run(words + ["--adapters", "@bundles/role.h5", "--method", "centroid", "--quiet"])
        #expect(table.status == 0 && table.errors.isEmpty, "\(table.words)")
        #expect(table.output.contains("by centroid") && table.output.contains("the model alone"), "\(table.words)")
        for (more, words) in [
            ([], "give one of the two"), (["--from", "@none"], "found no .h5 file"),
            (["--from", "@bundles", "--method", "luck"], "expected logme"),
        ] as [([String], String)] {
            let wrong = try lab.run(["advise", "--model", "@tiny", "--task", "@game"] + more)
            #expect(wrong.status != 0 && wrong.errors.contains(words), "\(wrong.words)")
        }
    }
}
