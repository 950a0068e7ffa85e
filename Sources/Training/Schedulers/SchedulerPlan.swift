import Numerics

/// What a scheduler knows of a run before it begins.
package struct SchedulerPlan: Sendable {
    /// A task as a scheduler sees it.
    package struct Task: Sendable {
        package var name: String
        /// Of its training split.
        package var examples: Int
        /// What it is scored on dev as (`RunHistory.dev`): tasks that share their texts are several.
        package var goals: [String]

        package init(name: String, examples: Int, goals: [String]) {
            (self.name, self.examples, self.goals) = (name, examples, goals)
        }
    }

    /// How many turns each task's examples fill in each epoch, [epochs][tasks]; an epoch has as many as all of them.
    package let turns: [[Int]]
    package let settings: TrainingSettings
    package let tasks: [Task]

    /// - Parameter tasks: nil: without names, and of one example a turn.
    package init(turns: [[Int]], settings: TrainingSettings, tasks: [Task]? = nil) {
        self.turns = turns
        self.settings = settings
        self.tasks =
            tasks
            ?? (turns.first ?? []).enumerated().map { Task(name: "\($0)", examples: $1, goals: ["\($0)"]) }
    }

    /// What all randomness of an epoch comes from.
    package func key(epoch: Int) -> UInt64 {
        Randomness.key(UInt64(settings.seed), 0x5C4E_D01E, UInt64(epoch))
    }

    /// How large each task is to schedulers that go by size: its number of examples, where all batches have as many; else the
    /// turns that they fill. With a cap K, only K of a task's examples count (Raffel et al. 2020, section 3.5.2). Tasks
    /// without a turn have size 0.
    package func sizes(epoch: Int) -> [Double] {
        zip(turns[epoch], tasks).map { turns, task in
            guard turns > 0 else { return 0 }
            var size = Double(turns)
            if case .examples = settings.batch { size = Double(task.examples) }
            return size * (settings.scheduling.cap.map { min(1, Double($0) / Double(max(1, task.examples))) } ?? 1)
        }
    }

    /// Whether a task has more examples than count.
    package var isCapped: Bool { settings.scheduling.cap.map { cap in tasks.contains { $0.examples > cap } } ?? false }
}
