import Adapters
import Reporting
import Tasks
import Training

/// A column of the comparison: a kind of arm with its options.
package struct Arm: Sendable {
    package let kind: any ArmKind.Type
    /// Two arms of one kind have different ones: "adapter", "adapter_6_epochs".
    package let id: String
    /// Given by the user; nil: the kind's.
    package var title: String?
    /// nil: the kind's own, or the plan's adapter.
    package var configuration: AdapterConfiguration?
    /// nil: the kind's grid, or its one rate in a quick comparison.
    package var rates: [Double]?
    /// The first so many of the plan's seeds; nil: all.
    package var seeds: Int?
    /// nil: all of the plan's.
    package var sizes: [Int]?
    /// nil: the plan's.
    package var epochs: Int?
    /// Of an arm for all tasks; nil: the plan's.
    package var scheduler: String?
    /// Of an arm for all tasks: how its losses are weighted.
    package var balancer = EqualBalancer.name
    /// Of an arm for all tasks: whether a batch holds examples of one or of all.
    package var mix = Mix.batch
    /// Of an arm for all tasks: no task counts as larger than so many examples; nil: each counts as large as it is.
    package var taskCap: Int?

    package init(_ kind: any ArmKind.Type, id: String? = nil) {
        self.kind = kind
        self.id = id ?? kind.name
    }

    /// The balancers that an arm can have: those that need no numbers.
    package static let balancers = LossBalancers.builtIn.filter { !$0.takesWeights }.map { $0.name }

    /// Whether its balancer compares tasks within a step.
    package var needsMixedSteps: Bool {
        LossBalancers.named(balancer).map { $0 is any LossWatcher.Type || $0 is any GradientBalancer.Type } ?? false
    }

    /// The default comparison.
    package static let standard: [Arm] = [
        .majority, .tfidf, .head, .adapter, .fusion, .multitaskAdapter, .full, .multitaskFull,
    ]

    package static let majority = Arm(MajorityArm.self)
    package static let tfidf = Arm(ClassicArm.self)
    package static let probe = Arm(ProbeArm.self)
    package static let head = Arm(HeadArm.self)
    package static let adapter = Arm(AdapterArm.self)
    package static let fusion = Arm(FusionArm.self)
    package static let multitaskAdapter = Arm(MultitaskAdapterArm.self)
    package static let full = Arm(FullArm.self)
    package static let multitaskFull = Arm(MultitaskFullArm.self)

    var trained: (any TrainedArm.Type)? { kind as? any TrainedArm.Type }
    package var isTrained: Bool { kind.isTrained }
    package var isShared: Bool { trained?.isShared ?? false }

    /// The method of an arm that is not trained, as the task's kind has it; nil for other arms and kinds without one.
    func baseline(_ task: ExperimentTask) -> (any Baseline.Type)? {
        guard let baselines = TaskKinds.standard[task.data.definition.kind]?.baselines else { return nil }
        return (kind as? any BaselineArm.Type).flatMap { $0.baseline(baselines) }
    }

    /// Its name over tasks of different kinds. One with a name of its own goes by that beside the plain arm of its kind.
    package var label: String { title ?? (id == kind.name ? kind.label : id) }

    /// Its name in a comparison over these tasks.
    func label(_ tasks: [ExperimentTask]) -> String {
        let labels = Set(tasks.compactMap { baseline($0)?.label })
        return title ?? (labels.count == 1 ? labels.first ?? label : label)
    }

    /// The rates that dev chooses from.
    func rates(quick: Bool) -> [Double] {
        guard let trained, !trained.grid.isEmpty else { return [] }
        return rates ?? (quick ? [trained.quickRate] : trained.grid)
    }

    /// Whether it is trained on so many texts; nil: on all.
    func has(size: Int?) -> Bool {
        guard let sizes, let size else { return true }
        return sizes.contains(size)
    }
}

extension Arm: Hashable {
    package static func == (a: Arm, b: Arm) -> Bool { a.id == b.id }
    package func hash(into hasher: inout Hasher) { hasher.combine(id) }
}
