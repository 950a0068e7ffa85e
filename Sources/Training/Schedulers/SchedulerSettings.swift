import Adapters

/// A setting that some schedulers read, by its option.
package enum SchedulerOption: String, CaseIterable, Sendable {
    case cap = "--task-cap"
    case temperature = "--scheduler-temperature"
    case probabilities = "--task-probabilities"
    case targets = "--task-targets"
}

/// What becomes of a task whose examples are used up before the epoch ends.
package enum ExhaustedTask: String, CaseIterable, Sendable {
    /// It begins again, in a new order.
    case `repeat`
    /// The epoch ends when the scheduler would choose the task.
    case stop
    /// The scheduler chooses among the others, so that each epoch has every example once.
    case skip
}

/// What a scheduler of several tasks is told beside its name.
package struct SchedulerSettings: Equatable, Sendable {
    /// No task counts as larger than so many examples; nil: each counts as large as it is.
    package var cap: Int?
    /// nil: the scheduler's own.
    package var temperature: Double?
    /// By task; they need not sum to 1.
    package var probabilities: [String: Double] = [:]
    /// Scores on dev that tasks are to reach; those that are not named: 1.
    package var targets: [String: Double] = [:]
    package var exhausted = ExhaustedTask.repeat

    package init() {}

    private var given: Set<SchedulerOption> {
        var given: Set<SchedulerOption> = []
        if cap != nil { given.insert(.cap) }
        if temperature != nil { given.insert(.temperature) }
        if !probabilities.isEmpty { given.insert(.probabilities) }
        if !targets.isEmpty { given.insert(.targets) }
        return given
    }

    /// Checks what can be known without the tasks.
    /// - Throws: `TrainingError.setting`
    func validate() throws(TrainingError) {
        if let cap, cap < 1 {
            throw .setting(name: SchedulerOption.cap.rawValue, found: "\(cap)", expected: "1 or more examples")
        }
        if let temperature, !(0.1...1000).contains(temperature) {
            throw .setting(
                name: SchedulerOption.temperature.rawValue, found: "\(temperature)", expected: "0.1 to 1000")
        }
        try TaskNumbers.check(probabilities, option: SchedulerOption.probabilities.rawValue)
        try TaskNumbers.check(targets, option: SchedulerOption.targets.rawValue)
        for (task, target) in targets.sorted(by: { $0.key < $1.key }) where target > 1 {
            throw .setting(
                name: SchedulerOption.targets.rawValue, found: "\(task)=\(target)", expected: "scores of at most 1")
        }
    }

    /// Checks that the scheduler can be used on these tasks, and is given what it reads and nothing else.
    /// - Throws: `TrainingError.setting`
    func check(_ scheduler: any TaskScheduler.Type, on tasks: [TrainingTask]) throws(TrainingError) {
        for option in SchedulerOption.allCases where given.contains(option) && !scheduler.options.contains(option) {
            let readers = TaskSchedulers.builtIn.filter { $0.options.contains(option) }.map { $0.name }
            throw .setting(
                name: option.rawValue, found: "a value for the scheduler \(scheduler.name)",
                expected: "none: it is for \(readers.joined(separator: ", "))")
        }
        let names = tasks.map(\.name)
        if scheduler.options.contains(.probabilities) {
            try TaskNumbers.check(
                probabilities, option: SchedulerOption.probabilities.rawValue, of: names, isComplete: true)
        }
        try TaskNumbers.check(
            targets, option: SchedulerOption.targets.rawValue, of: tasks.flatMap { $0.objective.heads.map(\.task) },
            isComplete: false)
        guard scheduler.readsHistory else { return }
        for task in tasks {
            if task.dev.count == 0 {
                throw .setting(
                    name: "--scheduler", found: "\(scheduler.name) with the task \(task.name), which has no dev split",
                    expected: "dev splits for all tasks")
            }
            if !task.objective.scoresReachOne {
                throw .setting(
                    name: "--scheduler",
                    found: "\(scheduler.name) with the task \(task.name), whose metric is \(task.objective.criterion)",
                    expected: "metrics whose best value is 1")
            }
        }
        if exhausted == .stop {
            throw .setting(
                name: "--exhausted", found: "\(exhausted.rawValue) with the scheduler \(scheduler.name)",
                expected: "repeat or skip: the number of steps must be known before the first one")
        }
    }

    /// What differs from the defaults, for provenance.
    var fields: [String: ConfigurationValue] {
        var fields: [String: ConfigurationValue] = [:]
        if let cap { fields["task_cap"] = .number(Double(cap)) }
        if let temperature { fields["scheduler_temperature"] = .number(temperature) }
        if !probabilities.isEmpty { fields["task_probabilities"] = .map(probabilities.mapValues { .number($0) }) }
        if !targets.isEmpty { fields["task_targets"] = .map(targets.mapValues { .number($0) }) }
        if exhausted != .repeat { fields["exhausted"] = .string(exhausted.rawValue) }
        return fields
    }
}
