import Foundation
import Testing

/// `data difficulty`, by the built command.
@Suite struct DataDifficultyTests {
    private func lines(_ lab: Lab, _ name: String) throws -> [[String: Any]] {
        try String(decoding: try lab.data(name), as: UTF8.self).split(separator: "\n").map {
            try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
        }
    }

    @Test func wholeRun() throws {
        let lab = try Lab(adapters: [("game", "game", ["--lr", "1e-2", "--epochs", "6"])])
        try lab.task("game", seed: 1, train: 60, dev: 30)
        let words = [
            "data", "difficulty", "--model", "@tiny", "--task", "@game", "--bundle", "@game.h5", "--split", "dev",
        ]
        let found = try lab.run(words + ["--examples", "@all.jsonl", "--label-errors", "@errors.jsonl", "--json"])
            .json()
        #expect(found["examples"] as? Int == 30 && found["null"] as? String == "train")
        let rows = try lines(lab, "all.jsonl")
        #expect(rows.count == 30 && rows.compactMap { $0["line"] as? Int } == Array(1...30))
        let bits = rows.compactMap { $0["information"] as? Double }
        let mean = try #require(found["information"] as? Double)
        #expect(bits.count == 30 && abs(bits.reduce(0, +) / 30 - mean) < 1e-9)
        let interval = try #require(found["interval"] as? [Double])
        #expect(interval[0] < mean && mean < interval[1])
        let strata = try #require(found["strata"] as? [[String: Any]])
        for by in ["information", "length"] {
            let groups = strata.filter { $0["by"] as? String == by }
            #expect(groups.compactMap { $0["examples"] as? Int }.reduce(0, +) == 30, "\(by)")
            for group in groups { #expect((0...1).contains(group["score"] as? Double ?? -1)) }
        }
        let ends = strata.filter { $0["by"] as? String == "information" }.map {
            [$0["low"] as? Double ?? .nan, $0["high"] as? Double ?? .nan]
        }
        #expect(ends.joined().sorted() == Array(ends.joined()) && ends.first?[0] == bits.min())
        let errors = try lines(lab, "errors.jsonl")
        #expect(found["label_errors"] as? Int == errors.count)
        #expect(errors.allSatisfy { $0["suggested"] as? String != $0["label"] as? String })
        let confidences = errors.compactMap { $0["confidence"] as? Double }
        #expect(confidences.count == errors.count && confidences == confidences.sorted())
        // The same bytes from any number of threads
        let other = try lab.run(words + ["--examples", "@again.jsonl", "--threads", "3", "--json"])
        #expect(try lab.data("again.jsonl") == lab.data("all.jsonl") && other.status == 0)

        let table = try lab.run(words + ["--report", "@page.html"])
        #expect(table.status == 0 && table.output.contains("bits of usable information"), "\(table.words)")
        #expect(String(decoding: try lab.data("page.html"), as: UTF8.self).contains("Hardest examples"))
        let training = try lab.run(words.dropLast() + ["train", "--json"])
        #expect(try training.json()["null"] as? String == "train")
    }

    @Test func refusesTags() throws {
        let lab = try Lab()
        try lab.taggingTask("words", seed: 1, train: 30, dev: 15)
        let train = try lab.run([
            "train-adapter", "--model", "@tiny", "--task", "@words", "--out", "@words.h5", "--epochs", "1", "--quiet",
        ])
        try #require(train.status == 0, "\(train.words)")
        let run = try lab.run([
            "data", "difficulty", "--model", "@tiny", "--task", "@words", "--bundle", "@words.h5", "--split", "dev",
        ])
        #expect(run.status == 65 && run.errors.contains("predicts tags, not classes"), "\(run.words)")
    }
}
