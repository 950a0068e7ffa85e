/// A way to use sources for a task with few labels, or to do without them: what `auto` chooses among.
package enum AutoCandidate: String, CaseIterable, Codable, Sendable {
    /// A linear model on the frozen model's features.
    case probe = "linear_probe"
    /// A linear model on the features of the sources' average.
    case average
    /// An adapter from its initial values.
    case adapter
    /// An adapter from the closest source's values.
    case initFrom = "init_from"
    /// Attention over the sources.
    case fusion
    /// Attention over the sources and the task's own adapter.
    case fusionWithOwn = "fusion_own"
    /// Learned scales of the sources.
    case scaLearn = "scalearn"

    /// For people.
    package var label: String {
        switch self {
        case .probe: "linear probe"
        case .average: "linear probe on the sources' average"
        case .adapter: "adapter from scratch"
        case .initFrom: "adapter from the closest source"
        case .fusion: "fusion of the sources"
        case .fusionWithOwn: "fusion of the sources and the task's own adapter"
        case .scaLearn: "ScaLearn of the sources"
        }
    }

    /// Whether it is fitted to features that one forward pass gives, and not trained step by step.
    package var isProbe: Bool { self == .probe || self == .average }

    /// Trainings over the task's texts that its final bundle takes, a probe's pass apart.
    package var trainings: Int {
        switch self {
        case .probe, .average: 0
        case .fusionWithOwn: 2
        case .adapter, .initFrom, .fusion, .scaLearn: 1
        }
    }

    /// What must be trained before it on the same texts.
    package var needs: AutoCandidate? { self == .fusionWithOwn ? .adapter : nil }
}
