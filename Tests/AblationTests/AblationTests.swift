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

    @Test func scoresOfSeedsAreMeans() {
        let scores = SeededScores(GoldLabels(labels: [0, 1, 1, 0], unknownLabels: [:], names: ["a", "b"]))
        let samples = scores.samples(Accuracy.self, [[0, 1, 1, 0], [0, 1, 0, 1]])
        #expect(samples.value == 0.75)
        let interval = SeededScores.interval(samples.resampled)
        #expect(interval.low < 0.75 && interval.high > 0.75 && interval.high <= 1)
    }

    /// A test label that training does not have counts as wrong, and its row says so; the task's metric comes first.
    @Test func reportsSayWhatWasScored() throws {
        var plan = AblationPlan.quick(configuration: try .resolve("seq_bn"))
        plan.arms = [.majority]
        var task = TaskData(
            definition: TaskDefinition(
                name: "t", kind: "text-classification", data: [:], metric: "matthews",
                folder: URL(fileURLWithPath: "/"), source: "t"),
            labels: ["a", "b"])
        task.train = (0..<4).map { Example(id: $0, text: "x", label: $0 % 2) }
        task.test = task.train + [Example(id: 4, text: "x", unknownLabel: "c")]
        task.skipped[.test] = [SkippedRow(line: 6, reason: .nullLabel)]
        let report = AblationReport(
            plan: plan, tasks: [task], results: [.majority: [ArmResult(predictions: [[0, 0, 0, 0, 0]])]], model: "m",
            seconds: 1, kernels: "", threads: 1
        ).build()
        let row = try #require(report.rows.first)
        #expect(row.accuracy.value == 0.4 && row.metric == "matthews" && row.score.value == 0)
        #expect(row.examples == 5 && row.unknownLabels == 1 && row.skipped == ["null label": 1])
        let text = report.text()
        let place = try #require(text.range(of: "Test Matthews correlation")?.lowerBound)
        #expect(try place < #require(text.range(of: "Test accuracy")?.lowerBound))
        #expect(report.html().contains("1 test texts with an unknown label (counted as wrong), 1 test rows skipped"))
        #expect(try report.json().contains("\"unknown_labels\" : 1"))
    }

    /// An arm that is right everywhere beats one that is wrong on a third; two equal arms are not told apart.
    @Test func verdictsTellDifferencesFromNoise() throws {
        let gold = (0..<300).map { $0 % 3 }
        let scores = SeededScores(
            GoldLabels(labels: gold.map { Int32($0) }, unknownLabels: [:], names: ["a", "b", "c"]))
        let good = scores.samples(Accuracy.self, [gold])
        let bad = scores.samples(Accuracy.self, [gold.map { $0 == 2 ? 1 : $0 }])
        var plan = AblationPlan(configuration: try .resolve("seq_bn"))
        plan.arms = [.adapter, .fusion, .full]
        let words = AblationVerdict(
            plan: plan, results: [:], scores: [.adapter: [good], .fusion: [good], .full: [bad]], metrics: ["macro_f1"]
        ).sentences().map(\.text)
        #expect(words.first?.contains("mean macro-F1") == true)
        #expect(words.contains { $0.hasPrefix("Fusion does not beat the single adapter") })
        #expect(words.contains { $0.hasPrefix("Adapters beat full fine-tuning") })
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
