/// The three parts of a task's data: to learn from, to choose settings on, to report.
package enum Split: String, CaseIterable, Sendable, Hashable {
    case train, dev, test
}
