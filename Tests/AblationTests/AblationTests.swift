import Adapters
import Foundation
@testable import Tasks
import Testing

@testable import Ablation

@Suite struct AblationTests {
    @Test func everyTrainedArmHasRates() {
        for arm in Arm.allCases { #expect(arm.grid.isEmpty != arm.isTrained) }
        #expect(Set(Arm.allCases.map(\.label)).count == Arm.allCases.count)
    }

    private func task(_ kind: String, metric: String, labels: [String] = []) -> TaskData {
        TaskData(
            definition: TaskDefinition(
                name: "t", kind: kind, data: [:], metric: metric, folder: URL(fileURLWithPath: "/"), source: "t"),
            labels: labels)
    }

    /// A test label that training does not have counts as wrong, and its row says so; the task's metric comes first.
    @Test func reportsSayWhatWasScored() throws {
        var plan = AblationPlan.quick(configuration: try .resolve("seq_bn"))
        plan.arms = [.majority]
        var task = task("text-classification", metric: "matthews", labels: ["a", "b"])
        task.train = (0..<4).map { Example(id: $0, text: "x", label: $0 % 2) }
        task.test = task.train + [Example(id: 4, text: "x", unknownLabel: "c")]
        task.skipped[.test] = [SkippedRow(line: 6, reason: .nullLabel)]
        let tasks = [ExperimentTask(task)]
        let answers = try #require(Arm.majority.baseline(tasks[0])?.answers(task, metric: Matthews.self))
        let report = AblationReport(
            plan: plan, tasks: tasks, results: [.majority: [ArmResult(answers: [answers])]], model: "m", seconds: 1,
            provenance: []
        ).build()
        let row = try #require(report.rows.first)
        #expect(row.scores.map(\.name) == ["matthews", "accuracy", "macro_f1"])
        #expect(row["accuracy"]?.estimate.value == 0.4 && row["matthews"]?.estimate.value == 0)
        #expect(row.examples == 5 && row.unknownLabels == 1 && row.skipped == ["null label": 1])
        let text = report.text()
        let place = try #require(text.range(of: "Test Matthews correlation")?.lowerBound)
        #expect(try place < #require(text.range(of: "Test accuracy")?.lowerBound))
        #expect(report.html().contains("1 test text with an unknown label (counted as wrong), 1 test row skipped"))
        #expect(try report.json().contains("\"unknown_labels\" : 1"))
    }

    /// Regression: an error is better if it is smaller, and an undefined correlation is shown as such.
    @Test func errorsAndUndefinedScoresAreRanked() throws {
        var plan = AblationPlan.quick(configuration: try .resolve("seq_bn"))
        plan.arms = [.majority, .adapter, .full]
        for metric in ["mse", "pearson"] {
            var task = task("regression", metric: metric)
            task.train = (0..<40).map { Example(id: $0, text: "x", payload: Numbers(values: [Double($0)])) }
            task.test = task.train
            let tasks = [ExperimentTask(task)]
            let constant = try #require(Arm.majority.baseline(tasks[0])?.answers(task, metric: MeanSquaredError.self))
            func near(_ error: Double) -> ArmResult {
                ArmResult(answers: [
                    NumberAnswers(
                        predicted: (0..<40).map { [Double($0) + ($0 % 2 == 0 ? error : -error)] },
                        gold: (0..<40).map { [Double($0)] })
                ])
            }
            let report = AblationReport(
                plan: plan, tasks: tasks,
                results: [.majority: [ArmResult(answers: [constant])], .adapter: [near(0.5)], .full: [near(9)]],
                model: "m", seconds: 1, provenance: []
            ).build()
            #expect(report.arms.map(\.label) == ["mean", "adapter", "full fine-tuning"])
            #expect(report.row(task: "t", arm: "adapter")?.scores.first?.standing == .best)
            #expect(report.row(task: "t", arm: "full")?.scores.first?.standing == .below)
            let undefined = try #require(report.row(task: "t", arm: "majority")?["pearson"])
            #expect(undefined.estimate.value.isNaN && undefined.standing == nil)
            #expect(report.verdicts.contains { $0.text.hasPrefix("Best on average: adapter") })
            #expect(report.verdicts.contains { $0.text.hasPrefix("Adapters beat full fine-tuning") })
            #expect(report.text().contains("undefined") && !report.text().contains("nan"))
            #expect(try report.json().contains("\"value\" : null"))
        }
    }

    /// An arm that is right everywhere beats one that is wrong on a third; two equal arms are within the noise.
    @Test func verdictsTellDifferencesFromNoise() throws {
        let gold = (0..<300).map { $0 % 3 }
        func answers(_ predicted: [Int]) -> [any Answers] {
            [ClassAnswers(predicted: predicted, gold: gold, classes: 3)]
        }
        let (good, bad) = (answers(gold), answers(gold.map { $0 == 2 ? 1 : $0 }))
        var plan = AblationPlan(configuration: try .resolve("seq_bn"))
        plan.arms = [.adapter, .fusion, .full]
        let task = task("text-classification", metric: "macro_f1", labels: ["a", "b", "c"])
        let words = AblationVerdict(
            plan: plan, tasks: [ExperimentTask(task)], results: [:],
            scores: PairedScores(
                [
                    .init(
                        groups: gold.map { _ in nil }, metrics: [MacroF1.self],
                        answers: [.adapter: good, .fusion: good, .full: bad])
                ], systems: plan.arms, .apart)
        ).sentences().map(\.text)
        #expect(words.first?.contains("mean macro-F1") == true)
        #expect(words.contains { $0.hasPrefix("Fusion does not beat the single adapter") })
        #expect(words.contains { $0.hasPrefix("Adapters beat full fine-tuning") })
    }

    /// A report says how scores of different units were brought together, and nothing where all are shares.
    @Test func mixedUnitsAreStated() throws {
        var plan = AblationPlan(configuration: try .resolve("seq_bn"))
        plan.arms = [.adapter, .multitaskAdapter]
        func summary(_ metrics: [String]) -> String {
            AblationReport(
                plan: plan, tasks: metrics.map { ExperimentTask(task("regression", metric: $0)) }, results: [:],
                model: "m", seconds: 1, provenance: []
            ).build().summary.joined()
        }
        #expect(summary(["accuracy", "mse"]).contains("best mean of standardized dev scores"))
        #expect(!summary(["accuracy", "pearson"]).contains("units") && !summary(["mse", "mse"]).contains("units"))
    }

    /// A file that is sorted by label: the limit must not take one class alone.
    @Test func limitsKeepTheSharesOfTheLabels() throws {
        var plan = AblationPlan.quick(configuration: try .resolve("seq_bn"))
        plan.maxTrain = 4
        plan.seeds = [3, 4]
        var data = TaskData(
            definition: TaskDefinition(
                name: "t", kind: "text-classification", data: [:], folder: URL(fileURLWithPath: "/"), source: "t"),
            labels: ["a", "b"])
        data.train = (0..<40).map { Example(id: $0, text: "\($0)", label: $0 < 30 ? 0 : 1) }
        data.test = data.train
        let limited = plan.limited(data)
        #expect(limited.train.map(\.label) == [0, 0, 0, 1])
        #expect(limited.train.map(\.id) == limited.train.map(\.id).sorted())
        #expect(limited.test == data.test)
        #expect(limited.samplingWords == ["sampled 4 of 40 training rows, stratified by label, seed 3"])
        plan.seeds = [4]
        #expect(plan.limited(data).train.map(\.id) != limited.train.map(\.id))
    }
}
