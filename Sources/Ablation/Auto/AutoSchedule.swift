import Training

/// How the candidates are trained on so many labels, where the user does not say.
package struct AutoSchedule: Sendable {
    /// Few texts need many passes to make enough steps.
    package static func epochs(labels: Int) -> Int { labels <= 64 ? 20 : labels <= 400 ? 10 : 5 }

    package static func batch(labels: Int) -> BatchPolicy { .examples(labels <= 64 ? 8 : 16) }

    /// Peak learning rates that two tasks have chosen; `Examples/composition/run rates` measures them.
    package static func rate(_ candidate: AutoCandidate, labels: Int) -> Double {
        let isFew = labels <= 64
        switch candidate {
        case .probe, .average: return 0
        case .adapter: return 1e-3
        case .initFrom: return isFew ? 3e-3 : 1e-3
        case .fusion, .fusionWithOwn: return 2e-3
        case .scaLearn: return isFew ? 6e-3 : 2e-3
        }
    }

    /// How many trainings of a fusion on all labels may be spent, in tokens, the final one included.
    package static func fusions(labels: Int) -> Double { labels <= 256 ? 6 : 4 }

    /// Settings of a training.
    package static func settings(_ base: TrainingSettings, _ candidate: AutoCandidate, labels: Int) -> TrainingSettings
    {
        var settings = base
        settings.epochs = epochs(labels: labels)
        settings.batch = batch(labels: labels)
        if !candidate.isProbe { settings.learningRate = rate(candidate, labels: labels) }
        settings.keep = .last
        return settings
    }
}
