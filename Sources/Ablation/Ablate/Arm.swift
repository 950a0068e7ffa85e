import Adapters
import Reporting
import Tasks

/// A way to get a model: a column of the comparison.
package enum Arm: String, CaseIterable, Sendable {
    case majority
    case tfidf
    case head
    case adapter
    case fusion
    case multitaskAdapter = "multitask_adapter"
    case full
    case multitaskFull = "multitask_full"

    /// The method of an arm that is not trained, as the task's kind has it; nil for other arms.
    func baseline(_ task: ExperimentTask) -> (any Baseline.Type)? {
        let baselines = TaskKinds.standard[task.data.definition.kind]?.baselines
        switch self {
        case .majority: return baselines?.constant
        case .tfidf: return baselines?.classic
        default: return nil
        }
    }

    /// Its name in a comparison over these tasks.
    func label(_ tasks: [ExperimentTask]) -> String {
        let labels = Set(tasks.compactMap { baseline($0)?.label })
        return labels.count == 1 ? labels.first ?? label : label
    }

    /// Its name over tasks of different kinds.
    package var label: String {
        switch self {
        case .majority: "constant"
        case .tfidf: "baseline"
        case .head: "head only"
        case .adapter: "adapter"
        case .fusion: "fusion"
        case .multitaskAdapter: "multi-task adapter"
        case .full: "full fine-tuning"
        case .multitaskFull: "multi-task full"
        }
    }

    var family: ComparisonReport.Arm.Family {
        switch self {
        case .majority, .tfidf: .baseline
        case .head: .head
        case .adapter, .multitaskAdapter: .adapter
        case .fusion: .fusion
        case .full, .multitaskFull: .full
        }
    }

    var isMultitask: Bool { self == .multitaskAdapter || self == .multitaskFull }
    var isTrained: Bool { self != .majority && self != .tfidf }

    /// Learning rates that dev chooses from: each kind of training has a range of its own.
    var grid: [Double] {
        switch self {
        case .majority, .tfidf: []
        case .head: [3e-3, 1e-2, 3e-2]
        case .adapter, .multitaskAdapter: [2e-3, 5e-3, 1e-2]
        case .fusion: [1e-3, 2e-3, 5e-3]
        case .full, .multitaskFull: [1e-4, 2e-4, 4e-4]
        }
    }

    /// The one rate of a quick comparison: what a pilot on other splits found good.
    var quickRate: Double {
        switch self {
        case .majority, .tfidf: 0
        // Mean dev accuracy of the quickstart's four tasks, some 95 steps each:
        case .head: 1e-2  // .59 at 1e-3, .71 at 3e-3, .74 at 1e-2, less at 3e-2: frozen features want large steps
        case .adapter: 5e-3  // .71 at 1e-3, .76 at 2e-3, .77 at 5e-3
        case .multitaskAdapter: 5e-3  // .70 at 1e-3, .72 at 2e-3, .76 at 5e-3 and 1e-2
        case .fusion: 2e-3  // .70 at 5e-4, .75 at 1e-3, .77 at 2e-3 and 5e-3
        case .full, .multitaskFull: 4e-4
        }
    }
}
