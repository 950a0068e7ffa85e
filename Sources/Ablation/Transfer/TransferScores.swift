import Tasks

/// Scores of all methods on all cells over the same resamples of groups, so that any two of them pair.
struct TransferScores {
    let cells: [TransferCell]
    let methods: [TransferMethod]
    let source: String
    /// By metric's name and method: score on each cell; nil where the method did not run.
    private let scores: [String: [TransferMethod: [ResampledScore?]]]

    init(_ cells: [TransferCell], methods: [TransferMethod], source: String, resamples: Int = 1000) {
        self.cells = cells
        self.methods = methods
        self.source = source
        let bootstrap = ClusteredBootstrap(cells.map(\.groups), resamples: resamples)
        var scores: [String: [TransferMethod: [ResampledScore?]]] = [:]
        let metrics = Metrics.standard.metrics.filter { metric in
            metric == Accuracy.self || metric == MacroF1.self || cells.contains { $0.metric == metric.name }
        }
        for metric in metrics {
            for method in methods {
                let there = cells.indices.filter { cells[$0].predictions[method] != nil }
                let answers = there.map {
                    ClassAnswers(
                        predicted: cells[$0].predictions[method] ?? [], gold: cells[$0].gold, classes: cells[$0].classes
                    )
                }
                var all = [ResampledScore?](repeating: nil, count: cells.count)
                for (cell, score) in zip(there, bootstrap.scores(metric, answers, cells: there)) { all[cell] = score }
                scores[metric.name, default: [:]][method] = all
            }
        }
        self.scores = scores
    }

    private func score(_ metric: any Metric.Type, _ method: TransferMethod, cell: Int) -> ResampledScore? {
        scores[metric.name]?[method]?[cell]
    }

    func score(_ metric: any Metric.Type, _ method: TransferMethod, task: String, language: String) -> ResampledScore? {
        cells.firstIndex { $0.task == task && $0.language == language }.flatMap { score(metric, method, cell: $0) }
    }

    /// The cells of a task and a language; of all where none is named, and then without the source: there nothing moves
    /// from one language to another.
    private func chosen(task: String?, language: String?) -> [Int] {
        cells.indices.filter {
            (task == nil || cells[$0].task == task)
                && (language == nil ? cells[$0].language != source : cells[$0].language == language)
        }
    }

    /// The mean over cells, each weighing the same.
    func mean(
        _ metric: any Metric.Type, _ method: TransferMethod, task: String? = nil, language: String? = nil
    ) -> ResampledScore? {
        let some = chosen(task: task, language: language).compactMap { score(metric, method, cell: $0) }
        return some.isEmpty ? nil : .mean(some)
    }

    /// a − b, over the cells on which both ran.
    func difference(
        _ metric: any Metric.Type, _ a: TransferMethod, _ b: TransferMethod, task: String? = nil,
        language: String? = nil
    ) -> PointsDifference? {
        let pairs = chosen(task: task, language: language).compactMap { cell -> ResampledScore? in
            guard let left = score(metric, a, cell: cell), let right = score(metric, b, cell: cell) else { return nil }
            return left - right
        }
        guard !pairs.isEmpty else { return nil }
        let interval = ResampledScore.mean(pairs).interval()
        return PointsDifference(value: interval.value, low: interval.low, high: interval.high)
    }
}
