import Ablation
import Training

/// A way to get a model: what ``Model/ablate(_:in:options:)`` compares.
///
/// Two arms of one kind need different names:
///
/// ```swift
/// var longer = AblationArm.adapter
/// longer.name = "adapter_10_epochs"
/// longer.epochs = 10
/// options.arms += [longer]
/// ```
public struct AblationArm: Sendable, Equatable {
    /// One of ``kinds``.
    public let kind: String
    /// Different for each arm; default the kind.
    public var name: String
    /// For people; nil (default) for the kind's words.
    public var label: String?
    /// The adapters' configuration; nil (default) for that of the options, or of the kind (LoRA, BitFit).
    public var configuration: AdapterConfiguration?
    /// Learning rates that dev chooses from, each above 0; nil (default) for the kind's own.
    public var learningRates: [Double]?
    /// The first so many of the comparison's seeds; nil (default) for all.
    public var seeds: Int?
    /// The sizes at which the arm is trained, out of ``AblationOptions/sizes``; nil (default) for all.
    public var sizes: [Int]?
    /// Passes over the training split; nil (default) for ``AblationOptions/epochs``.
    public var epochs: Int?
    /// Of a multi-task arm: which task's batch comes at each step; nil (default) for ``AblationOptions/scheduler``.
    public var scheduler: String?
    /// Of a multi-task arm: how its losses are weighted, one of ``TrainingOptions/balancerNames`` but `fixed`; default `equal`.
    public var balancer = "equal"
    /// Of a multi-task arm: whether a batch holds examples of one task or of several; default one. The balancers `famo` and
    /// `pcgrad` need several.
    public var mix = TrainingOptions.Mix.batch
    /// Of a multi-task arm: no task counts as larger than so many examples, 1 or more; nil (default) for no limit.
    public var taskCap: Int?

    /// The kinds that there are.
    public static let kinds = ArmKinds.names

    /// An arm of a kind.
    /// - Returns: Nil for a kind that is not one of ``kinds``.
    public init?(_ kind: String) {
        guard ArmKinds.named(kind) != nil else { return nil }
        (self.kind, name) = (kind, kind)
    }

    init(_ arm: Arm) {
        (kind, name, label) = (arm.kind.name, arm.id, arm.title)
        configuration = arm.configuration.map(AdapterConfiguration.init)
        (learningRates, seeds, sizes, epochs) = (arm.rates, arm.seeds, arm.sizes, arm.epochs)
        (scheduler, balancer, taskCap) = (arm.scheduler, arm.balancer, arm.taskCap)
        mix = arm.mix == .batch ? .batch : .within
    }

    private init(of kind: any ArmKind.Type) { self.init(Arm(kind)) }

    /// The majority class, or the constant that fits the task's metric. Nothing is trained.
    public static let majority = AblationArm(of: MajorityArm.self)
    /// A linear model on TF-IDF features, or what is classic for the task's kind. No encoder is used.
    public static let tfidf = AblationArm(of: ClassicArm.self)
    /// A linear model, fitted on the frozen model's features. For classification, multi-label classification and regression.
    public static let probe = AblationArm(of: ProbeArm.self)
    /// A head on the frozen model.
    public static let head = AblationArm(of: HeadArm.self)
    /// The model's biases alone.
    public static let bitFit = AblationArm(of: BitFitArm.self)
    /// LoRA on the attention.
    public static let lora = AblationArm(of: LoRAArm.self)
    /// An adapter and a head for each task.
    public static let adapter = AblationArm(of: AdapterArm.self)
    /// A fusion of all tasks' adapters, for each task.
    public static let fusion = AblationArm(of: FusionArm.self)
    /// One adapter that trains as many parameters as the fusion: its control.
    public static let wideAdapter = AblationArm(of: WideAdapterArm.self)
    /// An automatic choice of a composition of the other tasks' adapters, as ``Model/chooseFusion(on:from:language:budget:options:)`` makes it.
    public static let auto = AblationArm(of: AutoArm.self)
    /// One adapter for all tasks, with a head for each.
    public static let multitaskAdapter = AblationArm(of: MultitaskAdapterArm.self)
    /// The adapter for all tasks, trained further on each task.
    public static let multitaskThenSingle = AblationArm(of: MultitaskThenSingleArm.self)
    /// Full fine-tuning for each task.
    public static let full = AblationArm(of: FullArm.self)
    /// Full fine-tuning on all tasks together, with a head for each.
    public static let multitaskFull = AblationArm(of: MultitaskFullArm.self)

