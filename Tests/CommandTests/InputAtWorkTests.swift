import Foundation
import Testing

/// What texts, splits and settings at the edge do at work: the sensible thing, or one line that says why not.
@Suite(.serialized, .timeLimit(.minutes(10))) struct InputAtWorkTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        var train = InputAtWorkTests.train
        var dev: [String]? = Lab.rows(9, seed: 2)
        var test: [String]? = Lab.rows(9, seed: 3)
        /// Lines of a task's YAML beside the data; nil: the folder itself is the task.
        var yaml: [String]?
        /// Beside the model, the task and the target.
        var arguments: [String] = []
        var status: Int32 = 0
        /// Texts that must be printed.
        var words: [String] = []
        var testDescription: String { name }
    }

    static let train = Lab.rows(24, seed: 1)
    private static let classes = "labels: [\(Lab.labels.joined(separator: ", "))]"
    private static func one(_ text: String) -> [String] { train + [Lab.row(text, Lab.labels[0])] }
    private static let hundredThousand = Array(repeating: "gi", count: 100_000).joined(separator: " ")
    private static let stranger = Lab.row("ba be", "Köln")

    static let cases: [Case] = [
        Case(name: "an empty text", train: one(""), dev: one(""), test: one("")),
        Case(name: "white space", train: one(" \\t\\n "), dev: one(" "), test: one("\\u00a0")),
        Case(name: "only punctuation", train: one("?!... ,"), dev: one("?"), test: one("….")),
        Case(
            name: "a text of 100,000 words", train: one(hundredThousand), dev: one(hundredThousand),
            test: one(hundredThousand),
            words: ["1 training text is longer than 48 tokens (the model's maximum) and was truncated"]),
        Case(name: "a word of 100,000 letters", train: one(hundredThousand.replacingOccurrences(of: " ", with: ""))),
        Case(name: "one training example", train: Array(train.prefix(1)), yaml: [classes], words: ["dev accuracy"]),
        Case(
            name: "one training example without a list of labels", train: Array(train.prefix(1)), status: 65,
            words: ["train.jsonl: labels are ", "expected at least 2 different ones"]),
        Case(
            name: "one class", train: Array(repeating: Lab.row("ba", "a"), count: 9), status: 65,
            words: ["train.jsonl: labels are 'a'; expected at least 2 different ones"]),
        Case(
            name: "one class in a list", yaml: ["labels: [a]"], status: 65,
            words: ["labels are 'a'; expected at least 2 different ones"]),
        Case(
            name: "no example of a class", train: train.filter { !$0.contains("größer") }, yaml: [classes],
            arguments: ["--class-weights"]),
        Case(name: "a batch of one", arguments: ["--batch-size", "1"]),
        Case(name: "a batch of one token", arguments: ["--batch-tokens", "1"]),
        Case(name: "a batch larger than the split", arguments: ["--batch-size", "1000000"]),
        Case(
            name: "a label that only dev has", dev: Lab.rows(9, seed: 2) + [stranger],
            words: ["game: 1 of 10 rows of dev has a label that "]),
        Case(
            name: "a label that only test has", test: Lab.rows(9, seed: 2) + [stranger],
            words: ["game: 1 of 10 rows of test has a label that "]),
        Case(
            name: "a label that only dev has, refused", dev: Lab.rows(9, seed: 2) + [stranger],
            arguments: ["--strict-labels"], status: 65,
            words: [
                "dev.jsonl:10: label 'Köln' does not occur in ",
                "train.jsonl; fix it, or list all labels under labels",
            ]),
        Case(
            name: "no label of dev is known", dev: [stranger], status: 65,
            words: ["dev.jsonl:1: label 'Köln' does not occur"]),
        Case(name: "no dev", dev: nil, words: ["no dev split, so the last epoch is kept"]),
        Case(
            name: "no dev, patience", dev: nil, arguments: ["--patience", "1"], words: ["--patience need a dev split"]),
        Case(name: "dev without rows", dev: [""], status: 65, words: ["dev.jsonl: no rows"]),
        Case(name: "train without rows", train: [""], status: 65, words: ["train.jsonl: no rows"]),
        Case(
            name: "--epochs 0", arguments: ["--epochs", "0"], status: 64,
            words: ["--epochs: found 0, expected 1 to 100,000"]),
        Case(
            name: "--lr 1e9", arguments: ["--lr", "1e9"], status: 64,
            words: ["--lr: found 1000000000.0, expected over 0, at most 10"]),
        Case(name: "--lr 0", arguments: ["--lr", "0"], status: 64, words: ["--lr: found 0.0, expected over 0"]),
        Case(name: "--lr nan", arguments: ["--lr", "nan"], status: 64, words: ["--lr: found nan, expected over 0"]),
        Case(
            name: "--batch-size 0", arguments: ["--batch-size", "0"], status: 64,
            words: ["--batch-size: found 0, expected 1 to 1,000,000"]),
        Case(
            name: "--max-length 2", arguments: ["--max-length", "2"], status: 64,
            words: ["--max-length: found 2, expected 3 to 65,536"]),
        Case(
            name: "--max-length 3", arguments: ["--max-length", "3"],
            words: ["24 training texts are longer than 3 tokens (--max-length) and were truncated"]),
        Case(name: "longer than the model's positions", arguments: ["--max-length", "60000"]),
        Case(
            name: "--threads 0", arguments: ["--threads", "0"], status: 64,
            words: ["--threads: found 0, expected 1 to 1024"]),
        Case(name: "more threads than texts", arguments: ["--threads", "64"]),
        Case(name: "--warmup 1", arguments: ["--warmup", "1"]),
        Case(
            name: "no clipping, no decay, no dropout",
            arguments: ["--clip", "0", "--weight-decay", "0", "--no-base-dropout"]),
    ]

    private func train(_ lab: Lab, _ arguments: [String], to out: String = "out.h5", task: String = "@game") throws
        -> Lab.Run
    {
        try lab.run(
            ["train-adapter", "--model", "@tiny", "--task", task, "--out", "@\(out)", "--epochs", "1", "--quiet"]
                + arguments)
    }

    @Test(arguments: cases) func trainsOrSaysWhyNot(_ example: Case) throws {
        let lab = try Lab()
        try lab.task("game", train: example.train, dev: example.dev, test: example.test)
        if let yaml = example.yaml {
            try lab.write("game.yaml", ["kind: text-classification", "data: game"] + yaml)
        }
        let task = example.yaml == nil ? "@game" : "@game.yaml"
        let run = try train(lab, example.arguments, task: task)
        #expect(run.status == example.status, "\(run.words)")
        for words in example.words {
            #expect((run.errors + run.output).contains(words), "\(words) is not in: \(run.words)")
        }
        guard example.status == 0 else {
            if run.errors.hasPrefix("amalgam: ") { #expect(run.errors.count { $0 == "\n" } == 1, "\(run.words)") }
            #expect(run.output.isEmpty)
            #expect(!FileManager.default.fileExists(atPath: lab.folder.appendingPathComponent("out.h5").path))
            return
        }
        _ = try lab.inspect("out.h5")
        for split in ["train", "dev", "test"] where split != "dev" || example.dev != nil {
            let scores = try lab.run([
                "evaluate", "--model", "@tiny", "--task", task, "--bundle", "@out.h5", "--split", split,
            ])
            #expect(scores.status == 0, "\(split): \(scores.words)")
            #expect(scores.output.contains("\(split): accuracy "), "\(scores.words)")
            #expect(!scores.output.contains("nan"), "\(scores.words)")
        }
    }

    /// Every training command on one empty text, in batches of one, at the smallest length.
    @Test(arguments: SameBytesTests.commands) func everyCommandAtTheEdge(_ command: SameBytesTests.Command) throws {
        let lab = try Lab()
        for name in ["game", "role"] {
            try lab.task(name, train: [Lab.row("", Lab.labels[0])], dev: [Lab.row("", Lab.labels[1])])
            try lab.write("\(name).yaml", ["kind: text-classification", "data: \(name)", Self.classes])
        }
        for name in ["a", "b"] {
            let run = try train(lab, [], to: "\(name).h5", task: "@game.yaml")
            try #require(run.status == 0, "\(run.words)")
        }
        for (i, name) in ["a", "b"].enumerated() { try lab.text("\(name).txt", lines: 40, seed: UInt64(i)) }
        for words in [["--head-only", "--out", "@mlm.h5"], ["--mlm-head", "@mlm.h5", "--out", "@l.h5"]] {
            let run = try lab.run(
                ["train-language", "--model", "@tiny", "--text", "@a.txt", "--max-length", "3", "--tokens", "300"]
                    + words + ["--epochs", "1"])
            try #require(run.status == 0, "\(run.words)")
        }
        let arguments = command.arguments.map { ["@game", "@role"].contains($0) ? "\($0).yaml" : $0 }
        let run = try lab.run(
            arguments + ["--out", "@out.h5", "--epochs", "1", "--batch-size", "1", "--max-length", "3", "--quiet"])
        #expect(run.status == 0, "\(run.words)")
        _ = try lab.inspect("out.h5")
    }

    /// Pairs whose special pieces take all the room, and pairs of nothing.
    @Test func pairs() throws {
        let lab = try Lab()
        let rows = (0..<12).map { i in
            "{\"text_a\": \"\(i % 3 == 0 ? "" : "ba be")\", \"text_b\": \"\(i % 2 == 0 ? "" : "gi")\", \"label\": \(i % 2)}"
        }
        try lab.task("game", train: rows, dev: rows, test: rows)
        for length in ["3", "4", "128"] {
            let run = try train(lab, ["--max-length", length])
            #expect(run.status == 0, "\(run.words)")
            let scores = try lab.run(["evaluate", "--model", "@tiny", "--task", "@game", "--bundle", "@out.h5"])
            #expect(scores.status == 0, "\(scores.words)")
        }
    }

    /// The largest rate that is allowed: a whole bundle, or a line with the step.
    @Test func theLargestRate() throws {
        let lab = try Lab()
        try lab.task("game", seed: 1)
        for command in [["train-adapter"], ["finetune"], ["finetune", "--head-only"]] {
            let run = try lab.run(
                command + [
                    "--model", "@tiny", "--task", "@game", "--out", "@out.h5", "--epochs", "3", "--lr", "10",
                    "--warmup", "0",
                    "--clip", "0", "--quiet",
                ])
            switch run.status {
            case 0: _ = try lab.inspect("out.h5")
            case 65: #expect(run.errors.contains("step ") && run.errors.contains("--lr"), "\(run.words)")
            default: Issue.record("\(command): \(run.words)")
            }
        }
    }

    @Test func evaluatingASplitThatIsNotThere() throws {
        let lab = try Lab()
        try lab.task("game", train: Self.train)
        let trained = try train(lab, [])
        #expect(trained.status == 0, "\(trained.words)")
        let run = try lab.run(["evaluate", "--model", "@tiny", "--task", "@game", "--bundle", "@out.h5"])
        #expect(run.status == 65)
        #expect(run.errors.contains("game: no test split; add a file named test, such as test.jsonl"), "\(run.words)")
    }

    @Test func fusingOneAdapter() throws {
        let lab = try Lab()
        try lab.task("game", seed: 1)
        _ = try train(lab, [], to: "a.h5")
        func fuse(_ adapters: [String]) throws -> Lab.Run {
            try lab.run(
                [
                    "fuse", "--model", "@tiny", "--task", "@game", "--out", "@f.h5", "--epochs", "1", "--quiet",
                    "--adapters",
                ]
                    + adapters)
        }
        let one = try fuse(["@a.h5"])
        #expect(one.status == 0, "\(one.words)")
        #expect((try lab.inspect("f.h5")["members"] as? [String])?.count == 1)
        let twice = try fuse(["@a.h5", "@a.h5"])
        #expect(twice.status == 0, "\(twice.words)")
        #expect((try lab.inspect("f.h5")["members"] as? [String])?.count == 2)
        try lab.task("b", seed: 2)
        let full = try lab.run([
            "finetune", "--head-only", "--model", "@tiny", "--task", "@b", "--out", "@b.h5", "--epochs", "1", "--quiet",
        ])
        #expect(full.status == 0, "\(full.words)")
        let none = try fuse(["@a.h5", "@b.h5"])
        #expect(none.status == 65)
        #expect(none.errors.contains("has no adapter; give bundles"), "\(none.words)")
    }

    /// Texts on standard input: a line of JSON for each, in order, whatever they are.
    @Test func predicting() throws {
        let lab = try Lab()
        try lab.task("game", seed: 1)
        _ = try train(lab, [])
        func predict(_ input: String, _ more: [String] = []) throws -> Lab.Run {
            try lab.run(["predict", "--model", "@tiny", "--bundle", "@out.h5"] + more, input: input)
        }
        let inputs: [(name: String, text: String, lines: Int)] = [
            ("nothing", "", 0), ("one line break", "\n", 1), ("blank lines", "\n \n\t\n\n", 4),
            ("no line break at the end", "ba be\nbi", 2), ("punctuation", "?!\n...\n", 2),
            ("100,000 words", Self.hundredThousand + "\nba\n", 2), ("a brace", "ba\n{}}\n", 2),
            ("JSON", "{\"text\": \"ba\"}\n\n{\"text\": \"\"}\n", 2), ("Windows", "ba\r\nbe\r\n", 2),
            ("more than a block", String(repeating: "ba gi\n", count: 4097), 4097),
        ]
        for (name, text, lines) in inputs {
            for more in [[], ["--max-length", "3"], ["--threads", "1"]] {
                let run = try predict(text, more)
                #expect(run.status == 0, "\(name): \(run.words)")
                let printed = run.output.split(separator: "\n")
                #expect(printed.count == lines, "\(name)")
                #expect(printed.allSatisfy { $0.hasPrefix("{\"line\":") && !$0.contains("nan") }, "\(name)")
            }
        }
        // a line's answer does not depend on the lines about it
        let alone = try predict("gi ba\n").output
        let among = try predict("\n\ngi ba\n?\n").output.split(separator: "\n")[2]
        #expect(among.replacing("{\"line\":3,", with: "{\"line\":1,") == alone.dropLast())

        let bad = try predict("{\"text\": \"ba\"}\n{\"txt\": \"ba\"}\n")
        #expect(bad.status == 65)
        #expect(bad.errors.contains("standard input:2: no 'text' (found 'txt')"), "\(bad.words)")
        let short = try predict("ba\n", ["--max-length", "0"])
        #expect(short.status == 64, "\(short.words)")
        #expect(short.errors.contains("--max-length: found 0, expected 3 to 65,536"), "\(short.words)")
    }

    /// With a closed stream the next file that is opened has its number: nothing printed may go into it.
    @Test func closedStreams() throws {
        let lab = try Lab()
        try lab.task("game", seed: 1)
        _ = try train(lab, [], to: "open.h5")
        for (closed, status) in [("<&-", 0), ("2>&-", 0), (">&-", 74), ("<&- >&- 2>&-", 74)] as [(String, Int32)] {
            let run = try lab.run(
                [
                    "-c", "exec \"$0\" \"$@\" \(closed)", Lab.command.path, "train-adapter", "--model",
                    "@tiny",
                    "--task", "@game", "--out", "@closed.h5", "--epochs", "1",
                ], of: "/bin/sh")
            #expect(run.status == status, "\(closed): \(run.words)")
            #expect(try lab.data("closed.h5") == lab.data("open.h5"), "\(closed)")
            let left = try FileManager.default.contentsOfDirectory(atPath: lab.folder.path).filter {
                $0.contains("closed")
            }
            #expect(left.sorted() == ["closed.h5", "closed.run.json"], "\(closed)")
            try FileManager.default.removeItem(at: lab.folder.appendingPathComponent("closed.h5"))
        }
    }

    /// Output that cannot be written is an error of input and output, not a crash.
    @Test(.enabled(if: FileManager.default.fileExists(atPath: "/dev/full"), "there is no /dev/full here"))
    func aFullTarget() throws {
        let lab = try Lab()
        try lab.task("game", seed: 1)
        _ = try train(lab, [])
        for command in [["predict", "--model", "@tiny", "--bundle", "@out.h5"], ["inspect", "@out.h5"]] {
            let run = try lab.run(command, input: "ba\n", output: "/dev/full")
            #expect(run.status == 74, "\(run.words)")
            #expect(run.errors.hasPrefix("amalgam: standard output"), "\(run.words)")
        }
    }
}
