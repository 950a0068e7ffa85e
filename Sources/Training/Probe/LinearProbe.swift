import Foundation
import Models
import Numerics
import Tasks

/// A linear model on frozen features, with the strength of its L2 penalty chosen from a grid.
///
/// The choice is by the task's own metric on dev; without dev, by stratified cross-validation on train. Of equal scores, the
/// smaller loss decides, then the stronger penalty.
package struct LinearProbe: Sendable {
    /// Candidates for C, ascending.
    package static let grid = [0.001, 0.01, 0.1, 1, 10]

    /// Enough to compare candidates; the chosen one is then fitted exactly.
    private static let searchTolerance = 1e-3

    /// What candidates were compared on.
    package enum Judge: Equatable, Sendable {
        case dev
        /// So many parts of train, each predicted by a fit to the others.
        case folds(Int)
        /// Train has too few examples for a choice.
        case none
    }

    package struct Candidate: Equatable, Sendable {
        package var inverseStrength: Double
        /// As `Evaluation.score`: larger is better.
        package var score: Double
        package var loss: Double
    }

    package let model: LinearModel
    package let inverseStrength: Double
    package let judge: Judge
    /// In the order of the grid; empty if there was no choice.
    package let candidates: [Candidate]
    /// The head with what its form chooses by `evaluation`'s answers, such as thresholds; nil: nothing is chosen.
    package let calibrated: (any Head)?
    /// Of the fitted model on dev; without dev, of the chosen candidate's cross-validation. nil: there was no choice.
    package let evaluation: Evaluation?

    /// - Parameters:
    ///   - train: of `column`'s examples; finite
    ///   - dev: its features with their targets; nil or without targets: cross-validation
    ///   - head: says what is predicted
    ///   - metric: the task's own
    ///   - pool: fits run on its threads, one each; results do not depend on it
    package init(
        _ train: Features, _ column: any TargetColumn, dev: (features: Features, column: any TargetColumn)?,
        head: any Head,
        metric: any Metric.Type, pool: ThreadPool
    ) {
        if let dev {
            let problem = ProbeProblem(train, column, head: head)
            func answers(_ model: LinearModel) -> HeadResults {
                var answers = ProbeAnswers(dev.features, width: head.output.width)
                model.fill(&answers, dev.features, dev.column, head: head)
                return answers.results
            }
            func evaluate(_ model: LinearModel) -> Evaluation {
                Self.evaluation(answers(model), dev.column, head: head, metric: metric)
            }
            let evaluations = Self.parallel(Self.grid.count, pool) {
                problem.fit(Self.grid[$0], tolerance: Self.searchTolerance)
            }.map(evaluate)
            let best = Self.best(evaluations)
            let chosen = problem.fit(Self.grid[best])
            (model, inverseStrength, judge) = (chosen, Self.grid[best], .dev)
            candidates = Self.candidates(evaluations)
            let results = answers(chosen)
            evaluation = Self.evaluation(results, dev.column, head: head, metric: metric)
            calibrated = head.form.calibrated(head, results, dev.column)?.head
            return
        }
        let folds = StratifiedFolds(column)
        guard folds.count > 1 else {
            inverseStrength = 0.1
            model = ProbeProblem(train, column, head: head).fit(0.1)
            (judge, candidates, evaluation, calibrated) = (.none, [], nil, nil)
            return
        }
        let answers = Self.crossValidated(train, column, folds, grid: Self.grid, head: head, pool: pool)
        let evaluations = answers.map { Self.evaluation($0, column, head: head, metric: metric) }
        let best = Self.best(evaluations)
        inverseStrength = Self.grid[best]
        model = ProbeProblem(train, column, head: head).fit(Self.grid[best])
        judge = .folds(folds.count)
        candidates = Self.candidates(evaluations)
        evaluation = evaluations[best]
        calibrated = head.form.calibrated(head, answers[best], column)?.head
    }

    /// The answers to train of fits to the other folds.
    /// - Returns: one evaluation for each strength
    package static func crossValidation(
        _ train: Features, _ column: any TargetColumn, _ folds: StratifiedFolds, grid: [Double], head: any Head,
        metric: any Metric.Type, pool: ThreadPool
    ) -> [Evaluation] {
        crossValidated(train, column, folds, grid: grid, head: head, pool: pool).map {
            evaluation($0, column, head: head, metric: metric)
        }
    }

    /// Scores answers as those of the head with what its form chooses on them, as a training's dev scores are.
    private static func evaluation(
        _ results: HeadResults, _ column: any TargetColumn, head: any Head, metric: any Metric.Type
    ) -> Evaluation {
        Evaluation(results, head.form.calibrated(head, results, column)?.column ?? column, metric: metric)
    }

    /// What fits to the other folds say of each example.
    /// - Returns: one for each strength; examples of no fold have zeros
    package static func crossValidated(
        _ train: Features, _ column: any TargetColumn, _ folds: StratifiedFolds, grid: [Double], head: any Head,
        pool: ThreadPool
    ) -> [HeadResults] {
        let models = parallel(folds.count, pool) { fold in
            let problem = ProbeProblem(train, column, head: head) { folds.of[$0] != fold && folds.of[$0] >= 0 }
            return grid.map { problem.fit($0, tolerance: searchTolerance) }
        }
        return grid.indices.map { n in
            var answers = ProbeAnswers(train, width: head.output.width)
            for fold in 0..<folds.count {
                models[fold][n].fill(&answers, train, column, head: head) { folds.of[$0] == fold }
            }
            return answers.results
        }
    }

    private static func candidates(_ evaluations: [Evaluation]) -> [Candidate] {
        zip(grid, evaluations).map { Candidate(inverseStrength: $0, score: $1.score, loss: $1.loss) }
    }

    private static func best(_ evaluations: [Evaluation]) -> Int {
        evaluations.indices.reduce(0) { best, i in
            let (a, b) = (evaluations[i], evaluations[best])
            return a.score > b.score || (a.score == b.score && a.loss < b.loss) ? i : best
        }
    }

    /// body(0), body(1), … on the threads of a pool.
    private static func parallel<Value>(_ count: Int, _ pool: ThreadPool, _ body: (Int) -> Value) -> [Value] {
        var values = [Value?](repeating: nil, count: count)
        values.withUnsafeMutableBufferPointer { slots in
            guard let base = slots.baseAddress else { return }
            pool.run(count) { task, _ in base[task] = body(task) }
        }
        return values.compactMap { $0 }
    }
}

/// Examples in parts of equal size, each with its share of every class: those of a class go to the folds in turn.
package struct StratifiedFolds: Equatable, Sendable {
    /// 5; fewer, but at least 2, if a class has fewer examples; 0 or 1: too few examples to divide.
    package let count: Int
    /// The fold of each example; −1 for one without a target.
    package let of: [Int]

    package static let most = 5

    /// - Parameter column: classes are stratified; tags and numbers are not
    package init(_ column: any TargetColumn) {
        let strata = column.strata
        var sizes: [Int: Int] = [:]
        for case let stratum? in strata { sizes[stratum, default: 0] += 1 }
        let labeled = sizes.values.reduce(0, +)
        let count = min(labeled, max(2, min(Self.most, sizes.values.min() ?? 0)))
        var next: [Int: Int] = [:]
        of = strata.map { stratum in
            guard let stratum, count > 0 else { return -1 }
            defer { next[stratum, default: 0] += 1 }
            return next[stratum, default: 0] % count
        }
        self.count = count
    }
}
