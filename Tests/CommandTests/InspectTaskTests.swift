import Foundation
import Testing

/// `inspect` and `data check` on a task whose definition says how many rows it has, by the built command.
@Suite struct InspectTaskTests {
    private func lab() throws -> Lab {
        let lab = try Lab()
        try lab.task("game", train: Lab.rows(30, seed: 1), dev: Lab.rows(10, seed: 2), test: Lab.rows(10, seed: 3))
        let yaml = """
            kind: text-classification
            data: {train: game/train.jsonl, test: game/test.jsonl}
            rows: {train: 30, test: 12}
            metric: macro_f1

            """
        try Data(yaml.utf8).write(to: lab.folder.appendingPathComponent("known.yaml"))
        return lab
    }

    @Test func taskByItsDefinition() throws {
        let lab = try lab()
        let shown = try lab.run(["inspect", "@known.yaml"])
        #expect(shown.status == 0, "\(shown.words)")
        #expect(shown.output.hasPrefix("task known: text-classification, metric macro-F1\n"), "\(shown.words)")
        #expect(shown.errors.contains("known: found 10 rows in "), "\(shown.words)")
        #expect(!shown.errors.contains("found 30 rows"), "\(shown.words)")
        let found = try lab.run(["inspect", "@known.yaml", "--json"]).json()
        let splits = try #require(found["splits"] as? [String: [String: Any]])
        #expect(splits["train"]?["examples"] as? Int == 30 && splits["train"]?["expected"] as? Int == 30)
        #expect(splits["test"]?["examples"] as? Int == 10 && splits["test"]?["expected"] as? Int == 12)
        #expect((found["labels"] as? [String])?.count == Lab.labels.count)
        #expect((found["warnings"] as? [String])?.count == 1)
        let refused = try lab.run(["inspect", "@known.yaml", "--verify"])
        #expect(refused.status == 64 && refused.errors.contains("--verify"), "\(refused.words)")
    }

    /// A folder is a task, too; without a definition nothing is expected.
    @Test func folder() throws {
        let found = try lab().run(["inspect", "@game", "--json"]).json()
        #expect(found["kind"] as? String == "text-classification" && (found["warnings"] as? [String])?.isEmpty == true)
    }

    @Test func checksTellOtherVersions() throws {
        let checked = try lab().run(["data", "check", "--task", "@known.yaml"])
        #expect(checked.status == 0 && checked.errors.contains("known: found 10 rows in "), "\(checked.words)")
        #expect(checked.errors.contains("expected 12 (rows in "), "\(checked.words)")
    }
}
