/// What can go wrong in a training run.
package enum TrainingError: Error, Equatable, Sendable, CustomStringConvertible {
    /// A setting out of its range.
    case setting(name: String, found: String, expected: String)
    /// The loss is not a number any more.
    case notFinite(step: Int, loss: String, examples: [Int])
    /// A split without examples.
    case noExamples(task: String, split: String)
    /// The task and what is to read it do not fit.
    case mismatch(String)

    package var description: String {
        switch self {
        case .setting(let name, let found, let expected): "\(name): found \(found), expected \(expected)"
        case .notFinite(let step, let loss, let examples):
            "step \(step): the loss is \(loss), on examples \(examples.prefix(8).map(String.init).joined(separator: ", "))"
                + "; lower --lr, or raise --warmup"
        case .noExamples(let task, let split): "task \(task): no examples in \(split); give its file under data:"
        case .mismatch(let problem): problem
        }
    }
}