    /// The default comparison.
    public static let standard = Arm.standard.map(AblationArm.init)

    /// - Throws: `TrainingError.setting`
    func stored(in plan: AblationPlan) throws -> Arm {
        guard let kind = ArmKinds.named(kind) else {
            throw TrainingError.setting(
                name: "--arms", found: kind, expected: ArmKinds.names.joined(separator: ", "))
        }
        func check(_ isGood: Bool, _ field: String, _ found: String, _ expected: String) throws {
            guard !isGood else { return }
            throw TrainingError.setting(name: "--arms", found: "\(name) with \(field) \(found)", expected: expected)
        }
        try check(!name.isEmpty, "name", "''", "a name")
        try check(
            learningRates.map { !$0.isEmpty && $0.allSatisfy { $0 > 0 && $0.isFinite } } ?? true, "rates",
            "\(learningRates ?? [])", "numbers above 0")
        try check(
            seeds.map { (1...plan.seeds.count).contains($0) } ?? true, "seeds", "\(seeds ?? 0)",
            "1 to \(plan.seeds.count), the comparison's seeds")
        try check(epochs.map { $0 >= 1 } ?? true, "epochs", "\(epochs ?? 0)", "1 or more")
        try check(
            sizes.map { !$0.isEmpty && $0.allSatisfy(plan.sizes.contains) } ?? true, "sizes", "\(sizes ?? [])",
            "some of the comparison's sizes, \(plan.sizes)")
        var arm = Arm(kind, id: name)
        (arm.title, arm.configuration, arm.rates) = (label, configuration?.stored, learningRates)
        (arm.seeds, arm.sizes, arm.epochs) = (seeds, sizes, epochs)
        (arm.scheduler, arm.balancer, arm.taskCap) = (scheduler, balancer, taskCap)
        arm.mix = mix == .batch ? .batch : .within
        let isPlain = scheduler == nil && balancer == "equal" && mix == .batch && taskCap == nil
        try check(
            arm.isShared || isPlain, "a scheduler, balancer, mix or task cap", "",
            "none: these are for arms that train one model for all tasks")
        try check(
            scheduler.map(TaskSchedulers.selfContained.contains) ?? true, "scheduler", scheduler ?? "",
            TaskSchedulers.selfContained.joined(separator: ", "))
        try check(Arm.balancers.contains(balancer), "balancer", balancer, Arm.balancers.joined(separator: ", "))
        try check(
            !arm.needsMixedSteps || mix == .within, "balancer \(balancer)", "and steps of one task",
            "mix within: it compares tasks within a step")
        return arm
    }
}

/// A check of a comparison's statistics: an arm is trained with further seeds and compared with itself, where there is nothing
/// to be found.
public struct AblationCalibration: Sendable, Equatable {
    /// Name of a trained arm of the comparison, one model for each task.
    public var arm: String
    /// At least so many comparisons, 1 or more, each on one task at one size with seeds of its own.
    public var comparisons: Int
    /// The sizes at which they are made; nil (default) for all of the arm's.
    public var sizes: [Int]?

    /// Creates a check.
    public init(_ arm: String, comparisons: Int = 100, sizes: [Int]? = nil) {
        (self.arm, self.comparisons, self.sizes) = (arm, comparisons, sizes)
    }

    init(_ calibration: AblationPlan.Calibration) {
        self.init(calibration.arm, comparisons: calibration.comparisons, sizes: calibration.sizes)
    }

    /// - Throws: `TrainingError.setting`
    func stored(in plan: AblationPlan) throws -> AblationPlan.Calibration {
        let able = plan.arms.filter { $0.isTrained && !$0.isShared }.map(\.id)
        guard able.contains(arm), comparisons >= 1, plan.seeds.count > 1 else {
            throw TrainingError.setting(
                name: "--calibrate", found: "\(arm), \(comparisons) comparisons, \(plan.seeds.count) seeds",
                expected: "one of \(able.joined(separator: ", ")), 1 comparison or more, and 2 seeds or more")
        }
        return .init(arm, comparisons: comparisons, sizes: sizes)
    }
}
