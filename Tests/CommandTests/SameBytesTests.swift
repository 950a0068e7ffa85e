import Foundation
import Testing

/// The same seed, data and settings give the same bundle, byte for byte, whatever the threads, the working folder and
/// the user's environment: tested over the command itself.
@Suite(.serialized, .timeLimit(.minutes(10))) struct SameBytesTests {
    /// A training command, without --out.
    struct Command: Sendable, CustomTestStringConvertible {
        let name: String
        let arguments: [String]
        var testDescription: String { name }
    }

    /// Where and how a command is run.
    struct Place {
        var name: String
        var threads: Int?
        var environment: [String: String]?
        var relative = false
    }

    static let commands: [Command] = {
        func on(_ command: String, _ words: String...) -> [String] { [command, "--model", "@tiny"] + words }
        return [
            Command(name: "adapter", arguments: on("train-adapter", "--task", "@game")),
            Command(name: "ia3", arguments: on("train-adapter", "--task", "@game", "--config", "ia3")),
            Command(
                name: "adapter, other settings",
                arguments: on(
                    "train-adapter", "--task", "@game", "--config", "double_seq_bn", "--schedule", "cosine",
                    "--batch-tokens", "100", "--class-weights", "--label-smoothing", "0.1", "--pooling", "mean")),
            Command(name: "fusion", arguments: on("fuse", "--task", "@game", "--adapters", "@a.h5", "@b.h5")),
            Command(
                name: "fusion with its adapters",
                arguments: on("fuse", "--task", "@game", "--adapters", "@a.h5", "@b.h5", "--unfreeze")),
            Command(
                name: "fusion of stacks on a language",
                arguments: on("fuse", "--task", "@game", "--compose", "fuse(stack(@l.h5, @a.h5), stack(@l.h5, @b.h5))")),
            Command(name: "all weights", arguments: on("finetune", "--task", "@game")),
            Command(
                name: "head for masked tokens",
                arguments: on("train-language", "--head-only", "--text", "@a.txt", "@b.txt")),
            Command(
                name: "language",
                arguments: on("train-language", "--mlm-head", "@mlm.h5", "--text", "@a.txt", "--name", "l")),
            Command(
                name: "adapter on a language", arguments: on("train-adapter", "--task", "@game", "--language", "@l.h5")),
            Command(name: "head", arguments: on("finetune", "--task", "@game", "--head-only")),
            Command(
                name: "adapter for two tasks",
                arguments: on("train-multitask", "--tasks", "@game", "@role", "--scheduler", "temperature")),
            Command(
                name: "all weights for two tasks",
                arguments: on("train-multitask", "--tasks", "@game", "@role", "--mode", "full")),
            Command(
                name: "adapter for two tasks in one batch, learned weights",
                arguments: on(
                    "train-multitask", "--tasks", "@game", "@role", "--mix", "within", "--balancer", "uncertainty")),
            Command(
                name: "all weights for two tasks, gradient surgery",
                arguments: on(
                    "train-multitask", "--tasks", "@game", "@role", "--mode", "full", "--mix", "within", "--balancer",
                    "pcgrad", "--gradient-cosines", "2")),
            Command(
                name: "adapter for two tasks, losses that fall alike",
                arguments: on(
                    "train-multitask", "--tasks", "@game", "@role", "--mix", "within", "--balancer", "famo",
                    "--scheduler",
                    "progress", "--exhausted", "skip")),
        ]
    }()

    static let places: [Place] = [
        Place(name: "two threads", threads: 2),
        Place(
            name: "four threads, relative paths, another time zone, German", threads: 4,
            environment: [
                "PATH": "/usr/bin:/bin", "HOME": "/nonexistent", "TZ": "Pacific/Chatham", "LC_ALL": "de_DE.UTF-8",
                "LANG": "de_DE.UTF-8",
            ], relative: true),
        // MALLOC_PERTURB_ fills new memory: a number that was read before it was written would show
        Place(
            name: "one thread, Turkish, libraries' variables, memory that is not zero", threads: 1,
            environment: [
                "HOME": "/", "LC_ALL": "tr_TR.UTF-8", "LANG": "tr_TR.UTF-8", "LC_NUMERIC": "tr_TR.UTF-8",
                "TZ": "America/St_Johns", "OMP_NUM_THREADS": "3", "OPENBLAS_NUM_THREADS": "3",
                "OPENBLAS_CORETYPE": "Prescott", "MKL_NUM_THREADS": "3", "MALLOC_PERTURB_": "165",
                "MALLOC_ARENA_MAX": "1", "COLUMNS": "40", "NO_COLOR": "1", "SWIFT_DETERMINISTIC_HASHING": "1",
            ]),
        Place(name: "all processors, no environment", environment: [:]),
    ]

    private func lab() throws -> Lab {
        let lab = try Lab()
        try lab.task("game", seed: 1)
        try lab.task("role", seed: 11, train: 25, dev: 10)
        try lab.text("a.txt", lines: 60, seed: 1)
        try lab.text("b.txt", lines: 40, seed: 2)
        return lab
    }

    private func train(
        _ command: Command, _ lab: Lab, to out: String, _ place: Place, extra: [String] = []
    ) throws -> Data {
        let threads = place.threads.map { ["--threads", "\($0)"] } ?? []
        let run = try lab.run(
            command.arguments + ["--out", "@\(out)", "--epochs", "2", "--seed", "3"] + threads + extra,
            environment: place.environment, relative: place.relative)
        try #require(run.status == 0, "\(place.name): \(run.words)")
        return try lab.data(out)
    }

    private func makeAdapters(_ command: Command, _ lab: Lab) throws {
        let place = Place(name: "adapters to stand on")
        if command.name.contains("language") {
            let head = try #require(Self.commands.first { $0.name == "head for masked tokens" })
            let language = try #require(Self.commands.first { $0.name == "language" })
            _ = try train(head, lab, to: "mlm.h5", place)
            _ = try train(language, lab, to: "l.h5", place)
        }
        guard command.name.hasPrefix("fusion") else { return }
        _ = try train(Self.commands[0], lab, to: "a.h5", place)
        _ = try train(
            Command(name: "b", arguments: ["train-adapter", "--model", "@tiny", "--task", "@role"]), lab, to: "b.h5",
            place)
    }

    @Test(arguments: commands) func sameBytesEverywhere(_ command: Command) throws {
        let lab = try lab()
        try makeAdapters(command, lab)
        let one = try train(command, lab, to: "one.h5", Place(name: "one thread", threads: 1))
        for (i, place) in Self.places.enumerated() {
            let other = try train(
                command, lab, to: "out\(i)/other name.h5", place, extra: i % 2 == 0 ? ["--json"] : ["--quiet"])
            #expect(other == one, "\(place.name): \(difference(one, other))")
        }
        // that the comparison can fail
        let seed = try train(command, lab, to: "seed.h5", Place(name: "another seed"), extra: ["--seed", "4"])
        #expect(seed != one)
    }

    static let hasBFloat16 =
        (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8))?.contains("avx512_bf16") ?? false

    @Test(
        .enabled(if: hasBFloat16, "this processor has no bfloat16 products"),
        arguments: commands.filter { !$0.name.hasPrefix("all weights") })
    func sameBytesInBFloat16(_ command: Command) throws {
        let lab = try lab()
        try makeAdapters(command, lab)
        let extra = ["--precision", "bf16"]
        let one = try train(command, lab, to: "one.h5", Place(name: "one thread", threads: 1), extra: extra)
        for place in Self.places {
            let other = try train(command, lab, to: "other.h5", place, extra: extra)
            #expect(other == one, "\(place.name): \(difference(one, other))")
        }
        #expect(try train(command, lab, to: "exact.h5", Place(name: "float32")) != one)
        let settings = try #require(try lab.inspect("one.h5")["settings"] as? [String: Any])
        #expect(settings["precision"] as? String == "bf16")
    }

    private func difference(_ a: Data, _ b: Data) -> String {
        let first = zip(a, b).enumerated().first { $0.element.0 != $0.element.1 }?.offset
        return "\(a.count) and \(b.count) bytes, first difference at \(first.map(String.init) ?? "the end")"
    }
}
