import Foundation
import Testing

/// kill -9 at any moment, again and again: what goes on from the checkpoint ends with the bytes of an undisturbed run.
///
/// A short run in the tests; `Tests/stress` runs the same for as many kills as it is told (AMALGAM_KILLS).
@Suite(.serialized, .timeLimit(.minutes(60))) struct KilledTrainingTests {
    /// A command that is killed, and what it leaves.
    private struct Victim {
        let name: String
        let arguments: [String]
        /// Where its checkpoints stand, below the lab's folder: nobody else's do.
        let folder: String
        /// Files whose bytes must come out the same.
        var results: (Lab) throws -> [String: Data]
        var reference: [String: Data] = [:]
        /// Of an undisturbed run.
        var seconds = 0.0
        var isUnderWay = false
    }

    private static let kills = Int(ProcessInfo.processInfo.environment["AMALGAM_KILLS"] ?? "") ?? 40
    private static let seed = UInt64(ProcessInfo.processInfo.environment["AMALGAM_KILLS_SEED"] ?? "") ?? 1

    private static func bundle(_ path: String) -> (Lab) throws -> [String: Data] {
        { lab in [path: try lab.data(path)] }
    }

    /// Bundles of an ablation, and of each training's record all but its seconds.
    private static func ablation(_ path: String) -> (Lab) throws -> [String: Data] {
        { lab in
            let folder = lab.folder.appendingPathComponent("\(path)/trainings")
            var files: [String: Data] = [:]
            for name in try FileManager.default.contentsOfDirectory(atPath: folder.path) {
                let data = try Data(contentsOf: folder.appendingPathComponent(name))
                if name.hasSuffix(".h5") { files[name] = data }
                guard name.hasSuffix(".json") else { continue }
                var record = try JSONSerialization.jsonObject(with: data) as? [String: Any] ?? [:]
                record["seconds"] = nil
                files[name] = try JSONSerialization.data(withJSONObject: record, options: [.sortedKeys])
            }
            return files
        }
    }

    private static func victims() -> [Victim] {
        let common = ["--model", "@tiny", "--threads", "1", "--checkpoint-every", "0", "--quiet"]
        func training(_ name: String, _ words: [String]) -> Victim {
            Victim(
                name: name,
                arguments: words + common + [
                    // So many that most of a run is steps: kills shall fall among them
                    "--epochs", "8", "--batch-size", "8", "--resume", "--out", "@\(name)/x.h5",
                ],
                folder: name, results: bundle("\(name)/x.h5"))
        }
        return [
            training("adapter", ["train-adapter", "--task", "@game", "--patience", "2"]),
            training("upper", ["train-adapter", "--task", "@game", "--set", "leave_out=[0]", "--no-base-dropout"]),
            training(
                "language",
                ["train-language", "--text", "@a.txt", "--mlm-head", "@mlm.h5", "--max-length", "24", "--keep", "last"]),
            training("stack", ["train-adapter", "--task", "@game", "--language", "@l.h5"]),
            training("fusion", ["fuse", "--task", "@game", "--adapters", "@a.h5", "@b.h5"]),
            training(
                "unfrozen",
                ["fuse", "--task", "@game", "--adapters", "@a.h5", "@b.h5", "--unfreeze", "--adapter-lr", "3e-4"]),
            // The last state: a best one of an early epoch would hide what was lost later
            training("full", ["finetune", "--task", "@game", "--keep", "last"]),
            training(
                "multitask", ["train-multitask", "--tasks", "@game", "@role", "--mode", "full", "--keep", "last"]),
            training(
                "mixed",
                [
                    "train-multitask", "--tasks", "@game", "@role", "--mix", "within", "--balancer", "uncertainty",
                    "--scheduler", "temperature", "--keep", "last",
                ]),
            training(
                "surgery",
                [
                    "train-multitask", "--tasks", "@game", "@role", "--mode", "full", "--mix", "within", "--balancer",
                    "pcgrad", "--scheduler", "progress", "--keep", "last", "--gradient-cosines", "3",
                ]),
            training(
                "famo",
                [
                    "train-multitask", "--tasks", "@game", "@role", "--mix", "within", "--balancer", "famo",
                    "--scheduler", "annealed", "--exhausted", "stop", "--keep", "last",
                ]),
            Victim(
                name: "ablation",
                arguments: [
                    "ablate", "--tasks", "@game", "@role", "--quick", "--epochs", "4", "--arms", "adapter", "fusion",
                ]
                    + common + ["--resume", "--out", "@ablation"],
                folder: "ablation/trainings", results: ablation("ablation")),
        ]
    }

    private struct Dice {
        var state: UInt64
        mutating func roll() -> Double {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Double(state >> 11) / Double(1 << 53)
        }
    }

    /// What the kills met, for the histogram.
    private struct Tally {
        var kills = 0
        var inWrite = 0
        /// Kills by the share of the run that was done: what the next run says it goes on from; tenths.
        var tenths = [Int](repeating: 0, count: 11)
        var resumes = 0
        var fromAboveZero = 0
        var ended = 0

        var text: String {
            let largest = max(1, tenths.max() ?? 1)
            let bars = tenths.enumerated().map { i, n in
                let label = i == 10 ? "all steps" : "\(i * 10)–\(i * 10 + 9) %"
                return label.padding(toLength: 10, withPad: " ", startingAt: 0)
                    + String(repeating: "█", count: n * 50 / largest) + " \(n)"
            }
            return """
                \(kills) kills, \(inWrite) of them inside a checkpoint's write; \(resumes) runs went on, \(fromAboveZero) of \
                them from a step above 0; \(ended) runs came to their end and had the bytes of an undisturbed one
                steps done when the kill fell:
                \(bars.joined(separator: "\n"))
                """
        }
    }

    @Test func resumesToTheSameBytes() throws {
        let lab = try Lab()
        try lab.task("game", seed: 3, train: 80, dev: 24)
        try lab.task("role", seed: 4, train: 40, dev: 24)
        for name in ["a", "b"] {
            let run = try lab.run([
                "train-adapter", "--model", "@tiny", "--task", name == "a" ? "@game" : "@role", "--epochs", "1",
                "--out",
                "@\(name).h5",
            ])
            try #require(run.status == 0, "\(run.words)")
        }
        try lab.text("a.txt", lines: 120, seed: 5)
        for words in [["--head-only", "--out", "@mlm.h5"], ["--mlm-head", "@mlm.h5", "--out", "@l.h5"]] {
            let run = try lab.run(["train-language", "--model", "@tiny", "--text", "@a.txt", "--epochs", "1"] + words)
            try #require(run.status == 0, "\(run.words)")
        }
        var victims = Self.victims()
        for i in victims.indices {
            let started = Date()
            let run = try lab.run(victims[i].arguments)
            try #require(run.status == 0, "\(run.words)")
            victims[i].seconds = Date().timeIntervalSince(started)
            victims[i].reference = try victims[i].results(lab)
            try remove(victims[i], in: lab)
        }
        var dice = Dice(state: Self.seed)
        var tally = Tally()
        while tally.kills < Self.kills {
            let i = Int(dice.roll() * Double(victims.count))
            try attack(
                &victims[i], in: lab, delay: dice.roll() * victims[i].seconds, inWrite: dice.roll() < 0.4, &tally)
        }
        // What is under way still comes to its end undisturbed
        for i in victims.indices where victims[i].isUnderWay {
            try attack(&victims[i], in: lab, delay: .infinity, inWrite: false, &tally)
        }
        print(tally.text)
        #expect(tally.ended >= victims.count - 1)
        #expect(tally.fromAboveZero * 2 >= tally.resumes)
        #expect(Self.kills < 1000 || tally.inWrite >= 100)
    }

    private func remove(_ victim: Victim, in lab: Lab) throws {
        try FileManager.default.removeItem(at: lab.folder.appendingPathComponent(victim.name))
    }

    /// Starts or goes on with a run and kills it, or lets it come to its end and compares.
    private func attack(_ victim: inout Victim, in lab: Lab, delay: Double, inWrite: Bool, _ tally: inout Tally) throws
    {
        let process = try lab.start(victim.arguments.filter { $0 != "--quiet" })
        let folder = lab.folder.appendingPathComponent(victim.folder)
        let deadline = Date(timeIntervalSinceNow: min(delay, 600))
        while process.isRunning, Date() < deadline { usleep(300) }
        if inWrite {
            // Until a checkpoint's temporary file is there
            let deadline = Date(timeIntervalSinceNow: 2)
            while process.isRunning, Date() < deadline, try !Self.writes(folder) { usleep(50) }
        }
        let wasRunning = process.isRunning
        if wasRunning { kill(process.processIdentifier, SIGKILL) }
        process.waitUntilExit()
        let words = try lab.errors()
        let from = Self.resumedFrom(words)
        if victim.isUnderWay {
            tally.resumes += 1
            if (from?.step ?? 0) > 0 { tally.fromAboveZero += 1 }
        }
        guard process.terminationReason == .uncaughtSignal else {
            try #require(process.terminationStatus == 0, "\(victim.name): \(words.suffix(500))")
            let results = try victim.results(lab)
            #expect(results.keys.sorted() == victim.reference.keys.sorted(), "\(victim.name)")
            for (name, bytes) in results { #expect(bytes == victim.reference[name], "\(victim.name): \(name)") }
            #expect(try !Self.writes(folder), "temporary files are left")
            tally.ended += 1
            victim.seconds *= 0.95
            try remove(victim, in: lab)
            victim.isUnderWay = false
            return
        }
        tally.kills += 1
        if try Self.writes(folder) { tally.inWrite += 1 }
        let tenth = Self.tenth(folder, of: words)
        tally.tenths[tenth] += 1
        // The machine has become busier since the duration was measured: else ever more kills would fall before a run's
        // first step
        if tenth == 0, delay > 0.3 * victim.seconds { victim.seconds *= 1.25 }
        victim.isUnderWay = true
    }

    private static func writes(_ folder: URL) throws -> Bool {
        ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []).contains {
            $0.hasSuffix(".tmp") && $0.contains(".checkpoint.amalgam-")
        }
    }

    /// "resuming after step 7 of 30"
    private static func resumedFrom(_ words: String) -> (step: Int, of: Int)? {
        guard let match = words.matches(of: /resuming after step ([0-9,]+) of ([0-9,]+)/).last else { return nil }
        let numbers = [match.1, match.2].compactMap { Int($0.replacing(",", with: "")) }
        return numbers.count == 2 ? (numbers[0], numbers[1]) : nil
    }

    /// Where the run stood by its checkpoint, as a tenth of all its steps.
    private static func tenth(_ folder: URL, of words: String) -> Int {
        guard let total = words.matches(of: /: ([0-9]+) steps/).last.flatMap({ Int($0.1) }), total > 0 else { return 0 }
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        for name in names where name.hasSuffix(".checkpoint") && !name.hasPrefix(".") {
            let head = FileManager.default.contents(atPath: folder.appendingPathComponent(name).path)?.prefix(20_000)
            let text = String(decoding: head ?? Data(), as: UTF8.self)
            if let step = text.firstMatch(of: /"step\\":([0-9]+)/).flatMap({ Int($0.1) }) {
                return min(10, step * 10 / total)
            }
        }
        return 0
    }
}
