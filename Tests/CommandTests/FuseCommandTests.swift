import Foundation
import Testing

/// `fuse --unfreeze` and `fuse --init-from`, by the built command.
@Suite struct FuseCommandTests {
    private func lab() throws -> Lab { try Lab(adapters: [("a", "game", []), ("b", "role", [])]) }

    private func fuse(_ lab: Lab, _ words: [String], out: String) throws -> Lab.Run {
        try lab.run(
            [
                "fuse", "--model", "@tiny", "--task", "@game", "--out", "@\(out).h5", "--epochs", "2", "--quiet",
                "--json",
            ]
                + words)
    }

    @Test func adaptersLearnWithTheFusion() throws {
        let lab = try lab()
        let adapters = ["--adapters", "@a.h5", "@b.h5"]
        let frozen = try fuse(lab, adapters, out: "frozen").json()
        let trained = try fuse(lab, adapters + ["--unfreeze"], out: "trained").json()
        let count = { (run: [String: Any]) in run["trainable_parameters"] as? Int ?? 0 }
        #expect(count(trained) > count(frozen))
        #expect(try lab.inspect("frozen.h5")["started_from"] as? [String: String] == [:])
        let inspected = try lab.inspect("trained.h5")
        let started = try #require(inspected["started_from"] as? [String: String])
        #expect(started.keys.sorted() == ["members/game", "members/role"])
        #expect((inspected["settings"] as? [String: Any])?["adapter_lr"] as? Double == 1e-3)
        let shown = try lab.run(["inspect", "@trained.h5"])
        #expect(shown.output.contains("trained further here"), "\(shown.words)")
        // What is read scores what training saw
        let scored = try lab.run([
            "evaluate", "--model", "@tiny", "--task", "@game", "--split", "dev", "--bundle", "@trained.h5",
            "--json",
            "--quiet",
        ]).json()
        let dev = try #require(trained["dev"] as? [String: Any])
        #expect((scored["metrics"] as? [String: Any])?["accuracy"] as? Double == dev["accuracy"] as? Double)
        // Frozen adapters keep their content, the others do not
        let again = try fuse(lab, adapters + ["--init-from", "@trained.h5"], out: "again")
        #expect(
            again.status == 65 && again.errors.contains("--init-from: bundle game is a fusion of game ("),
            "\(again.words)")
    }

    @Test func anotherRateIsAnotherRun() throws {
        let lab = try lab()
        let words = ["--adapters", "@a.h5", "@b.h5", "--unfreeze", "--adapter-lr"]
        #expect(try fuse(lab, words + ["1e-4"], out: "x").status == 0)
        #expect(try fuse(lab, words + ["1e-3"], out: "y").status == 0)
        #expect(try lab.data("x.h5") != lab.data("y.h5"))
    }

    @Test func continuesAFusion() throws {
        let lab = try lab()
        #expect(try fuse(lab, ["--adapters", "@a.h5", "@b.h5", "--fusion", "static"], out: "first").status == 0)
        #expect(try fuse(lab, ["--init-from", "@first.h5"], out: "alone").status == 0)
        #expect(try fuse(lab, ["--adapters", "@a.h5", "@b.h5", "--init-from", "@first.h5"], out: "given").status == 0)
        #expect(try lab.data("alone.h5") == lab.data("given.h5"))
        let bundle = try lab.inspect("alone.h5")
        #expect((bundle["started_from"] as? [String: String])?.keys.sorted() == ["blocks/fuse"])
        let composed = try fuse(
            lab, ["--compose", "fuse(@a.h5, @b.h5, value=false)", "--init-from", "@first.h5"], out: "composed")
        #expect(composed.status == 0, "\(composed.words)")
        #expect(try lab.data("alone.h5") == lab.data("composed.h5"))
    }

    /// Each method's bundle is scored and predicts; its learning rate is its own.
    @Test(arguments: [
        ("scalearn", "scalearn", 6e-3, 3 * 2 * 48), ("scalearn_uniform++", "scalearn", 6e-3, 2),
        ("average", "average", 5e-3, 0),
    ]) func methods(_ name: String, _ block: String, _ rate: Double, _ own: Int) throws {
        let lab = try lab()
        let adapters = ["--adapters", "@a.h5", "@b.h5", "--method", name]
        let trained = try fuse(lab, adapters, out: "f").json()
        let average = try fuse(lab, ["--adapters", "@a.h5", "@b.h5", "--method", "average"], out: "g").json()
        let count = { (run: [String: Any]) in run["trainable_parameters"] as? Int ?? -1 }
        #expect(count(trained) - count(average) == own)
        let bundle = try lab.inspect("f.h5")
        #expect((bundle["composition"] as? [String: Any])?["block"] as? String == block)
        #expect((bundle["settings"] as? [String: Any])?["lr"] as? Double == rate)
        let scored = try lab.run([
            "evaluate", "--model", "@tiny", "--task", "@game", "--split", "dev", "--bundle", "@f.h5", "--json",
            "--quiet",
        ]).json()
        let dev = try #require(trained["dev"] as? [String: Any])
        #expect((scored["metrics"] as? [String: Any])?["accuracy"] as? Double == dev["accuracy"] as? Double)
        let predicted = try lab.run(["predict", "--model", "@tiny", "--bundle", "@f.h5"], input: "gi ba\n")
        #expect(predicted.status == 0 && predicted.output.contains("label"), "\(predicted.words)")
    }

    @Test(arguments: [
        (["--adapters", "@a.h5", "--method", "scalearns"], "--method: found scalearns, expected fusion, scalearn"),
        (
            ["--adapters", "@a.h5", "--method", "average", "--fusion", "static"],
            "--fusion: only --method fusion has it, found average"
        ),
        (
            ["--adapters", "@a.h5", "--method", "scalearn", "--init-from", "@a.h5"],
            "--init-from: only --method fusion has it, found scalearn"
        ),
        (["--compose", "fuse(@a.h5)", "--method", "scalearn"], "--method: found scalearn with --compose"),
        (["--adapters", "@a.h5", "@b.h5", "--init-from", "@a.h5"], "is of kind adapter, expected a fusion"),
        (["--adapters", "@a.h5", "--adapter-lr", "1e-4"], "--adapter-lr: needs --unfreeze"),
        (["--adapters", "@a.h5", "--unfreeze", "--adapter-lr", "0"], "--adapter-lr: found 0"),
        ([], "--adapters, --compose: give one of the two"),
    ]) func mistakes(_ words: [String], _ message: String) throws {
        let lab = try lab()
        let run = try fuse(lab, words, out: "x")
        #expect([64, 65].contains(run.status) && run.errors.contains(message), "\(run.words)")
        #expect(!FileManager.default.fileExists(atPath: lab.folder.appendingPathComponent("x.h5").path))
    }
}
