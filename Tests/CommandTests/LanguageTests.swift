import Foundation
import Testing

/// Languages' adapters from their text to a task that stands on them, over the command itself.
@Suite(.timeLimit(.minutes(10))) struct LanguageTests {
    private func lab() throws -> Lab {
        let lab = try Lab()
        try lab.text("de.txt", lines: 600, seed: 1)
        try lab.text("fr.txt", lines: 600, seed: 2)
        try lab.task("game", seed: 1)
        return lab
    }

    private func run(_ lab: Lab, _ words: [String]) throws -> Lab.Run {
        let run = try lab.run(words)
        try #require(run.status == 0, "\(words.joined(separator: " ")): \(run.words)")
        return run
    }

    private static let language = ["train-language", "--model", "@tiny"]

    /// The head is trained first where there is none, and taken where there is one.
    @Test func aLanguageLearnsAndTheHeadIsMadeOnce() throws {
        let lab = try lab()
        let words = Self.language + ["--text", "@de.txt", "--epochs", "6", "--lr", "0.01", "--json"]
        let first = try run(lab, words + ["--out", "@a/lang-de.h5"])
        #expect(
            first.errors.contains("a/mlm-tiny.h5: no head that predicts masked tokens yet; training one"),
            "\(first.words)")
        let told = try first.json()
        let (before, after) = (
            try #require(told["perplexity_before"] as? Double), try #require(told["perplexity"] as? Double)
        )
        #expect(after < 0.9 * before, "\(before) to \(after)")
        #expect(try lab.inspect("a/mlm-tiny.h5")["kind"] as? String == "mlm")
        let bundle = try lab.data("a/lang-de.h5")
        let second = try run(lab, words + ["--out", "@a/again.h5"])
        #expect(!second.errors.contains("training one on this text first"), "\(second.words)")
        #expect(try lab.data("a/again.h5") == bundle, "another head, or another training")
        let heldOut = try run(
            lab, Self.language + ["--text", "@de.txt", "--held-out", "@fr.txt", "--epochs", "1", "--out", "@a/b.h5"])
        #expect(heldOut.output.contains("perplexity from "), "\(heldOut.words)")
    }

    @Test func aTaskKnowsTheLanguageThatItStandsOn() throws {
        let lab = try lab()
        let epochs = ["--epochs", "2"]
        for language in ["de", "fr"] {
            _ = try run(
                lab,
                Self.language + ["--text", "@\(language).txt", "--out", "@\(language).h5", "--lr", "0.05"] + epochs)
        }
        _ = try run(
            lab,
            ["train-adapter", "--model", "@tiny", "--task", "@game", "--language", "@de.h5", "--out", "@game.h5"]
                + epochs)
        let known = try #require(try lab.inspect("game.h5")["language"] as? [String: Any])
        #expect(known["name"] as? String == "de")
        #expect(try lab.inspect("de.h5")["language"] is NSNull)

        func evaluate(_ more: [String], of bundle: String = "game.h5") throws -> (words: String, loss: Double) {
            let run = try run(
                lab,
                ["evaluate", "--model", "@tiny", "--task", "@game", "--bundle", "@\(bundle)", "--json"] + more)
            let metrics = try #require(try run.json()["metrics"] as? [String: Any])
            return (run.errors, try #require(metrics["loss"] as? Double))
        }
        let (own, other, none) = (
            try evaluate(["--language", "@de.h5"]), try evaluate(["--language", "@fr.h5"]), try evaluate([])
        )
        #expect(!own.words.contains("language"), "\(own.words)")
        #expect(other.words.contains("trained on language adapter de") && other.words.contains("used on fr"))
        #expect(none.words.contains("used without one; give it with --language"))
        #expect(Set([own.loss, other.loss, none.loss]).count == 3, "the language makes no difference")

        // Tasks under one language, and languages of one task
        for (name, more) in [("stacked", ["--language", "@de.h5"]), ("bare", [])] {
            _ = try run(
                lab,
                [
                    "fuse", "--model", "@tiny", "--task", "@game", "--adapters", "@game.h5", "@de.h5", "--out",
                    "@\(name).h5",
                ] + epochs + more)
        }
        #expect(try lab.inspect("stacked.h5")["language"] as? [String: Any] != nil)
        #expect(try lab.data("stacked.h5") != lab.data("bare.h5"))
        #expect(!(try evaluate(["--language", "@de.h5"], of: "stacked.h5")).words.contains("language"))
        let predicted = try lab.run(
            ["predict", "--model", "@tiny", "--bundle", "@game.h5", "--language", "@de.h5", "--quiet"],
            input: "ba gi do\n")
        #expect(predicted.status == 0 && predicted.output.contains("probabilities"), "\(predicted.words)")
    }

    @Test func whatCannotBeIsOneLine() throws {
        let lab = try lab()
        try lab.write("one.txt", ["a text"])
        try Data([0x61, 0x0A, 0xFF, 0x0A]).write(to: lab.folder.appendingPathComponent("latin.txt"))
        _ = try run(
            lab, ["finetune", "--model", "@tiny", "--task", "@game", "--head-only", "--epochs", "1", "--out", "@h.h5"])
        func refusal(_ words: [String]) throws -> String {
            let run = try lab.run(words)
            #expect(run.status != 0 && run.status < 128 && run.output.isEmpty, "\(run.words)")
            let lines = run.errors.split(separator: "\n").filter { !$0.contains("training one on this text first") }
            #expect(lines.count == 1 || run.status == 64, "\(run.words)")
            return run.errors
        }
        func language(_ more: String...) throws -> String { try refusal(Self.language + ["--out", "@x.h5"] + more) }
        #expect(try language("--text", "@none.txt").contains("none.txt: no such file"))
        #expect(try language("--text", "@one.txt").contains("one.txt: 1 line of text, too few"))
        #expect(try language("--text", "@latin.txt").contains("latin.txt:2: not valid UTF-8"))
        #expect(try language("--text", "@de.txt", "--pooling", "mean").contains("--pooling: found a value"))
        #expect(
            try language("--text", "@de.txt", "--max-length", "3", "--mlm-head", "@h.h5").contains(
                "kind head, expected mlm")
        )
        #expect(try language("--text", "@de.txt", "--held-out", "@de.txt").contains("de.txt: 600 lines of text"))
        #expect(try language("--text", "@de.txt", "--held-out", "@a", "@b").contains("--held-out: found 2 files"))
        #expect(try language("--text", "@de.txt", "--tokens", "0").contains("--tokens: found 0"))
        let task = ["train-adapter", "--model", "@tiny", "--task", "@game", "--out", "@x.h5", "--language"]
        #expect(try refusal(task + ["@h.h5"]).contains("is not a language adapter"))
        #expect(try refusal(task + ["@none.h5"]).contains("none.h5"))
        // A tokenizer that cannot hide anything
        let vocabulary = String(decoding: try lab.data("tiny/vocab.txt"), as: UTF8.self)
        try lab.write(
            "tiny/vocab.txt", vocabulary.split(separator: "\n").map { $0 == "[MASK]" ? "[GONE]" : String($0) })
        #expect(try language("--text", "@de.txt").contains("a tokenizer without a mask token"))
    }
}
