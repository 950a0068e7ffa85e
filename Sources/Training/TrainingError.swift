/// What can go wrong in a training run.
package enum TrainingError: Error, Equatable, Sendable, CustomStringConvertible {
    /// A setting out of its range.
    case setting(name: String, found: String, expected: String)
    /// The loss or its gradient is not a number any more; nothing was moved by it.
    case notFinite(NotFinite)
    /// Somebody has asked for a stop between two steps; the checkpoint has all that is done.
    case stopped(step: Int, of: Int, checkpoint: String?)
    /// The run that is to go on has ended before: its bundle stands.
    case done
    /// A checkpoint from which this run cannot go on.
    case checkpoint(file: String, problem: String)
    /// The run would take more memory than it may; `smaller` are settings that need least, and whether they fit.
    case memory(needed: Int, limit: MemoryLimit, smaller: String, fits: Bool, least: Int, otherwise: String)
    /// A split without examples.
    case noExamples(task: String, split: String)
    /// The task and what is to read it do not fit.
    case mismatch(String)

    package var description: String {
        switch self {
        case .setting(let name, let found, let expected): "\(name): found \(found), expected \(expected)"
        case .notFinite(let facts): facts.description
        case .stopped(let step, let total, let checkpoint):
            "stopped after step \(step) of \(total)" + (checkpoint.map { "; the checkpoint is \($0)" } ?? "")
        case .memory(let needed, let limit, let smaller, let fits, let least, let otherwise):
            "the run would need about \(Self.megabytes(needed)), more than \(limit.source) (\(Self.megabytes(limit.bytes))); "
                + (fits
                    ? "use \(smaller), which needs about \(Self.megabytes(least))"
                    : "even \(smaller) needs about \(Self.megabytes(least)); \(otherwise)")
        case .done: "this run is already finished"
        case .checkpoint(let file, let problem): "\(file): \(problem)"
        case .noExamples(let task, let split): "task \(task): no examples in \(split); give its file under data:"
        case .mismatch(let problem): problem
        }
    }

    private static func megabytes(_ bytes: Int) -> String { "\((bytes + 500_000) / 1_000_000) MB" }
}

/// A step whose loss or gradient is not finite: where, on what, and the likely reason.
package struct NotFinite: Equatable, Sendable, CustomStringConvertible {
    /// Examples of one task in the step.
    package struct Part: Equatable, Sendable, CustomStringConvertible {
        package var task: String
        /// Empty where no example is known to be the cause.
        package var examples: [Int]
        /// What their numbers are.
        package var place = Place.example

        package var description: String {
            let shown = examples.prefix(16).map(String.init).joined(separator: ", ")
            return "\(place.rawValue)\(examples.count == 1 ? "" : "s") \(shown)"
                + (examples.count > 16 ? ", … (\(examples.count))" : "") + " of \(task)'s train"
        }
    }

    /// From 1.
    package var step: Int
    /// "the loss is nan" or "the gradient's norm is inf".
    package var found: String
    /// What the step was trained on, as far as it can be the cause.
    package var parts: [Part]
    package var reason: String
    /// Where the state before still stands.
    package var checkpoint: String?

    package enum Place: String, Sendable {
        /// Of the training file, from 1.
        case line
        /// Of the training file's array, from 0.
        case element
        /// An index from 0, where no file is known.
        case example
    }

    private var batch: String {
        guard parts.contains(where: { !$0.examples.isEmpty }) else {
            return " in the training of \(parts.map(\.task).joined(separator: " and "))"
        }
        return ", on " + parts.map(\.description).joined(separator: " and ")
    }

    package var description: String {
        "step \(step): \(found)\(batch): \(reason)"
            + (checkpoint.map { "; the last good state is in \($0)" } ?? "")
    }
}
