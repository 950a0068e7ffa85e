import Foundation
import Testing

/// `predict` as scripts use it: formats, kept fields, bad lines, streams.
@Suite(.serialized, .timeLimit(.minutes(5))) struct PredictTests {
    private struct Trained {
        let lab: Lab

        init() throws {
            lab = try Lab()
            try lab.task("game", train: Lab.rows(24, seed: 1), dev: Lab.rows(9, seed: 2))
            let run = try lab.run([
                "train-adapter", "--model", "@tiny", "--task", "@game", "--out", "@g.h5", "--epochs", "1", "--quiet",
            ])
            try #require(run.status == 0, "\(run.words)")
        }

        func predict(_ arguments: [String], input: String = "") throws -> Lab.Run {
            try lab.run(["predict", "--model", "@tiny", "--bundle", "@g.h5"] + arguments, input: input)
        }

        func rows(_ run: Lab.Run) throws -> [[String: Any]] {
            try run.output.split(separator: "\n").map {
                try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
            }
        }
    }

    @Test func resultsHaveTheFieldsThatScriptsRelyOn() throws {
        let trained = try Trained()
        let run = try trained.predict(["--top-k", "2", "--threshold", "1"], input: "gi ba\n\nlo\n")
        #expect(run.status == 0, "\(run.words)")
        let rows = try trained.rows(run)
        #expect(rows.count == 3)
        for (i, row) in rows.enumerated() {
            #expect(Set(row.keys) == ["line", "label", "probabilities", "top", "abstained"])
            #expect(row["line"] as? Int == i + 1)
            #expect(row["abstained"] as? Bool == true)
            let probabilities = try #require(row["probabilities"] as? [String: Double])
            #expect(Set(probabilities.keys) == Set(Lab.labels))
            #expect(abs(probabilities.values.reduce(0, +) - 1) < 1e-5)
            let top = try #require(row["top"] as? [[String: Any]])
            #expect(top.count == 2 && top[0]["label"] as? String == row["label"] as? String)
        }
        for (arguments, words) in [
            (["--top-k", "0"], "--top-k"), (["--threshold", "2"], "--threshold"), (["--format", "xml"], "--format"),
            (["--on-error", "go"], "--on-error"), (["--output-format", "tsv"], "--output-format"),
        ] {
            let run = try trained.predict(arguments)
            #expect(run.status == 64 && run.errors.contains(words), "\(run.words)")
        }
    }

    @Test func aMalformedLineIsAnErrorAfterTheGoodOnes() throws {
        let trained = try Trained()
        try trained.lab.write("in.jsonl", ["\u{FEFF}{\"text\": \"gi\"}", "{\"text\": \"lo\",}", "{\"text\": \"ma\"}"])
        let stopped = try trained.predict(["--input", "@in.jsonl"])
        #expect(stopped.status == 65 && stopped.errors.contains("in.jsonl:2: not valid JSON"), "\(stopped.words)")
        #expect(try trained.rows(stopped).map { $0["line"] as? Int } == [1])
        let skipped = try trained.predict(["--input", "@in.jsonl", "--on-error", "skip"])
        #expect(skipped.status == 0 && skipped.errors.contains("skipped 1 bad line; predicted 2"), "\(skipped.words)")
        let rows = try trained.rows(skipped)
        #expect(rows.map { $0["line"] as? Int } == [1, 2, 3])
        #expect(Set(rows[1].keys) == ["line", "error"])
        // The texts' results do not depend on how many are predicted together
        let alone = try trained.predict([], input: "ma\n")
        #expect(
            try trained.rows(alone)[0]["probabilities"] as? [String: Double] == rows[2]["probabilities"]
                as? [String: Double])
    }

    @Test func fieldsAreKept() throws {
        let trained = try Trained()
        try trained.lab.write(
            "in.jsonl", ["{\"text\": \"gi\", \"id\": 9007199254740993, \"label\": \"old\"}", "{\"text\": \"lo\"}"])
        let named = try trained.predict(["--input", "@in.jsonl", "--keep", "id,label"])
        let lines = named.output.split(separator: "\n")
        #expect(lines[0].hasSuffix("\"id\":9007199254740993,\"input_label\":\"old\"}"), "\(named.words)")
        #expect(lines[1].hasSuffix("\"id\":null,\"input_label\":null}"), "\(named.words)")
        let all = try trained.predict(["--input", "@in.jsonl", "--keep", "all"])
        #expect(all.output.contains("\"text\":\"gi\",\"id\":9007199254740993,\"input_label\":\"old\"}"), "\(all.words)")
        try trained.lab.write("in.csv", ["id,text,label", "7,\"gi, ba\",\"a \"\"b\"\"\"", "8,lo,c"])
        let csv = try trained.predict(["--input", "@in.csv", "--keep", "all", "--output-format", "csv"])
        let rows = csv.output.split(separator: "\n")
        #expect(
            rows[0]
                == "line,label,probability,abstained,probability_Istanbul,probability_größer,probability_日本,id,text,"
                + "input_label")
        #expect(rows[1].hasPrefix("2,") && rows[1].hasSuffix(",7,\"gi, ba\",\"a \"\"b\"\"\""), "\(csv.words)")
        let wrong = try trained.predict(["--input", "@in.csv", "--keep", "url"])
        #expect(wrong.status == 65 && wrong.errors.contains("no 'url' to keep"), "\(wrong.words)")
        try trained.lab.write("more.jsonl", ["{\"text\": \"gi\"}", "{\"text\": \"lo\", \"id\": 1}"])
        let varying = try trained.predict(["--input", "@more.jsonl", "--keep", "all", "--output-format", "csv"])
        #expect(varying.status == 65 && varying.errors.contains("'id' does not appear in line 1"), "\(varying.words)")
    }

    @Test func inputsThatCannotBeReadAreErrors() throws {
        let trained = try Trained()
        try trained.lab.write("in.parquet", ["x"])
        try trained.lab.write("pairs.jsonl", ["{\"text_a\": \"gi\", \"text_b\": \"lo\"}"])
        for (arguments, status, words) in [
            (["--input", "@none.jsonl"], 66, "none.jsonl: cannot open it"),
            (["--input", "@game"], 66, "found a folder"), (["--input", "@in.parquet"], 65, "give --format"),
            (["--input", "@in.parquet", "--format", "jsonl"], 65, "in.parquet:1: not valid JSON"),
            (["--input", "@pairs.jsonl", "--text-column", "text"], 65, "no 'text'"),
        ] as [([String], Int32, String)] {
            let run = try trained.predict(arguments)
            #expect(run.status == status && run.errors.contains(words), "\(arguments): \(run.words)")
            #expect(run.output.isEmpty)
        }
        for (redirection, words) in [("< /", "found a folder"), ("<&-", "cannot read it")] {
            let command =
                "'\(Lab.command.path)' predict --model '\(trained.lab.folder.path)/tiny' --bundle "
                + "'\(trained.lab.folder.path)/g.h5' \(redirection)"
            let run = try trained.lab.run(["-c", command], of: "/bin/sh")
            #expect(run.status != 0 && run.errors.contains(words) && run.output.isEmpty, "\(run.words)")
        }
    }

    /// A line on a pipe gets its result within a second while the pipe stays open.
    @Test func aPipeIsAnsweredLineByLine() throws {
        let trained = try Trained()
        let process = Process()
        process.executableURL = Lab.program("amalgam")
        let folder = trained.lab.folder.path
        process.arguments = ["predict", "--model", "\(folder)/tiny", "--bundle", "\(folder)/g.h5"]
        let (input, output) = (Pipe(), Pipe())
        (process.standardInput, process.standardOutput) = (input, output)
        process.standardError = FileHandle.nullDevice
        try process.run()
        defer { process.terminate() }
        // The first answer waits for the model too
        for (text, most) in [("gi ba", 60.0), ("lo", 1.0), ("ma be", 1.0)] {
            let started = Date()
            try input.fileHandleForWriting.write(contentsOf: Data((text + "\n").utf8))
            let answer = output.fileHandleForReading.availableData
            #expect(Date().timeIntervalSince(started) < most * (Lab.isSanitized ? 20 : 1))
            #expect(String(decoding: answer, as: UTF8.self).hasSuffix("}\n"))
        }
        try input.fileHandleForWriting.close()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
    }
}
