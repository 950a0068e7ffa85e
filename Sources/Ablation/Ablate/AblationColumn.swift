/// A task at one training size: a row of the comparison's tables.
struct AblationColumn {
    let task: ExperimentTask
    /// Training texts; nil: all of them.
    var size: Int?

    /// In the report: "role", or "role@200".
    var id: String { size.map { "\(task.name)@\($0)" } ?? task.name }

    init(_ task: ExperimentTask, size: Int? = nil) {
        self.task = task
        self.size = size
    }
}
