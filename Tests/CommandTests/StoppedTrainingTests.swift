import Files
import Foundation
import Testing

/// Runs that are stopped, refused or held up: one line, the right exit code, and nothing lost.
@Suite(.serialized, .timeLimit(.minutes(5))) struct StoppedTrainingTests {
    private static func lab() throws -> Lab {
        let lab = try Lab()
        try lab.task("game", seed: 3, train: 80, dev: 24)
        return lab
    }

    private static func train(_ more: String...) -> [String] {
        ["train-adapter", "--model", "@tiny", "--task", "@game", "--batch-size", "8", "--threads", "2"] + more
    }

    /// Waits until the file is there.
    static func wait(for url: URL, _ process: Process) {
        let deadline = Date(timeIntervalSinceNow: 60)
        while process.isRunning, Date() < deadline, !FileManager.default.fileExists(atPath: url.path) { usleep(500) }
    }

    @Test(arguments: [SIGINT, SIGTERM]) func aSignalKeepsAllThatIsDone(_ signal: Int32) throws {
        let lab = try Self.lab()
        try #require(try lab.run(Self.train("--epochs", "40", "--keep", "last", "--out", "@a.h5")).status == 0)
        let words = Self.train("--epochs", "40", "--keep", "last", "--checkpoint-every", "0.1", "--out", "@b.h5")
        let process = try lab.start(words)
        Self.wait(for: lab.folder.appendingPathComponent("b.h5.checkpoint"), process)
        kill(process.processIdentifier, signal)
        process.waitUntilExit()
        let said = try lab.errors()
        try #require(process.terminationStatus == 128 + signal, "\(said)")
        #expect(said.contains("stopped after step"))
        // The command that goes on, as it is printed
        let line = try #require(said.split(separator: "\n").first { $0.hasPrefix("resume with: ") })
        let shell = Process()
        shell.executableURL = URL(fileURLWithPath: "/bin/sh")
        shell.arguments = ["-c", line.dropFirst("resume with: ".count) + " >/dev/null 2>&1"]
        shell.currentDirectoryURL = FileManager.default.temporaryDirectory
        try shell.run()
        shell.waitUntilExit()
        #expect(shell.terminationStatus == 0)
        #expect(try lab.data("a.h5") == lab.data("b.h5"))
        let left = try FileManager.default.contentsOfDirectory(atPath: lab.folder.path)
        #expect(left.filter { $0.contains("b.h5") } == ["b.h5"])
    }

    @Test func aSecondSignalStopsAtOnce() throws {
        let lab = try Self.lab()
        let process = try lab.start(Self.train("--epochs", "50000", "--checkpoint-every", "0", "--out", "@b.h5"))
        Self.wait(for: lab.folder.appendingPathComponent("b.h5.checkpoint"), process)
        kill(process.processIdentifier, SIGINT)
        kill(process.processIdentifier, SIGTERM)
        process.waitUntilExit()
        #expect([130, 143].contains(process.terminationStatus))
        #expect(process.terminationReason == .exit)
        #expect(try lab.run(Self.train("--epochs", "1", "--out", "@c.h5")).status == 0)
    }

    @Test func whatHasEndedIsNotTrainedAgain() throws {
        let lab = try Self.lab()
        let words = Self.train("--epochs", "2", "--resume", "--json", "--out", "@a.h5")
        let first = try lab.run(words)
        try #require(first.status == 0, "\(first.words)")
        let second = try lab.run(words)
        #expect(second.status == 0 && second.errors.isEmpty, "\(second.words)")
        let results = try [first, second].map { run -> NSDictionary in
            // Memory is the process' own, told after its log was written
            var fields = try #require(try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [String: Any])
            fields["peak_memory_bytes"] = nil
            return fields as NSDictionary
        }
        #expect(results[0] == results[1])
        // Other settings are another run
        let other = try lab.run(Self.train("--epochs", "3", "--resume", "--json", "--out", "@a.h5"))
        #expect(other.errors.contains("24/30") || other.errors.contains(": 30 steps"), "\(other.words)")
    }

    @Test func anotherRunsCheckpointIsRefusedByName() throws {
        let lab = try Self.lab()
        let process = try lab.start(Self.train("--epochs", "5000", "--checkpoint-every", "0", "--out", "@b.h5"))
        Self.wait(for: lab.folder.appendingPathComponent("b.h5.checkpoint"), process)
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
        let kept = try lab.data("b.h5.checkpoint")
        for (words, field) in [(["--epochs", "6"], "--epochs"), (["--epochs", "5000", "--seed", "4"], "--seed")] {
            let run = try lab.run(Self.train() + words + ["--resume", "--out", "@b.h5"])
            #expect(run.status == 65 && run.errors.contains("belongs to another run (\(field)"), "\(run.words)")
        }
        // Damaged: each is refused, whatever byte it is
        for place in [9, 400, kept.count / 2, kept.count - 1] {
            var damaged = kept
            damaged[place] ^= 1
            try damaged.write(to: lab.folder.appendingPathComponent("b.h5.checkpoint"))
            let run = try lab.run(Self.train("--epochs", "5000", "--resume", "--out", "@b.h5"))
            #expect(run.status == 65 && run.errors.contains("b.h5.checkpoint"), "byte \(place): \(run.words)")
        }
        // Without --resume it starts anew, and says so
        let run = try lab.run(Self.train("--epochs", "1", "--out", "@b.h5"))
        #expect(run.status == 0 && run.errors.contains("--resume would continue"), "\(run.words)")
    }

    @Test func oneWriterAnOutput() throws {
        let lab = try Self.lab()
        let process = try lab.start(
            Self.train("--epochs", "50000", "--checkpoint-every", "0", "--quiet", "--out", "@b.h5"))
        Self.wait(for: lab.folder.appendingPathComponent("b.h5.checkpoint"), process)
        let second = try lab.run(Self.train("--epochs", "1", "--out", "@b.h5"))
        #expect(second.status == 75, "\(second.words)")
        #expect(second.errors.contains("process \(process.processIdentifier) (training adapter) is writing it"))
        #expect(try lab.run(Self.train("--epochs", "1", "--out", "@other.h5")).status == 0)
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
        // The lock died with it, and what it left behind is gone afterwards
        try Data().write(to: lab.folder.appendingPathComponent(".b.h5.amalgam-1-x.tmp"))
        #expect(try lab.run(Self.train("--epochs", "1", "--out", "@b.h5")).status == 0)
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: lab.folder.path).filter { $0.contains("b.h5") } == [
                "b.h5"
            ])
    }

    @Test func exportCleansUpAfterAKilledOne() throws {
        let lab = try Self.lab()
        try #require(try lab.run(Self.train("--epochs", "1", "--out", "@a.h5")).status == 0)
        for _ in 0..<2 {
            try lab.write("hub/.adapter_config.json.amalgam-1-x.tmp", ["half"])
            try lab.write("hub/deeper/.pytorch_adapter.bin.amalgam-1-y.tmp", ["half"])
            let run = try lab.run(["export", "@a.h5", "--out", "@hub"])
            try #require(run.status == 0, "\(run.words)")
            let left = try FileManager.default.subpathsOfDirectory(
                atPath: lab.folder.appendingPathComponent("hub").path)
            #expect(left.allSatisfy { !$0.contains(".amalgam-") }, "\(left)")
        }
        let back = try lab.run(["import", "@hub", "--out", "@new/back.h5"])
        #expect(back.status == 0, "\(back.words)")
    }

    // Disks

    @Test(.disabled(if: Lab.isSanitized, "a sanitizer maps a file that may not be so large"))
    func aFullDiskLeavesTheOldBundle() throws {
        let lab = try Self.lab()
        try #require(try lab.run(Self.train("--epochs", "1", "--out", "@b.h5")).status == 0)
        let old = try lab.data("b.h5")
        // A file that may not grow over 8 KiB fails in the midst of a write, as a full disk does
        let words = Self.train("--epochs", "2", "--quiet", "--out", "@b.h5").map {
            $0.hasPrefix("@") ? lab.folder.appendingPathComponent(String($0.dropFirst())).path : $0
        }
        for every in ["0", "60"] {
            let shell = Process()
            shell.executableURL = URL(fileURLWithPath: "/bin/sh")
            shell.arguments =
                ["-c", "trap '' XFSZ; ulimit -f 16; exec \"$0\" \"$@\" 2>\"$ERRORS\"", Lab.command.path] + words
                + ["--checkpoint-every", every]
            let errors = lab.folder.appendingPathComponent("errors")
            shell.environment = ["PATH": "/usr/bin:/bin", "ERRORS": errors.path]
            try shell.run()
            shell.waitUntilExit()
            let said = try String(contentsOf: errors, encoding: .utf8)
            #expect(shell.terminationStatus == 74, "\(said)")
            #expect(said.split(separator: "\n").count == 1 && said.contains("cannot write it"), "\(said)")
            #expect(try lab.data("b.h5") == old)
            #expect(
                try FileManager.default.contentsOfDirectory(atPath: lab.folder.path).allSatisfy {
                    !$0.hasSuffix(".tmp")
                })
        }
    }

    @Test func aRemovedFolderIsSaid() throws {
        let lab = try Self.lab()
        let folder = lab.folder.appendingPathComponent("out")
        let process = try lab.start(Self.train("--epochs", "50000", "--checkpoint-every", "0", "--out", "@out/b.h5"))
        Self.wait(for: folder.appendingPathComponent("b.h5.checkpoint"), process)
        // Renamed, so that nothing can be put into it while it is removed
        let away = lab.folder.appendingPathComponent("away")
        try FileManager.default.moveItem(at: folder, to: away)
        process.waitUntilExit()
        let said = try lab.errors()
        #expect(process.terminationStatus == 74, "\(said)")
        // Which call finds it missing is chance
        #expect(said.contains("b.h5.checkpoint: cannot ") && said.contains("No such file or directory"), "\(said)")
        #expect(try FileManager.default.contentsOfDirectory(atPath: away.path).contains("b.h5.checkpoint"))
    }

    // Numbers that are none

    /// One word whose embedding overflows: only steps with a text that has it come to nothing.
    private static func poison(_ word: String, in lab: Lab) throws {
        let url = lab.folder.appendingPathComponent("tiny/model.safetensors")
        let file = try SafetensorsFile(url)
        let vocabulary = String(decoding: try lab.data("tiny/vocab.txt"), as: UTF8.self).split(separator: "\n")
        let row = try #require(vocabulary.firstIndex(of: Substring(word)))
        var tensors: [(name: String, shape: [Int], value: SafetensorsValue)] = []
        for name in file.names {
            let tensor = try file.tensor(name)
            guard tensor.dtype == .float32 else { continue }
            var values = try file.floats(name)
            if name.hasSuffix("word_embeddings.weight") {
                let width = tensor.shape[1]
                for i in 0..<width { values[row * width + i] = i % 2 == 0 ? 3e38 : -3e38 }
            }
            tensors.append((name, tensor.shape, .float32(values)))
        }
        try SafetensorsWriter.data(tensors: tensors).write(to: url)
    }

    @Test func aStepThatIsNoNumberIsNamedOrSkipped() throws {
        let lab = try Self.lab()
        try Self.poison("zu", in: lab)
        var rows = Lab.rows(40, seed: 9).filter { !$0.contains("zu") }
        let bad = 17
        rows[bad] = Lab.row("gi zu ba", Lab.labels[0])
        try lab.task("game", train: rows, dev: Lab.rows(20, seed: 10).filter { !$0.contains("zu") })
        // Also where no checkpoint was due yet
        let words = Self.train("--epochs", "2", "--batch-size", "1", "--out", "@b.h5")
        let stopped = try lab.run(words)
        #expect(stopped.status == 65, "\(stopped.words)")
        #expect(stopped.errors.contains(": the loss is nan, on line \(bad + 1) of game's train: "), "\(stopped.words)")
        #expect(stopped.errors.contains("--on-nan skip"))
        // In an array, all rows may be in one line
        try lab.write("array/train.json", ["[\(rows.joined(separator: ","))]"])
        let array = try lab.run(words.map { $0 == "@game" ? "@array" : $0 == "@b.h5" ? "@array.h5" : $0 })
        #expect(array.errors.contains(", on element \(bad) of array's train: "), "\(array.words)")
        #expect(stopped.errors.contains("the last good state is in"))
        // Goes on from there, leaving them out
        let skipped = try lab.run(words + ["--resume", "--on-nan", "skip", "--json"])
        #expect(skipped.status == 0 && skipped.output.contains("\"skipped_steps\":2"), "\(skipped.words)")
        let anew = try lab.run(words.dropLast() + ["@c.h5", "--on-nan", "skip"])
        #expect(
            anew.status == 0
                && anew.output.contains("2 steps were skipped because their loss or gradient was NaN or infinite"),
            "\(anew.words)")
        #expect(try lab.data("b.h5") == lab.data("c.h5"))
    }

    @Test func skippingForEverIsNoTraining() throws {
        let lab = try Self.lab()
        try Self.poison("[CLS]", in: lab)
        let run = try lab.run(Self.train("--epochs", "20", "--on-nan", "skip", "--out", "@b.h5"))
        #expect(run.status == 65 && run.errors.contains("step 50: the loss is nan"), "\(run.words)")
        #expect(run.errors.contains("no step has succeeded so far"))
        #expect(!FileManager.default.fileExists(atPath: lab.folder.appendingPathComponent("b.h5").path))
    }
}
