import Foundation
import Testing

/// Question answering from training to prediction, as scripts use it.
@Suite(.serialized, .timeLimit(.minutes(10))) struct AnswersCommandTests {
    private struct Question {
        var context: String
        /// Code points; nil: there is no answer.
        var start: Int?

        var row: String {
            let answers = start.map { "[{\"text\": \"lo\", \"start\": \($0)}]" } ?? "[]"
            return "{\"id\": 7, \"context\": \"\(context)\", \"question\": \"gi?\", \"answers\": \(answers)}"
        }
    }

    /// The answer is `lo`, wherever it is; some contexts need several windows.
    /// - Parameter none: every how many questions one has no answer; 0: none has
    private func questions(_ count: Int, seed: Int, none: Int = 3) -> [Question] {
        (0..<count).map { i in
            let length = (i + seed) % 4 == 0 ? 40 : 5 + (i * 5 + seed) % 7
            var words = (0..<length).map { ["ba", "be", "ma", "du", "ri"][(i * 3 + $0 * ($0 + seed)) % 5] }
            guard none == 0 || i % none != 0 else { return Question(context: words.joined(separator: " ")) }
            let place = (i * 11 + seed) % length
            words[place] = "lo"
            return Question(context: words.joined(separator: " "), start: 3 * place)
        }
    }

    private func task(_ lab: Lab, none: Int = 3) throws {
        try lab.task(
            "qa", train: questions(90, seed: 1, none: none).map(\.row),
            dev: questions(30, seed: 2, none: none).map(\.row),
            test: questions(30, seed: 3, none: none).map(\.row))
    }

    private func train(_ lab: Lab, _ arguments: [String] = []) throws -> Lab.Run {
        let run = try lab.run(
            [
                "train-adapter", "--model", "@tiny", "--task", "@qa", "--out", "@qa.h5", "--epochs", "5", "--lr",
                "1e-2",
                "--max-length", "24",
            ] + arguments)
        try #require(run.status == 0, "\(run.words)")
        return run
    }

    private func rows(_ text: String) throws -> [[String: Any]] {
        try text.split(separator: "\n").map {
            try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
        }
    }

    @Test func fromTrainingToPrediction() throws {
        let lab = try Lab()
        try task(lab)
        let training = try train(lab)
        #expect(training.output.contains("qa: dev F1 of answers "), "\(training.words)")

        let result = try lab.run([
            "evaluate", "--model", "@tiny", "--task", "@qa", "--bundle", "@qa.h5", "--json",
        ]).json()
        #expect(result["kind"] as? String == "question-answering" && result["metric"] as? String == "qa_f1")
        let metrics = try #require(result["metrics"] as? [String: Double])
        #expect(Set(metrics.keys) == ["qa_f1", "exact_match", "loss"])
        #expect((metrics["qa_f1"] ?? 0) > 0.8, "\(metrics)")
        #expect(Set((result["intervals"] as? [String: [Double]])?.keys.map { $0 } ?? []) == Set(metrics.keys))
        let people = try lab.run([
            "evaluate", "--model", "@tiny", "--task", "@qa", "--bundle", "@qa.h5", "--report", "@r.html",
            "--predictions",
            "@p.jsonl",
        ])
        #expect(people.status == 0 && people.output.hasPrefix("qa test: F1 of answers "), "\(people.words)")
        let listed = try rows(String(decoding: try lab.data("p.jsonl"), as: UTF8.self))
        #expect(listed.count == 30)
        #expect(
            listed.allSatisfy {
                Set($0.keys) == ["line", "gold", "answer", "exact_match", "qa_f1", "question", "context"]
            })

        let inspect = try lab.run(["inspect", "@qa.h5"])
        #expect(inspect.output.contains("a part of the context, or no answer"), "\(inspect.words)")

        // The answer stands in the second window
        let context = Array(repeating: "ba", count: 30).joined(separator: " ") + " lo ma"
        let input = """
            {"context": "\(context)", "question": "gi?", "id": "q1"}
            {"context": "ba ba", "question": "gi?"}
            {"context": "", "question": ""}
            """
        func predict(_ arguments: [String], input: String = input) throws -> Lab.Run {
            try lab.run(["predict", "--model", "@tiny", "--bundle", "@qa.h5"] + arguments, input: input)
        }
        let run = try predict(["--keep", "id"])
        let found = try rows(run.output)
        #expect(found.count == 3, "\(run.words)")
        #expect(Set(found[0].keys) == ["line", "answer", "start", "probability", "id"])
        #expect(found[0]["answer"] as? String == "lo" && found[0]["start"] as? Int == 90, "\(found[0])")
        #expect((0...1).contains(found[0]["probability"] as? Double ?? -1))
        #expect(found[1]["answer"] as? String == "" && found[1]["start"] is NSNull, "\(found[1])")
        #expect(found[2]["answer"] as? String == "" && found[2]["probability"] as? Double == 1, "\(found[2])")
        let best = try #require(try rows(try predict(["--top-k", "3"]).output)[0]["n_best"] as? [[String: Any]])
        #expect(best.count == 3 && best.allSatisfy { Set($0.keys) == ["answer", "start", "probability"] })
        let probabilities = best.compactMap { $0["probability"] as? Double }
        #expect(probabilities == probabilities.sorted(by: >))
        let csv = try predict(["--output-format", "csv"])
        #expect(csv.output.hasPrefix("line,answer,start,probability\n1,lo,90,"), "\(csv.words)")
        let refused = try predict(["--threshold", "0.5"])
        #expect(refused.status == 64 && refused.errors.contains("this head predicts answers"), "\(refused.words)")
        let bad = try predict([], input: "{\"text\": \"a\"}\n")
        #expect(bad.status == 65 && bad.errors.contains("no 'context'"), "\(bad.words)")
    }

    /// Where every question has an answer, every prediction is one, and the default length is that of questions.
    @Test func withoutUnanswerableQuestions() throws {
        let lab = try Lab()
        try task(lab, none: 0)
        let run = try lab.run([
            "train-adapter", "--model", "@tiny", "--task", "@qa", "--out", "@qa.h5", "--epochs", "1", "--json",
            "--quiet",
        ])
        try #require(run.status == 0, "\(run.words)")
        let inspect = try lab.run(["inspect", "@qa.h5", "--json"]).json()
        let settings = inspect["settings"] as? [String: Any]
        #expect(settings?["max_length"] as? Int == 384, "\(inspect)")
        let found = try rows(
            try lab.run(
                ["predict", "--model", "@tiny", "--bundle", "@qa.h5"],
                input: "{\"context\": \"ba ba\", \"question\": \"gi?\"}\n"
            ).output)
        #expect((found[0]["answer"] as? String)?.isEmpty == false && found[0]["start"] is Int, "\(found)")
    }

    /// The settings of transformers' script shape training and answers, and SQuAD's JSON is read as it is.
    @Test func settingsOfTheScriptAndItsFiles() throws {
        let lab = try Lab()
        try task(lab)
        _ = try train(lab, ["--doc-stride", "3", "--max-answer-length", "4"])
        let inspect = try lab.run(["inspect", "@qa.h5", "--json"]).json()
        let settings = inspect["settings"] as? [String: Any]
        #expect(settings?["doc_stride"] as? Int == 3 && settings?["max_answer_length"] as? Int == 4, "\(inspect)")

        let context = Array(repeating: "ba", count: 30).joined(separator: " ") + " lo ma"
        try lab.write(
            "squad.json",
            [
                "{\"version\": \"v2.0\", \"data\": [{\"title\": \"t\", \"paragraphs\": [{\"context\": \"\(context)\", \"qas\": [",
                "{\"id\": \"q1\", \"question\": \"gi?\", \"answers\": [{\"text\": \"lo\", \"answer_start\": 90}]},",
                "{\"id\": \"q2\", \"question\": \"gi?\", \"answers\": [], \"is_impossible\": true}]}]}]}",
            ])
        func predict(_ arguments: [String]) throws -> Lab.Run {
            try lab.run(["predict", "--model", "@tiny", "--bundle", "@qa.h5", "--input", "@squad.json"] + arguments)
        }
        let run = try predict(["--keep", "id", "--n-best-size", "2", "--top-k", "5", "--doc-stride", "2"])
        let found = try rows(run.output)
        #expect(found.map { $0["id"] as? String } == ["q1", "q2"], "\(run.words)")
        #expect(found.map { $0["answer"] as? String } == ["lo", "lo"] && found[0]["start"] as? Int == 90)
        #expect((found[0]["n_best"] as? [Any])?.count == 2, "\(found)")
        let bad = try predict(["--n-best-size", "0"])
        #expect(bad.status == 64 && bad.errors.contains("--n-best-size: found 0, expected 1 to 1000"), "\(bad.words)")

        try lab.task("plain", train: Lab.rows(20, seed: 1))
        let plain = try lab.run([
            "train-adapter", "--model", "@tiny", "--task", "@plain", "--out", "@p.h5", "--doc-stride", "8",
        ])
        #expect(plain.status == 64 && plain.errors.contains("--doc-stride: found 8, expected no such option"))
    }

    /// A resumed training and any number of threads give the same bytes, the threshold among them.
    @Test func sameBytes() throws {
        let lab = try Lab()
        try task(lab)
        _ = try train(lab, ["--threads", "1"])
        let first = try lab.data("qa.h5")
        _ = try train(lab, ["--threads", "2", "--batch-size", "16"])
        #expect(try lab.data("qa.h5") == first)
    }

    @Test func answersElsewhereAreRefusedOrSkipped() throws {
        let lab = try Lab()
        let rows = questions(20, seed: 1).map(\.row)
        let wrong = "{\"context\": \"ba lo\", \"question\": \"gi?\", \"answers\": [{\"text\": \"lo\", \"start\": 2}]}"
        try lab.task("qa", train: rows + [wrong], dev: rows, test: rows + [wrong])
        let arguments = [
            "train-adapter", "--model", "@tiny", "--task", "@qa", "--out", "@qa.h5", "--epochs", "1",
        ]
        let refused = try lab.run(arguments)
        #expect(
            refused.status == 65
                && refused.errors.contains("'answers' has 'lo' at 2, in code points; found ' l' there; set start to 3"),
            "\(refused.words)")
        let skipped = try lab.run(arguments + ["--skip-unknown-labels"])
        #expect(
            skipped.status == 0 && skipped.errors.contains("1 with an answer that is not at its start"),
            "\(skipped.words)")
        let result = try lab.run([
            "evaluate", "--model", "@tiny", "--task", "@qa", "--bundle", "@qa.h5", "--json", "--skip-unknown-labels",
        ]).json()
        let reasons = result["skipped"] as? [String: Any]
        #expect(reasons?["count"] as? Int == 1, "\(result)")
    }
}
