import Tasks

/// Chooses among trainings of the same tasks, which differ in their learning rate, by their dev scores.
enum RateChoice {
    /// Index of the best training, the first of equals; nil: there are none.
    static func best(_ trials: [[String: CellResult.Dev]]) -> Int? {
        let merits = merits(trials)
        var best: Int?
        for (i, merit) in merits.enumerated() where best.map({ merit > merits[$0] }) ?? true { best = i }
        return best
    }

    /// The mean dev score of each training over its tasks.
    ///
    /// Scores in different units cannot be added: an error in the hundreds would decide alone. Unless all scores are
    /// shares, each task's scores are standardized over the trainings first. A task whose score is undefined in all of
    /// them tells nothing and does not count.
    static func merits(_ trials: [[String: CellResult.Dev]]) -> [Double] {
        let tasks = (trials.first?.keys.sorted() ?? []).filter { task in
            trials.contains { ($0[task]?.score ?? -.infinity).isFinite }
        }
        let isOneUnit = tasks.count < 2 || tasks.allSatisfy { isShare($0, in: trials) }
        let columns = tasks.map { task in
            let scores = trials.map { $0[task]?.score ?? -.infinity }
            return isOneUnit ? scores : standardized(scores)
        }
        return trials.indices.map { i in
            columns.isEmpty ? 0 : columns.reduce(0) { $0 + $1[i] } / Double(columns.count)
        }
    }

    private static func isShare(_ task: String, in trials: [[String: CellResult.Dev]]) -> Bool {
        trials.allSatisfy { Metrics.standard[$0[task]?.metric ?? ""]?.isShare ?? false }
    }

    /// Less their mean, over their standard deviation; an undefined score stays −∞.
    private static func standardized(_ scores: [Double]) -> [Double] {
        let defined = scores.filter(\.isFinite)
        let mean = defined.reduce(0, +) / Double(defined.count)
        let variance = defined.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(defined.count)
        return scores.map { $0.isFinite ? (variance > 0 ? ($0 - mean) / variance.squareRoot() : 0) : $0 }
    }
}
