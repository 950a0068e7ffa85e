import Foundation
import Testing

/// `distill`, `prune` and `evaluate --attention`, by the built command.
@Suite(.serialized, .timeLimit(.minutes(5))) struct SmallerFusionTests {
    private func lab() throws -> Lab {
        let lab = try Lab()
        try lab.task("game", train: Lab.rows(60, seed: 1), dev: Lab.rows(20, seed: 2), test: Lab.rows(20, seed: 3))
        try lab.task("role", seed: 11)
        for task in ["game", "role"] {
            try expectSuccess(
                lab.run([
                    "train-adapter", "--model", "@tiny", "--task", "@\(task)", "--out", "@\(task).h5", "--epochs", "2",
                    "--quiet",
                ]))
        }
        try expectSuccess(
            lab.run([
                "fuse", "--model", "@tiny", "--task", "@game", "--adapters", "@game.h5", "@role.h5", "--out", "@f.h5",
                "--epochs", "2", "--quiet",
            ]))
        return lab
    }

    private func expectSuccess(_ run: Lab.Run) throws { try #require(run.status == 0, "\(run.words)") }

    private func json(_ run: Lab.Run) throws -> [String: Any] {
        try expectSuccess(run)
        let last = try #require(run.output.split(separator: "\n").last)
        return try #require(try JSONSerialization.jsonObject(with: Data(last.utf8)) as? [String: Any])
    }

    @Test func distill() throws {
        let lab = try lab()
        func distill(_ words: [String], out: String) throws -> Lab.Run {
            try lab.run(
                [
                    "distill", "--model", "@tiny", "--task", "@game", "--bundle", "@f.h5", "--out", "@\(out).h5",
                    "--epochs", "2",
                ]
                    + words)
        }
        let result = try json(distill(["--json", "--quiet"], out: "small"))
        let teacher = try #require(result["teacher"] as? [String: Any])
        #expect((teacher["dev"] as? [String: Any])?["examples"] as? Int == 20)
        #expect((result["dev"] as? [String: Any])?["examples"] as? Int == 20)
        let inspected = try lab.inspect("small.h5")
        #expect(inspected["kind"] as? String == "adapter")
        #expect((inspected["settings"] as? [String: Any])?["alpha"] as? Double == 0.9)
        // The adapter starts as one of the fusion's; plain text is more to learn from
        try lab.write("more.txt", ["ba be bi", "gi lo ma"])
        let shown = try distill(["--init-from", "role", "--texts", "@more.txt", "--quiet"], out: "other")
        #expect(shown.status == 0 && shown.output.contains("teacher: dev accuracy"), "\(shown.words)")
        #expect(try lab.data("small.h5") != lab.data("other.h5"))
        // The same bytes again
        _ = try json(distill(["--json", "--quiet", "--threads", "2"], out: "again"))
        #expect(try lab.data("small.h5") == lab.data("again.h5"))
        let wrong = try distill(["--temperature", "0", "--quiet"], out: "wrong")
        #expect(wrong.status != 0 && wrong.words.contains("--temperature: found 0.0, expected 0.1 to 100"))
    }

    @Test func prune() throws {
        let lab = try lab()
        func prune(_ words: [String]) throws -> Lab.Run {
            try lab.run(["prune", "--bundle", "@f.h5", "--json", "--quiet"] + words)
        }
        let named = try json(prune(["--remove", "role", "--out", "@named.h5"]))
        #expect(named["members"] as? [String] == ["game"] && named["removed"] as? [String] == ["role"])
        let task = ["--model", "@tiny", "--task", "@game"]
        let kept = try json(prune(task + ["--keep", "1", "--curve", "--out", "@kept.h5"]))
        let means = try #require(kept["attention"] as? [String: Double])
        let best = try #require(means.max { $0.value < $1.value }?.key)
        #expect(kept["members"] as? [String] == [best] && kept["split"] as? String == "dev")
        let curve = try #require(kept["curve"] as? [[String: Any]])
        #expect(curve.map { $0["count"] as? Int } == [1, 2])
        let scored = try json(
            lab.run(
                ["evaluate", "--bundle", "@kept.h5", "--split", "dev", "--json", "--quiet"] + task))
        #expect((scored["metrics"] as? [String: Any])?["accuracy"] as? Double == curve[0]["score"] as? Double)
        let table = try lab.run(["prune", "--bundle", "@f.h5", "--curve", "--quiet"] + task)
        #expect(table.output.hasPrefix("adapters  dev score  texts/s  kept\n1 "), "\(table.words)")
        #expect(
            try prune(["--keep", "1", "--out", "@x.h5"]).words.contains("--keep, --curve: need --task and --model"))
        #expect(try prune(["--remove", "rule", "--out", "@x.h5"]).words.contains("did you mean 'role'?"))
    }

    @Test func attention() throws {
        let lab = try lab()
        func evaluate(_ bundle: String, _ words: [String]) throws -> Lab.Run {
            try lab.run(["evaluate", "--model", "@tiny", "--task", "@game", "--bundle", bundle, "--quiet"] + words)
        }
        try expectSuccess(evaluate("@f.h5", ["--attention", "@a.json", "--report", "@r.html"]))
        let map = try #require(try JSONSerialization.jsonObject(with: lab.data("a.json")) as? [String: Any])
        #expect(map["adapters"] as? [String] == ["game", "role"])
        let places = try #require(map["places"] as? [[String: Any]])
        #expect(!places.isEmpty && places.allSatisfy { ($0["shares"] as? [String: Double])?.count == 2 })
        #expect(String(decoding: try lab.data("r.html"), as: UTF8.self).contains("Attention to adapters"))
        try expectSuccess(evaluate("@f.h5", ["--attention", "@a.csv"]))
        #expect(String(decoding: try lab.data("a.csv"), as: UTF8.self).hasPrefix("block,site,layer,game,role\nfuse,"))
        #expect(try evaluate("@game.h5", ["--attention", "@b.json"]).words.contains("expected a bundle with a fusion"))
        #expect(try evaluate("@f.h5", ["--attention", "@b.txt"]).words.contains("a file that ends with .json or .csv"))
    }
}
