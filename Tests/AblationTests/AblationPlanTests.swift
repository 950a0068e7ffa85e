import Foundation
import Reporting
import Tasks
import Testing

@testable import Ablation
@testable import Training

/// Plans as files, and comparisons over several sizes and seeds.
@Suite struct AblationPlanTests {
    private func plan(_ text: String) throws -> AblationPlanFile {
        try AblationPlanFile(text: text, file: "plan.yaml", folder: URL(fileURLWithPath: "/data"))
    }

    @Test func aFileSaysEverything() throws {
        let read = try plan(
            """
            tasks: [role.yaml, /other/use.yaml]
            arms:
              - tfidf
              - adapter
              - {kind: adapter, name: longer, label: "adapter, 6 epochs", epochs: 6, rates: [1e-3], seeds: 3}
              - {kind: lora, set: [rank=4], config: lora, sizes: [200]}
            seeds: 5
            seed: 7
            sizes: [1000, 200]
            epochs: 3
            max_length: 64
            batch_size: 8
            precision: bf16
            learning_rates: first-seed
            max_test: 600
            calibration:
              - {arm: adapter, comparisons: 40, sizes: [200]}
            """)
        #expect(read.tasks.map(\.path) == ["/data/role.yaml", "/other/use.yaml"])
        let plan = read.plan
        #expect(plan.arms.map(\.id) == ["tfidf", "adapter", "longer", "lora"])
        #expect(plan.arms[2].label == "adapter, 6 epochs" && plan.arms[2].rates == [1e-3] && plan.arms[2].epochs == 6)
        #expect(plan.arms[3].configuration?.json.contains("\"rank\":4") == true && plan.arms[3].has(size: 200))
        #expect(
            !plan.arms[3].has(size: 1000) && plan.seeds == [7, 8, 9, 10, 11] && plan.seeds(plan.arms[2]).count == 3)
        #expect(plan.sizes == [200, 1000] && plan.settings.epochs == 3 && plan.settings.maxLength == 64)
        #expect(plan.settings.precision == .bfloat16 && plan.tunesOnce && plan.maxTest == 600)
        #expect(plan.calibrations == [.init("adapter", comparisons: 40, sizes: [200])])
    }

    /// A mistake names the file, the line and the key, and what would be right.
    @Test(arguments: [
        ("arms: [adapter]", "tasks"), ("tasks: []", "tasks"), ("tasks: [a]\narms: [adaptr]", "did you mean 'adapter'"),
        ("tasks: [a]\narms: []", "at least one arm"),
        ("tasks: [a]\narms: [adapter, adapter]", "two arms called adapter"),
        ("tasks: [a]\nseeds: 0", "plan.yaml:2: seeds"), ("tasks: [a]\nsizes: [0]", "sizes"),
        ("tasks: [a]\nsizes: 200", "sizes"),
        ("tasks: [a]\narms: [{kind: adapter, sizes: [5]}]", "sizes of the plan"),
        ("tasks: [a]\narms: [{kind: adapter, rates: [-1]}]", "numbers above 0"),
        ("tasks: [a]\narms: [{name: x}]", "kind"), ("tasks: [a]\nepoch: 3", "epochs"),
        ("tasks: [a]\ncalibration: [majority]", "majority"), ("tasks: [a]\nseeds: 1\ncalibration: [adapter]", "seeds"),
        ("tasks: [a]\narms: [{kind: adapter, balancer: pcgrad}]", "one model for all tasks"),
        ("tasks: [a]\narms: [{kind: multitask_adapter, balancer: pcgrad}]", "mix: within"),
        ("tasks: [a]\narms: [{kind: multitask_adapter, scheduler: given}]", "scheduler"),
        ("tasks: [a]\nset: [rank=4]", "config"), ("tasks: [a]\nprecision: fp8", "bf16"), ("- a", "the file"),
    ])
    func mistakesAreNamed(_ text: String, _ words: String) {
        let error = #expect(throws: (any Error).self) { try plan(text) }
        let message = error.map { "\($0)" } ?? ""
        #expect(message.contains(words) && message.contains("plan.yaml"), "\(message)")
    }

    /// Every kind of arm at two sizes with two seeds: each has scores on each task, builds on the right cells, and a second
    /// run trains nothing.
    @Test func everyArmIsComparedAtEverySize() throws {
        let tiny = try TinyExperiment()
        var plan = AblationPlan.quick(configuration: tiny.configuration)
        plan.arms = ArmKinds.all.map { Arm($0) }
        var longer = Arm(AdapterArm.self, id: "longer")
        longer.epochs = 2
        var balanced = Arm(MultitaskAdapterArm.self, id: "balanced")
        (balanced.balancer, balanced.mix, balanced.scheduler) = ("pcgrad", .within, "uniform")
        plan.arms += [longer, balanced]
        plan.seeds = [0, 1]
        plan.sizes = [12, 20]
        plan.settings.epochs = 1
        (plan.settings.maxLength, plan.settings.batch) = (16, .examples(8))
        plan.calibrations = [.init("head", comparisons: 3, sizes: [12])]
        let tasks = ["role", "use"].map { TinyExperiment.data($0) }
        func run() throws -> (report: ComparisonReport, trainings: Int) {
            let count = Count()
            var environment = ExperimentEnvironment()
            environment.tell = { if case .stage(_, _, "steps") = $0 { count.add() } }
            let report = try AblationExperiment(plan, session: tiny.session, tasks: tasks)
                .run(in: tiny.out, environment)
            return (report, count.value)
        }
        let (report, trained) = try run()
        #expect(trained > 50)
        #expect(report.tasks.map(\.id) == ["role@12", "use@12", "role@20", "use@20"] && report.sizes == [12, 20])
        for task in report.tasks {
            for arm in report.arms { #expect(report.row(task: task.id, arm: arm.id) != nil, "\(task.id) \(arm.id)") }
        }
        let seeds = report.row(task: "role@12", arm: "adapter")?.seeds
        #expect(seeds == 2 && report.row(task: "use@20", arm: "longer")?.trainingTokens ?? 0 > 0)
        let own = report.row(task: "role@20", arm: "adapter")
        let then = report.row(task: "role@20", arm: "multitask_then_single")
        #expect(then?.cumulativeTokens ?? 0 > 2 * (own?.cumulativeTokens ?? .max))
        #expect(report.means.count == 2 * plan.arms.count && report.gains.contains { $0.shared == "multitask_full" })
        #expect(report.comparisons.contains { $0.a == "fusion" && $0.b == "adapter" && $0.size == 12 })
        #expect(report.comparisons.contains { $0.a == "longer" && $0.b == "adapter" && $0.seeds == 2 })
        #expect(report.comparisons.contains { $0.a == "balanced" && $0.b == "multitask_adapter" })
        for one in report.comparisons { #expect(one.adjusted >= one.p, "\(one)") }
        let attention = try #require(report.attention.first)
        #expect(attention.tasks == ["role", "use"] && attention.adapters == ["role", "use"])
        for shares in attention.shares { #expect(abs(shares.reduce(0, +) - 1) < 1e-5) }
        let calibration = try #require(report.calibration)
        #expect(calibration.comparisons == 4 && calibration.detectable.first?.size == 12)
        let json = try report.json()
        #expect(try JSONDecoder().decode(ComparisonReport.self, from: Data(json.utf8)).rows == report.rows)
        #expect(json.contains("\"mean\" : ") && json.contains("\"p_adjusted\" : "))
        #expect(json.contains("\"task\" : \"role\"") && !json.contains("role@12\",\n      \"arm"))
        let csv = report.csv().split(separator: "\n")
        #expect(csv.count == 1 + report.rows.reduce(0) { $0 + $1.scores.count })
        #expect(csv.contains { $0.hasPrefix("role,12,adapter,accuracy,") && $0.split(separator: ",").count >= 14 })
        let text = report.text()
        #expect(text.contains("12 training texts") && text.contains("With 2 seeds these are hints"), "\(text)")
        #expect(report.html().contains("What this comparison can find") && report.html().contains("Learning curves"))
        // The choice of a composition ranks its sources by forward passes, which are no trainings
        let (again, more) = try run()
        #expect(more == 0 && again.rows == report.rows && again.comparisons == report.comparisons)
    }

    /// One task has no others to compose of: refused before a training.
    @Test func aCompositionNeedsOtherTasks() throws {
        let tiny = try TinyExperiment()
        var plan = AblationPlan.quick(configuration: tiny.configuration)
        plan.arms = [Arm(AutoArm.self)]
        let experiment = try AblationExperiment(plan, session: tiny.session, tasks: [TinyExperiment.data("role")])
        let error = #expect(throws: TrainingError.self) { try experiment.run(in: tiny.out, ExperimentEnvironment()) }
        #expect(error.map { "\($0)" }?.contains("two tasks or more") == true)
    }

    /// Each seed draws its own texts of a size; larger sizes than a task has are refused before a training.
    @Test func sizesAreSamples() throws {
        let tiny = try TinyExperiment()
        var plan = AblationPlan.quick(configuration: tiny.configuration)
        plan.sizes = [8, 24]
        plan.seeds = [0, 1]
        let tasks = [ExperimentTask(TinyExperiment.data("role"))]
        let benches = ArmBenches(plan, session: tiny.session, tasks: tasks)
        let texts = [0, 1].map { benches.bench(seed: $0, size: 8).tasks[0].data.train.map(\.id) }
        #expect(texts[0].count == 8 && texts[1].count == 8 && texts[0] != texts[1])
        #expect(benches.bench(seed: 0, size: 24).tasks[0] === tasks[0])
        plan.sizes = [25]
        let error = #expect(throws: TrainingError.self) {
            _ = try AblationExperiment(plan, session: tiny.session, tasks: [TinyExperiment.data("role")])
        }
        #expect(error.map { "\($0)" }?.contains("at most 24, the training texts of role") == true)
    }

    /// Where the first seed chooses the rates, the others train once.
    @Test func oneSeedChoosesForAll() throws {
        let tiny = try TinyExperiment()
        var plan = AblationPlan(configuration: tiny.configuration)
        (plan.seeds, plan.tunesOnce) = ([3, 4], true)
        let benches = ArmBenches(
            plan, session: tiny.session, tasks: [ExperimentTask(TinyExperiment.data("role"))])
        let cells = try plan.seeds.map { try benches.bench(seed: $0, size: nil).cell(.adapter, [0]) }
        #expect(cells.map(\.trainings) == [3, 1] && cells[1].needs.contains { $0 === cells[0] })
    }
}

/// Counts what happens on any thread.
private final class Count: @unchecked Sendable {  // the number is behind the lock
    private let lock = NSLock()
    private var count = 0

    func add() { lock.withLock { count += 1 } }

    var value: Int { lock.withLock { count } }
}
