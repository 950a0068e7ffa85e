import Foundation
import Testing

/// `data check`, by the built command.
@Suite struct DataCheckTests {
    private static let leaked = "The quick brown fox jumps over the lazy dog, again."

    private func lab() throws -> Lab {
        let lab = try Lab()
        let planted = (0..<3).map { Lab.row(["gi lo ma bo", "du fe ki \($0)"].joined(separator: " "), Lab.labels[$0]) }
        var train = Lab.rows(60, seed: 1) + [Lab.row(Self.leaked, Lab.labels[0])] + planted
        train.insert("", at: 3)
        try lab.task("game", train: train, dev: Lab.rows(20, seed: 2), test: Lab.rows(20, seed: 3))
        // What game learns from is what role is tested on: as it is, in another writing, and with one word changed
        let test =
            Lab.rows(20, seed: 13) + [
                Lab.row("the QUICK brown fox — jumps over the lazy dog again", Lab.labels[1]),
                Lab.row("Yesterday the quick brown fox jumps over the lazy dog, again.", Lab.labels[1]),
            ]
        try lab.task("role", train: Lab.rows(60, seed: 11), dev: Lab.rows(20, seed: 12), test: test)
        return lab
    }

    private func pairs(_ found: [String: Any], _ lab: Lab) throws -> [String] {
        try #require(found["pairs"] as? [[String: Any]]).map { pair in
            let places = ["a", "b"].map { name in
                (pair[name] as? String ?? "").components(separatedBy: lab.folder.lastPathComponent + "/").last ?? ""
            }
            return "\(places[0]) \(places[1]) \(pair["kind"] as? String ?? "")"
        }
    }

    /// Another task's training data in this one's test data.
    @Test func plantedInAnotherTask() throws {
        let lab = try lab()
        let words = ["data", "check", "--task", "@role", "--against", "@game", "--json"]
        let found = try lab.run(words).json()
        #expect(found["exact"] as? Int == 1 && found["near"] as? Int == 1 && found["ngram13"] as? Int == 0)
        // The blank line counts
        #expect(
            try pairs(found, lab) == [
                "role/test.jsonl:21 game/train.jsonl:62 exact", "role/test.jsonl:22 game/train.jsonl:62 near",
            ])
        #expect(((found["pairs"] as? [[String: Any]])?.last?["similarity"] as? Double ?? 0) > 0.8)
        #expect(try lab.run(words + ["--threads", "1"]).output == lab.run(words + ["--threads", "3"]).output)

        let none = try lab.run(["data", "check", "--task", "@role", "--json", "--strict"])
        #expect(try none.json()["exact"] as? Int == 0)
        let strict = try lab.run(words + ["--strict"])
        #expect(strict.status == 65 && strict.output.contains("\"exact\":1"), "\(strict.words)")
        let table = try lab.run(["data", "check", "--task", "@role", "--against", "@game", "--report", "@page.html"])
        #expect(table.status == 0 && table.output.contains("The worst of 2 pairs"), "\(table.words)")
        #expect(table.output.contains("role test") && table.output.contains("game train"), "\(table.words)")
        #expect(String(decoding: try lab.data("page.html"), as: UTF8.self).contains("Worst pairs"))
    }

    /// A language adapter keeps the hashes of the lines that it was trained on, and of no others.
    @Test func plantedInALanguage() throws {
        let lab = try lab()
        try lab.text("some.txt", lines: 200, seed: 5)
        let text = String(decoding: try lab.data("some.txt"), as: UTF8.self).split(separator: "\n").map(String.init)
        try lab.write("leaky.txt", text + [Self.leaked])
        try lab.text("held.txt", lines: 50, seed: 6)
        for (name, training, count) in [("a", "leaky", 1), ("b", "some", 0)] {
            let run = try lab.run([
                "train-language", "--model", "@tiny", "--text", "@\(training).txt", "--held-out", "@held.txt",
                "--epochs", "1", "--out", "@\(name)/lang.h5", "--quiet",
            ])
            try #require(run.status == 0, "\(run.words)")
            for bundle in ["lang", "mlm-tiny"] {
                let check = try lab.run([
                    "data", "check", "--task", "@role", "--bundle", "@\(name)/\(bundle).h5", "--json",
                ])
                #expect(try check.json()["exact"] as? Int == count && check.errors.isEmpty, "\(check.words)")
            }
        }
    }

    /// The same through the hashes of a bundle, and of a fusion of it.
    @Test func plantedInABundle() throws {
        let lab = try lab()
        let train = ["--model", "@tiny", "--epochs", "1", "--quiet"]
        try lab.task("third", seed: 31)
        for name in ["game", "third"] {
            let run = try lab.run(["train-adapter", "--task", "@\(name)", "--out", "@\(name).h5"] + train)
            try #require(run.status == 0, "\(run.words)")
        }
        let fused = try lab.run(
            ["fuse", "--task", "@third", "--adapters", "@game.h5", "@third.h5", "--out", "@fused.h5"] + train)
        try #require(fused.status == 0, "\(fused.words)")
        let merged = try lab.run([
            "merge", "--method", "average", "--bundles", "@game.h5", "@third.h5", "--out", "@merged.h5", "--heads",
            "rename", "--quiet",
        ])
        try #require(merged.status == 0, "\(merged.words)")
        for (bundle, count) in [("game", 1), ("third", 0), ("fused", 1), ("merged", 1)] {
            let run = try lab.run(["data", "check", "--task", "@role", "--bundle", "@\(bundle).h5", "--json"])
            let found = try run.json()
            #expect(found["exact"] as? Int == count && run.errors.isEmpty, "\(bundle): \(run.words)")
            guard count > 0 else { continue }
            let all = try pairs(found, lab)
            #expect(all == ["role/test.jsonl:21 \(bundle).h5 exact"], "\(bundle)")
        }
        let texts = try #require(try lab.inspect("game.h5")["texts"] as? Int)
        #expect((50...64).contains(texts))
        // A bundle from before there were hashes
        let old = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("Golden/bundles")
        let names = try FileManager.default.contentsOfDirectory(atPath: old.path).filter { $0.hasSuffix(".bundle") }
            .sorted()
        let name = try #require(names.first)
        let run = try lab.run([
            "data", "check", "--task", "@role", "--bundle", old.appendingPathComponent(name).path, "--json",
        ])
        #expect(run.status == 0 && run.errors.contains("has no hashes of its training texts"), "\(run.words)")
    }

    @Test func refusals() throws {
        let lab = try lab()
        try lab.task("alone", train: Lab.rows(5, seed: 1))
        try lab.write("broken/train.jsonl", [Lab.row("a", "x"), "{\"text\": 3, \"label\": \"x\"}"])
        try lab.write("broken/test.jsonl", [Lab.row("a", "x")])
        for (words, status, message) in [
            (["--task", "@alone"], 65, "found one split"), (["--task", "@none"], 66, "no such file"),
            (["--task", "@role", "--threshold", "0"], 64, "above 0"),
            (["--task", "@broken"], 65, "broken/train.jsonl:2"),
            (["--task", "@role", "--bundle", "@game/train.jsonl"], 65, "game/train.jsonl"),
            (["--task", "@role", "--report", "@role/test.jsonl"], 64, "also reads"),
        ] as [([String], Int32, String)] {
            let run = try lab.run(["data", "check"] + words)
            #expect(run.status == status && run.errors.contains(message), "\(words): \(run.words)")
        }
    }
}
