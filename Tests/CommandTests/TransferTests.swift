import Foundation
import Testing

/// `transfer` from its data to its report, on a small random model.
@Suite(.timeLimit(.minutes(10))) struct TransferTests {
    /// Rows with a source each, so that no source is in two splits; what is tested in German are translations of what
    /// is tested in English.
    private static func rows(_ count: Int, from first: Int, seed: UInt64) -> [String] {
        Lab.rows(count, seed: seed).enumerated().map { i, row in
            row.dropLast() + ", \"source\": \"package\(first + i)\"}"
        }
    }

    private static func text(_ rows: [String]) -> [String] { rows.map { $0.replacing(/[^a-z ]/, with: "") } }

    private func lab(labels: [String: [String]] = [:], sources: Int = 1000) throws -> Lab {
        let lab = try Lab()
        for (l, language) in ["en", "de"].enumerated() {
            for (t, task) in ["role", "use"].enumerated() {
                let seed = UInt64(10 * l + t)
                let folder = "data/\(language)/\(task)"
                try lab.write("\(folder)/train.jsonl", Self.rows(40, from: 0, seed: seed))
                try lab.write("\(folder)/dev.jsonl", Self.rows(20, from: 500, seed: seed + 1))
                try lab.write("\(folder)/test.jsonl", Self.rows(30, from: sources, seed: seed + 2))
                let file = language == "en" ? task : "\(task).\(language)"
                let names = (labels[file] ?? Lab.labels).map { "\"\($0)\"" }.joined(separator: ", ")
                try lab.write(
                    "data/tasks/\(file).yaml",
                    [
                        "name: the-same-in-all-languages", "kind: text-classification", "data: ../\(language)/\(task)",
                        "fields: {group: source}", "labels: [\(names)]",
                    ])
            }
            try lab.write("data/\(language)/unlabelled/train.txt", Self.text(Lab.rows(80, seed: UInt64(90 + l))))
            try lab.write("data/\(language)/unlabelled/dev.txt", Self.text(Lab.rows(20, seed: UInt64(70 + l))))
        }
        return lab
    }

    private func arguments(_ out: String, _ more: [String] = []) -> [String] {
        [
            "transfer", "--model", "@tiny", "--english-model", "@tiny", "--data", "@data", "--languages", "de",
            "--tasks", "role,use", "--out", "@\(out)", "--epochs", "1", "--language-tokens", "600",
        ] + more
    }

    private func report(_ lab: Lab, _ out: String) throws -> [String: Any] {
        try #require(
            try JSONSerialization.jsonObject(with: try lab.data("\(out)/report.json")) as? [String: Any])
    }

    /// All that the report measured, without times.
    private func scores(_ lab: Lab, _ out: String) throws -> NSArray {
        try #require(try report(lab, out)["scores"] as? NSArray)
    }

    @Test func everyMethodOnEveryCellAndNothingTwice() throws {
        let lab = try lab()
        let first = try lab.run(arguments("out", ["--threads", "2"]))
        try #require(first.status == 0, "\(first.words)")
        #expect(first.errors.contains("Budget per task and language: at most 1,000 labeled texts"))
        #expect(first.errors.contains("2 tasks, 2 languages, 4 cells, 10 methods: about"))
        #expect(first.output.contains("tiny, fusion of the languages' adapters"))
        let scores = try scores(lab, "out")
        #expect(scores.count == 4 * 10)
        let report = try report(lab, "out")
        let adapters = try #require(report["adapters"] as? [[String: Any]])
        #expect(adapters.count == 2)
        for adapter in adapters {
            let made = try #require(adapter["adapter"] as? [String: Any])
            #expect((made["before"] as? Double ?? 0) > 1 && (made["after"] as? Double ?? 0) > 1)
            #expect((made["bytes"] as? Int ?? 0) > 1000 && (made["tokens"] as? Int ?? 0) > 300)
        }
        #expect((report["warnings"] as? [String]) == [])
        // The swap of the language's adapter changes nothing where the source's is kept, and something where not
        func answers(_ name: String) throws -> [String: String] {
            let files = try FileManager.default.contentsOfDirectory(
                atPath: lab.folder.appendingPathComponent("out/trainings").path)
            let file = try #require(files.first { $0.hasPrefix(name) && $0.hasSuffix(".json") })
            let run = try JSONSerialization.jsonObject(with: try lab.data("out/trainings/\(file)"))
            return try #require((run as? [String: Any])?["answers"] as? [String: String])
        }
        #expect(Set(try answers("role.madx.").keys) == ["own:en", "own:de", "kept:de"])
        #expect(Set(try answers("role.multitask.").keys) == ["en", "de"])

        let again = try lab.run(arguments("out", ["--threads", "1"]))
        try #require(again.status == 0, "\(again.words)")
        #expect(!again.errors.contains("step 1 "))
        #expect(try self.scores(lab, "out") == scores)
        let lines = again.errors.split(separator: "\n")
        for name in ["languages.head", "language.de", "role.madx.lr", "use.fusion.lr", "use.adapter.de.lr"] {
            #expect(lines.contains { $0.hasPrefix(name) && $0.hasSuffix(": already finished") }, "\(again.words)")
        }
        let alone = try lab.run(arguments("one", ["--threads", "1"]))
        try #require(alone.status == 0, "\(alone.words)")
        #expect(try self.scores(lab, "one") == scores)
    }

    @Test func goesOnWhereItWasKilled() throws {
        let lab = try lab()
        let whole = try lab.run(arguments("whole", ["--quick"]))
        try #require(whole.status == 0, "\(whole.words)")
        let process = try lab.start(arguments("killed", ["--quick", "--checkpoint-every", "0"]))
        let trainings = lab.folder.appendingPathComponent("killed/trainings").path
        // Killed once the first task's first training is under way or done
        while process.isRunning,
            !((try? FileManager.default.contentsOfDirectory(atPath: trainings)) ?? []).contains(where: {
                $0.hasPrefix("role.")
            })
        {
            usleep(2000)
        }
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
        let rest = try lab.run(arguments("killed", ["--quick"]))
        try #require(rest.status == 0, "\(rest.words)")
        #expect(rest.errors.contains("language.de: already finished"))
        #expect(try scores(lab, "killed") == scores(lab, "whole"))
        let left = try FileManager.default.contentsOfDirectory(atPath: trainings)
        #expect(!left.contains { $0.hasSuffix(".checkpoint") })
    }

    @Test func warnsOfWhatIsTrainedAndTested() throws {
        let lab = try lab(sources: 30)
        let run = try lab.run(arguments("out", ["--methods", "majority,tfidf"]))
        try #require(run.status == 0, "\(run.words)")
        let word = "role: 10 groups (for example package30) are both in training data and in the test split of de"
        #expect(run.errors.contains(word) && run.output.contains(word), "\(run.words)")
    }

    @Test func refusesWhatDoesNotGoTogether() throws {
        let lab = try lab(labels: ["use.de": Lab.labels.reversed()])
        func refused(_ more: [String], _ status: Int32, _ word: String) throws {
            let run = try lab.run(arguments("out", more))
            #expect(run.status == status && run.errors.contains(word), "\(run.words)")
        }
        try refused([], 65, "use.de.yaml: labels: found '日本'")
        try refused(["--methods", "adapter,none"], 64, "--methods: found none")
        try refused(
            ["--languages", "en"], 64,
            "--languages: found en, expected at least one name other than the source language")
        try refused(["--languages", "fr"], 65, "role is missing in all of fr")
        try refused(["--tasks", "../role"], 64, "--tasks: found ../role")
        try refused(["--tasks", "game"], 66, "tasks/game.yaml: no such file")
        try FileManager.default.removeItem(at: lab.folder.appendingPathComponent("data/de/unlabelled/train.txt"))
        try refused(["--tasks", "role"], 66, "de/unlabelled/train.txt: no such file")
        // Without language adapters no plain text is needed
        let run = try lab.run(arguments("out", ["--tasks", "role", "--methods", "majority,adapter"]))
        #expect(run.status == 0, "\(run.words)")
    }
}
