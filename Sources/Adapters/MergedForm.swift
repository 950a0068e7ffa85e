/// How adapters of one method become one adapter without training.
package enum MergedForm: Sendable {
    /// Value by value. Their configurations must be equal, but for `AdapterMethod.trainingFields`.
    case values
    /// By the change ΔW of each projection, whatever the ranks and scales.
    case updates
}

/// Something that keeps adapters from being merged.
package struct MergeFault: Error, Equatable, Sendable {
    /// A field of the configuration, or an option: `--density`.
    package var field: String
    package var found: String
    package var expected: String
    package var fix: String?

    package init(_ field: String, found: String, expected: String, fix: String? = nil) {
        self.field = field
        self.found = found
        self.expected = expected
        self.fix = fix
    }

    /// What helps where adapters cannot become one.
    package static let compose = "compose them instead: --compose 'average(…)'"
}
