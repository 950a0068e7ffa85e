import Bundles
import Tasks

extension Session {
    /// Heads, bundles and results go by their tasks' names.
    /// - Throws: `TrainingError.mismatch` where two tasks have one name, also if it is only one once it is safe for a file
    package static func checkNames(_ tasks: [TaskData]) throws(TrainingError) {
        for (i, task) in tasks.enumerated() {
            let name = task.definition.name
            guard
                let other = tasks[..<i].first(where: { safeName($0.definition.name) == safeName(name) })?.definition
            else { continue }
            let both = other.name == name ? name : "\(other.name) and \(name)"
            throw .mismatch(
                "\(other.source) and \(task.definition.source): two tasks have the same name: \(both); rename one of them "
                    + "(name: in its YAML)")
        }
    }
}
