import Files

/// The head of a bundle that a task, or texts without a task, are scored with.
package struct HeadChoice: Equatable, Sendable {
    /// In `AdapterBundle.heads`.
    package var index: Int
    /// What a user should know: the head was trained for another task.
    package var warnings: [String]
}

extension AdapterBundle {
    /// Chooses the head for a task: the one of its name, or the only one, if it was trained for the task's kind.
    /// - Parameters:
    ///   - name: as a user names it; nil: the head of the task's name, or the only one, and then a head of another task is
    ///     a warning.
    ///   - task: what is to be scored; nil: texts without a task.
    ///   - file: what messages call the bundle.
    /// - Throws: `BundleError.head` where there is no such head, or where it was trained for another kind of task
    package func head(named name: String?, for task: HeadTask?, file: String) throws(BundleError) -> HeadChoice {
        let names = heads.map(\.name)
        let wanted = (name ?? task?.name).map(GroupName.safe)
        // A head that the user names must exist; a task takes the only one
        guard let index = names.firstIndex(where: { $0 == wanted }) ?? (name == nil && heads.count == 1 ? 0 : nil)
        else {
            guard !heads.isEmpty else {
                throw .head(
                    file: file, problem: "the bundle has no head",
                    fix: "train one with amalgam train-adapter --init-from \(file)")
            }
            guard let missing = name ?? task?.name else {
                throw .head(
                    file: file,
                    problem: "it has \(counted(heads.count, "head")) (\(names.joined(separator: ", "))), and texts "
                        + "without a task do not tell which one to use", fix: "choose one with --head")
            }
            throw .head(
                file: file,
                problem:
                    "it has heads for \(names.joined(separator: ", ")), but none for \(missing)",
                fix: "choose one with --head")
        }
        let warning = try task.flatMap { (task) throws(BundleError) in try heads[index].check(for: task, file: file) }
        return HeadChoice(index: index, warnings: name == nil ? [warning].compactMap { $0 } : [])
    }
}

extension NamedHead {
    /// Refuses a task of another kind than the head was trained for.
    /// - Parameter file: what messages call the bundle.
    /// - Returns: a warning where it was trained for another task of this kind; nil: for this task, or the bundle does not say.
    /// - Throws: `BundleError.head`
    package func check(for task: HeadTask, file: String) throws(BundleError) -> String? {
        guard let own = self.task else { return nil }
        guard own.kind == task.kind else {
            throw .head(
                file: file, problem: "head \(name) was trained for \(own.kind), but \(task.name) is \(task.kind)",
                fix: "use a bundle that was trained for \(task.kind)")
        }
        return own.name == task.name
            ? nil
            : "\(file): the head was trained for task \(own.name), not for \(task.name)"
                + (head.labels.isEmpty ? "" : "; labels are matched by name")
    }
}
