import Adapters
import Foundation
import Reporting
@testable import Tasks
import Testing

@testable import Ablation
import Training

@Suite struct AblationTests {
    @Test func everyTrainedArmHasRates() {
        let arms = ArmKinds.all.map { Arm($0) }
        for arm in arms where arm.isTrained {
            #expect(arm.rates(quick: false).isEmpty == [ProbeArm.name, AutoArm.name].contains(arm.id))
            #expect(arm.rates(quick: true).count <= 1 && (arm.trained != nil))
        }
        #expect(Set(arms.map(\.label)).count == arms.count && Set(arms.map(\.id)).count == arms.count)
        let names = Set(ArmKinds.names)
        for kind in ArmKinds.all { #expect(kind.questions.allSatisfy { names.contains($0.rival) }) }
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
            plan: plan, columns: tasks.map { AblationColumn($0) },
            results: [.majority: [ArmResult(answers: [answers])]], model: "m", seconds: 1,
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
                plan: plan, columns: tasks.map { AblationColumn($0) },
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
            findings: AblationFindings(
                plan: plan, columns: [AblationColumn(ExperimentTask(task))], results: [:],
                scores: PairedScores(
                    [
                        .init(
                            groups: gold.map { _ in nil }, metrics: [MacroF1.self],
                            answers: [.adapter: good, .fusion: good, .full: bad])
                    ], systems: plan.arms, .apart))
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
                plan: plan,
                columns: metrics.map { AblationColumn(ExperimentTask(task("regression", metric: $0))) }, results: [:],
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

    private func report(_ rights: [(Arm, Int)], of count: Int, parameters: [Arm: Int] = [:]) throws -> ComparisonReport
    {
        var plan = AblationPlan.quick(configuration: try .resolve("seq_bn"))
        plan.arms = rights.map(\.0)
        var task = task("text-classification", metric: "accuracy", labels: ["a", "b"])
        task.train = (0..<4).map { Example(id: $0, text: "x", label: $0 % 2) }
        task.test = (0..<count).map { Example(id: $0, text: "x", label: $0 % 2) }
        let gold = task.test.compactMap(\.label)
        let results = rights.map { arm, right in
            let predicted = gold.enumerated().map { $0 < right ? $1 : 1 - $1 }
            var result = ArmResult(answers: [ClassAnswers(predicted: predicted, gold: gold, classes: 2)])
            result.trainableParameters = parameters[arm] ?? 0
            return (arm, [result])
        }
        return AblationReport(
            plan: plan, columns: [AblationColumn(ExperimentTask(task))],
            results: Dictionary(results) { first, _ in first }, model: "m",
            seconds: 1, provenance: []
        ).build()
    }

    /// The costs of trained arms say nothing beside a best arm that costs nothing.
    @Test func theCheapestIsNamedOnlyBesideATrainedArm() throws {
        let costs = [Arm.adapter: 900, .full: 90_000]
        let untrained = try report([(.majority, 40), (.adapter, 39), (.full, 39)], of: 40, parameters: costs)
        #expect(untrained.verdicts.first?.text.hasPrefix("Best on average: majority") == true)
        #expect(!untrained.verdicts.contains { $0.text.contains("cheapest") }, "\(untrained.verdicts)")
        let trained = try report([(.full, 40), (.adapter, 39), (.majority, 0)], of: 40, parameters: costs)
        #expect(trained.verdicts.contains { $0.text.hasPrefix("The cheapest of these is adapter: 900") })
    }

    /// Equal scores have equal marks, whatever the arms' order.
    @Test func tiesAreMarkedAlike() throws {
        let report = try report([(.majority, 10), (.full, 30), (.adapter, 30), (.head, 29)], of: 40)
        #expect(report.rows.map { $0.scores.first?.standing } == [.below, .best, .best, .withinNoise])
    }

    /// Within the noise is no loss.
    @Test func noiseHasItsOwnMark() throws {
        let verdicts = try report([(.tfidf, 30), (.adapter, 30), (.full, 0)], of: 40).verdicts
        let noise = try #require(verdicts.first { $0.text.contains("is within the noise of") })
        let loss = try #require(verdicts.first { $0.text.contains("is worse than") })
        #expect(noise.kind == .same && loss.kind == .worse, "\(verdicts)")
    }

    /// Nine texts have no interval, ten have one.
    @Test func fewTextsHaveNoIntervals() throws {
        for count in [9, 10] {
            let report = try report([(.majority, 2), (.adapter, count)], of: count)
            let score = try #require(report.row(task: "t", arm: "adapter")?.scores.first)
            #expect(score.estimate.value == 1 && (score.estimate.interval == nil) == (count == 9))
            #expect(score.standing == (count == 9 ? nil : .best))
            let words = "No intervals, marks or conclusions for t: fewer than 10 test texts"
            #expect(report.method.contains(words) == (count == 9), "\(report.method)")
            #expect(report.verdicts.contains { $0.text.hasPrefix("No conclusions: ") } == (count == 9))
            #expect(report.verdicts.contains { $0.text.hasPrefix("Best on average: ") } == (count == 10))
        }
    }

    /// Heads go by their tasks' names: two of one name are refused before a training, and both files are named.
    @Test func tasksOfOneNameAreRefused() throws {
        let tiny = try TinyExperiment()
        func start(_ names: [String]) throws {
            let tasks = names.enumerated().map { i, name in
                var data = TinyExperiment.data(name)
                data.definition.source = "folder\(i)/\(name).yaml"
                return data
            }
            for arms in [[Arm.adapter], [Arm.majority], [Arm.multitaskAdapter]] {
                var plan = AblationPlan.quick(configuration: tiny.configuration)
                plan.arms = arms
                _ = try AblationExperiment(plan, session: tiny.session, tasks: tasks)
            }
        }
        try start(["role", "use"])
        for names in [["role", "use", "role"], ["my role", "my_role"]] {
            let error = #expect(throws: TrainingError.self) { try start(names) }
            let words = try #require(error.map { "\($0)" })
            #expect(words.contains("folder0/\(names[0]).yaml and folder\(names.count - 1)/"), "\(words)")
            #expect(words.contains("two tasks have the same name: ") && words.contains("name: in its YAML"), "\(words)")
        }
    }
}
