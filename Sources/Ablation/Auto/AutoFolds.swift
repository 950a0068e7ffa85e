import Tasks
import Training

/// A task's own training examples in two halves, each of which is scored by a training on the other one.
///
/// Two folds and not more: they score every example for the price of one training.
struct AutoFolds {
    /// Of each fold a task that trains on one half; its test split is the other half.
    let tasks: [ExperimentTask]

    /// - Parameter task: at least two training examples with an answer
    init(_ task: TaskData, seed: Int) {
        let examples = task.train.filter(\.isScored)
        let first = Set(StratifiedSample.indices(of: examples, limit: (examples.count + 1) / 2, seed: seed))
        let halves = [true, false].map { isFirst in
            examples.indices.filter { first.contains($0) == isFirst }.map { examples[$0] }
        }
        tasks = [(0, 1), (1, 0)].map { train, test in
            var data = task
            data.train = halves[train]
            data.dev = []
            data.test = halves[test]
            data.sampled = [:]
            return ExperimentTask(data)
        }
    }
}
