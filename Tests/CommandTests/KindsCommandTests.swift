import Foundation
import Testing

/// What works over adapters of other tasks works for tasks of every kind: fusion, comparison, advice, choice and distillation, or a
/// line that says what works instead.
@Suite(.serialized, .timeLimit(.minutes(10))) struct KindsCommandTests {
    enum Kind: String, CaseIterable {
        case labelSets, choices, answers, trees

        /// A metric of its `evaluate --json`.
        var metric: String {
            switch self {
            case .labelSets: "micro_f1"
            case .choices: "accuracy"
            case .answers: "qa_f1"
            case .trees: "las"
            }
        }

        /// Whether features are ranked, linear probes are fitted, and students learn.
        var works: (advice: Bool, probe: Bool, distill: Bool) {
            switch self {
            case .labelSets, .choices: (true, true, true)
            case .answers: (false, false, true)
            case .trees: (true, false, false)
            }
        }

        /// The row of words whose second or third is `lo`.
        func row(_ i: Int) -> String {
            var words = (0..<5).map { ["ba", "be", "ma", "du", "ri"][(i * 3 + $0 * ($0 + 1)) % 5] }
            let place = 1 + i % 2
            words[place] = "lo"
            let text = words.joined(separator: " ")
            switch self {
            case .labelSets:
                let labels = ["ba", "be", "ma"].filter { words.contains($0) }
                return "{\"text\": \"\(text)\", \"labels\": [\(labels.map { "\"\($0)\"" }.joined(separator: ","))]}"
            case .choices:
                let choices = i % 2 == 0 ? "\"\(text)\", \"ba be\"" : "\"ba be\", \"\(text)\""
                return "{\"question\": \"gi\", \"choices\": [\(choices)], \"answer\": \(i % 2)}"
            case .answers:
                return "{\"context\": \"\(text)\", \"question\": \"gi?\", "
                    + "\"answers\": [{\"text\": \"lo\", \"start\": \(3 * place)}]}"
            case .trees:
                let heads = words.indices.map { "\($0 == place ? 0 : place + 1)" }.joined(separator: ",")
                let labels = words.indices.map { $0 == place ? "\"root\"" : $0 < place ? "\"a\"" : "\"b\"" }
                return "{\"tokens\": [\(words.map { "\"\($0)\"" }.joined(separator: ","))], \"heads\": [\(heads)], "
                    + "\"deprels\": [\(labels.joined(separator: ","))]}"
            }
        }
    }

    @Test(arguments: Kind.allCases) func overAdaptersOfOtherTasks(_ kind: Kind) throws {
        let lab = try Lab(adapters: [("a", "game", []), ("b", "role", [])])
        func rows(_ count: Int, _ shift: Int) -> [String] { (0..<count).map { kind.row($0 + shift) } }
        try lab.task("new", train: rows(24, 0), dev: rows(12, 1), test: rows(12, 2))
        let sources = ["--adapters", "@a.h5", "@b.h5"]
        func run(_ words: [String]) throws -> Lab.Run {
            try lab.run(words + ["--model", "@tiny", "--task", "@new"])
        }
        for method in ["fusion", "scalearn", "average"] {
            let fused = try run(
                ["fuse", "--method", method, "--out", "@\(method).h5", "--epochs", "2", "--quiet"] + sources)
            try #require(fused.status == 0, "\(fused.words)")
        }
        let scores = try run(["evaluate", "--bundle", "@fusion.h5", "--attention", "@shares.json", "--json"]).json()
        #expect(scores["metric"] as? String == kind.metric)
        let value = (scores["metrics"] as? [String: Double])?[kind.metric] ?? .nan
        #expect((0...1).contains(value), "\(scores)")

        let ablation = try lab.run(["ablate", "--model", "@tiny", "--tasks", "@new", "--quick", "--out", "@ablation"])
        #expect(ablation.status == 0 && ablation.output.contains("Fusion"), "\(ablation.words)")

        let advice = try run(["advise", "--json"] + sources)
        #expect(advice.status == (kind.works.advice ? 0 : 65), "\(advice.words)")
        #expect(kind.works.advice || advice.errors.contains("cannot be ranked without training"), "\(advice.words)")
        let probe = try run(["finetune", "--linear-probe", "--out", "@probe.h5", "--quiet"])
        #expect((probe.status == 0) == kind.works.probe, "\(probe.words)")
        #expect(kind.works.probe || probe.errors.contains("which no linear probe predicts"), "\(probe.words)")
        let choice = try run(["fuse", "--method", "auto", "--out", "@auto.h5", "--quiet"] + sources)
        #expect((choice.status == 0) == kind.works.probe, "\(choice.words)")
        #expect(kind.works.probe || choice.errors.contains("auto compares with linear probes"), "\(choice.words)")
        let student = try run(["distill", "--bundle", "@fusion.h5", "--out", "@small.h5", "--epochs", "1", "--quiet"])
        #expect((student.status == 0) == kind.works.distill, "\(student.words)")
        #expect(kind.works.distill || student.errors.contains("a student can learn from"), "\(student.words)")
    }
}
