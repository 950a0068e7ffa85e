import Adapters
import Reporting

/// A way to get a classifier: a column of the comparison.
package enum Arm: String, CaseIterable, Sendable {
    case majority
    case tfidf
    case head
    case adapter
    case fusion
    case multitaskAdapter = "multitask_adapter"
    case full
    case multitaskFull = "multitask_full"

    package var label: String {
        switch self {
        case .majority: "majority class"
        case .tfidf: "TF-IDF + LR"
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
        case .head: [1e-3, 3e-3, 1e-2]
        case .adapter, .multitaskAdapter: [1e-3, 2e-3, 5e-3]
        case .fusion: [5e-4, 1e-3, 2e-3]
        case .full, .multitaskFull: [1e-4, 2e-4, 4e-4]
        }
    }

    /// The one rate of a quick comparison: what a pilot on other splits found good.
    var quickRate: Double {
        switch self {
        case .majority, .tfidf: 0
        case .adapter: 5e-3  // dev on game, 84 steps: .72 at 1e-3, .78 at 2e-3, .80 at 5e-3
        case .multitaskAdapter: 2e-3
        case .head: 5e-3  // frozen features want large steps: dev on works-with .59 at 1e-3, .77 at 3e-3, .79 at 1e-2
        case .fusion: 1e-3
        case .full, .multitaskFull: 2e-4
        }
    }

    /// Time of a training token in units of an adapter's, for the estimate before a comparison; measured on two cores.
    var relativeCost: Double {
        switch self {
        case .majority, .tfidf: 0
        case .head: 0.4
        case .adapter, .multitaskAdapter: 1
        case .fusion: 1.4
        case .full, .multitaskFull: 1.7
        }
    }
}
