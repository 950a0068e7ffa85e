/// Numbers that a user gives for tasks by their names.
enum TaskNumbers {
    /// - Throws: `TrainingError.setting` for a number that is not over 0
    static func check(_ numbers: [String: Double], option: String) throws(TrainingError) {
        for (task, number) in numbers.sorted(by: { $0.key < $1.key }) where !(number > 0 && number.isFinite) {
            throw .setting(name: option, found: "\(task)=\(number)", expected: "numbers over 0, finite")
        }
    }

    /// - Parameter isComplete: whether each task needs a number.
    /// - Throws: `TrainingError.setting` for a name that no task has, or a task without a number
    static func check(
        _ numbers: [String: Double], option: String, of tasks: [String], isComplete: Bool
    ) throws(TrainingError) {
        let names = tasks.joined(separator: ", ")
        if let unknown = numbers.keys.sorted().first(where: { !tasks.contains($0) }) {
            throw .setting(name: option, found: unknown, expected: "tasks of this training: \(names)")
        }
        guard isComplete, let missing = tasks.first(where: { numbers[$0] == nil }) else { return }
        throw .setting(
            name: option, found: numbers.isEmpty ? "nothing" : "no number for \(missing)",
            expected: "a number for each task: \(names)")
    }
}
