/// What happens to a row whose label the task or the bundle does not know.
///
/// This is about splits that are scored. A row of the training split cannot be learned from without a known label: it is
/// skipped, or refused under `.refuse`.
package enum UnknownLabels: Sendable {
    /// The row stays an example without a class, with `Example.unknownLabel`: it counts as wrong.
    case count
    /// The row is skipped and listed, so that scores cover fewer rows than the file has. So are rows whose answer does not
    /// stand where they say; these are an error otherwise.
    case skip
    /// The row is an error, and so is one without a label.
    case refuse
}

/// Why a row is no example.
package enum SkipReason: String, CaseIterable, Sendable {
    case emptyLabel = "empty label"
    case nullLabel = "null label"
    case missingLabel = "missing label"
    case unknownLabel = "unknown label"
    case misplacedAnswer = "misplaced answer"

    /// For a sentence, after "with".
    var words: String {
        switch self {
        case .emptyLabel: "an empty label"
        case .nullLabel: "a null label"
        case .missingLabel: "no label"
        case .unknownLabel: "an unknown label"
        case .misplacedAnswer: "an answer that is not at its start"
        }
    }

    /// Whether rows are skipped only if the user asks for it.
    var isOnRequest: Bool { self == .misplacedAnswer }
}

/// A row that is no example.
package struct SkippedRow: Equatable, Sendable {
    package var line: Int
    package var reason: SkipReason
    /// The label, where there is one.
    package var label: String?

    package init(line: Int, reason: SkipReason, label: String? = nil) {
        self.line = line
        self.reason = reason
        self.label = label
    }
}

/// What was read of a split's file, for the run log.
package struct FileFacts: Equatable, Sendable {
    /// As messages show it.
    package var name: String
    /// Size of the file.
    package var bytes: Int
    /// Rows with content.
    package var rows: Int
    /// Lines without content.
    package var blankLines: Int
    /// Rows that are no examples, by reason.
    package var skipped: [SkipReason: Int]
    /// Examples whose label is unknown; they count as wrong.
    package var unknownLabels: Int
}

extension [SkippedRow] {
    /// How many there are for each reason.
    package var counts: [SkipReason: Int] { reduce(into: [:]) { $0[$1.reason, default: 0] += 1 } }

    /// `2 with an empty label, 1 with no label`.
    var summary: String {
        let counts = counts
        return SkipReason.allCases.compactMap { reason in counts[reason].map { "\($0) with \(reason.words)" } }
            .joined(separator: ", ")
    }
}

extension TaskError {
    /// Why this error of a row is one of its label alone, or nil if it is of another kind.
    /// - Parameter targets: the fields of the kind's answer
    func skipReason(targets: [String]) -> SkipReason? {
        switch self {
        case .emptyLabel: .emptyLabel
        case .unknownLabel: .unknownLabel
        case .hiddenAnswer: .missingLabel
        case .misplacedAnswer: .misplacedAnswer
        case .nullValue(_, _, let field, _) where targets.contains(field): .nullLabel
        case .missingField(_, _, let field, _, _) where targets.contains(field): .missingLabel
        default: nil
        }
    }
}
