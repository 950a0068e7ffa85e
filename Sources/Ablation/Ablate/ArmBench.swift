import Tasks
import Training

/// One seed of a comparison at one training size: the tasks' samples, and the cells that arms train on them. An arm that
/// builds on another one gets that one's cells here.
final class ArmBench {
    let plan: AblationPlan
    let seed: Int
    /// nil: all training texts.
    let size: Int?
    let tasks: [ExperimentTask]
    private let session: Session
    /// Of the plan's first seed, where that one chooses the learning rates of all; nil: each chooses its own.
    private let tuning: ArmBench?
    private weak var benches: ArmBenches?
    private var cells: [Key: Cell] = [:]

    private struct Key: Hashable {
        var arm: String
        var group: [Int]
    }

    init(
        _ plan: AblationPlan, session: Session, seed: Int, size: Int?, tasks: [ExperimentTask], tuning: ArmBench?,
        in benches: ArmBenches
    ) {
        (self.plan, self.session, self.seed, self.size) = (plan, session, seed, size)
        (self.tasks, self.tuning, self.benches) = (tasks, tuning, benches)
    }

    /// The same seed at the largest size.
    var largest: ArmBench { benches?.bench(seed: seed, size: plan.sizes.max()) ?? self }

    /// The groups of tasks that an arm trains together: all, or each by itself.
    func groups(_ arm: Arm) -> [[Int]] {
        let able = tasks.indices.filter { arm.trained?.hindrance(tasks[$0]) == nil }
        return arm.isShared ? [able].filter { !$0.isEmpty } : able.map { [$0] }
    }

    /// A recipe on some of the tasks.
    func training(_ recipe: CellRecipe, _ group: [Int]) -> TaskTraining {
        var training = TaskTraining(recipe, on: group.map { tasks[$0] }, scheduler: plan.scheduler)
        if group.count > 1 { training.bundleName = "shared" }
        return training
    }

    /// The cell of an arm on some tasks, made once.
    func cell(_ arm: Arm, _ group: [Int]) throws -> Cell {
        // An arm of the plan counts, with its options, where another one builds on its kind
        let arm = plan.arms.first { $0.id == arm.id } ?? arm
        let key = Key(arm: arm.id, group: group)
        if let known = cells[key] { return known }
        guard let kind = arm.trained else { throw TrainingError.mismatch("\(arm.id) is not trained") }
        var settings = plan.settings
        settings.seed = seed
        settings.epochs = arm.epochs ?? settings.epochs
        (settings.balancer, settings.mix, settings.scheduling.cap) = (arm.balancer, arm.mix, arm.taskCap)
        kind.adjust(&settings)
        var training = try kind.training(arm, group, self)
        if let scheduler = arm.scheduler, var own = training as? TaskTraining {
            own.scheduler = scheduler
            training = own
        }
        let chosen = group.map { tasks[$0] }
        let subject = group.count > 1 || arm.isShared ? "all tasks" : chosen[0].name
        let rates = arm.rates(quick: plan.quick)
        let cell = Cell(
            "\(group.count > 1 || arm.isShared ? "all" : Session.safeName(subject)).\(Session.safeName(arm.id))"
                + (size.map { ".\($0)" } ?? "") + ".seed\(seed)",
            label: [
                "\(arm.label(tasks)), \(subject)", size.map { "\($0) texts" },
                plan.seeds.count > 1 || seed != plan.seeds.first ? "seed \(seed)" : nil,
            ].compactMap { $0 }.joined(separator: ", "),
            session: session, training: training, settings: settings,
            rates: try tuning.map { .same(as: try $0.cell(arm, group)) }.flatMap { rates.count > 1 ? $0 : nil }
                ?? (rates.isEmpty ? .settings : .grid(rates)),
            scored: chosen.map { Cell.Scored($0.name, $0, head: $0.name) }, showsAttention: kind.showsAttention)
        cells[key] = cell
        return cell
    }
}

/// The benches of a comparison, made when they are first asked for.
final class ArmBenches {
    private let plan: AblationPlan
    private let session: Session
    /// With all training texts that the plan allows.
    let tasks: [ExperimentTask]
    private var known: [Key: ArmBench] = [:]

    private struct Key: Hashable {
        var seed: Int
        var size: Int?
    }

    init(_ plan: AblationPlan, session: Session, tasks: [ExperimentTask]) {
        (self.plan, self.session, self.tasks) = (plan, session, tasks)
    }

    /// - Parameter seed: draws the training texts where there are more than the size
    func bench(seed: Int, size: Int?) -> ArmBench {
        let key = Key(seed: seed, size: size)
        if let bench = known[key] { return bench }
        let first = plan.seeds.first ?? 0
        let tunes = (plan.tunesOnce || !plan.seeds.contains(seed)) && seed != first
        let bench = ArmBench(
            plan, session: session, seed: seed, size: size,
            tasks: tasks.map { task in
                guard let size, size < task.data.train.count else { return task }
                return ExperimentTask(task.data.limited([.train: size], seed: seed))
            },
            tuning: tunes ? self.bench(seed: first, size: size) : nil, in: self)
        known[key] = bench
        return bench
    }
}
