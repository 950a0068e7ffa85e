import Foundation
import Testing

/// `evaluate --perturb`, by the built command.
@Suite struct PerturbTests {
    @Test func drops() throws {
        let lab = try Lab(adapters: [("game", "game", [])])
        // Words that are long enough for typos
        let rows = Lab.rows(20, seed: 3).map {
            $0.replacing(#/([a-z]{2}) ([a-z]{2}) /#) { "\($0.output.1)\($0.output.2) " }
        }
        try lab.write("game/test.jsonl", rows)
        let words = ["evaluate", "--model", "@tiny", "--task", "@game", "--bundle", "@game.h5"]
        let run = try lab.run(words + ["--perturb", "all", "--json"])
        let found = try run.json()
        let changes = try #require(found["perturbations"] as? [[String: Any]])
        let skipped = try #require(found["perturbations_skipped"] as? [[String: Any]])
        let names = changes.compactMap { $0["name"] as? String }
        try #require(names == ["case", "typos"], "\(run.words)")
        #expect(
            skipped.compactMap { $0["name"] as? String } == [
                "choice_order", "numbers", "sentence_order", "label_words",
            ])
        #expect(skipped.allSatisfy { ($0["reason"] as? String)?.isEmpty == false })
        let accuracy = try #require((found["metrics"] as? [String: Any])?["accuracy"] as? Double)
        for change in changes {
            let (drop, score) = (change["drop"] as? Double ?? .nan, change["score"] as? Double ?? .nan)
            #expect(abs(accuracy - score - drop) < 1e-9, "\(change)")
            let interval = try #require(change["interval"] as? [Double])
            #expect(interval.count == 2 && interval[0] <= drop && drop <= interval[1], "\(change)")
            #expect(change["examples"] as? Int == 20 && change["unchanged"] is Int, "\(change)")
        }
        // This model has no capitals and reads all texts in lower case
        #expect(changes[0]["drop"] as? Double == 0)
        // The scores themselves are as without it, and a change by itself as among others
        let plain = try lab.run(words + ["--json"]).json()
        #expect(
            plain["perturbations"] == nil && (plain["metrics"] as? NSDictionary) == (found["metrics"] as? NSDictionary))
        let one = try lab.run(words + ["--perturb", "typos", "--json"]).json()
        #expect((one["perturbations"] as? [NSDictionary])?.first == changes[1] as NSDictionary)
        #expect((found["metrics"] as? [String: Any])?["expected_calibration_error"] is Double)

        let table = try lab.run(words + ["--perturb", "typos,numbers", "--report", "@page.html"])
        #expect(table.status == 0 && table.output.contains("drop of accuracy"), "\(table.words)")
        #expect(String(decoding: try lab.data("page.html"), as: UTF8.self).contains("Changed texts"))
        let wrong = try lab.run(words + ["--perturb", "typo"])
        #expect(
            wrong.status == 64 && wrong.errors.contains("--perturb: found typo, expected all, choice_order"),
            "\(wrong.words)")
    }
}
