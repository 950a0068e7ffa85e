/// The three parts of a task's data: to learn from, to choose settings on, to report.
package enum Split: String, CaseIterable, Sendable, Hashable {
    case train, dev, test

    /// Names under which files and YAMLs have the dev split.
    static let devNames = ["dev", "validation", "valid", "val"]

    /// The split of this name, or nil.
    init?(name: String) {
        guard let split = Self.devNames.contains(name) ? .dev : Split(rawValue: name) else { return nil }
        self = split
    }
}
