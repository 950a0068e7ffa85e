import Files

/// What can go wrong with a bundle or a folder that is imported.
package enum BundleError: Error, Equatable, Sendable, CustomStringConvertible {
    /// Something in the file: which field, what was found, what was expected, what to do.
    case content(file: String, field: String, found: String, expected: String, fix: String)
    /// The bundle was trained on another base model.
    case base(file: String, bundle: String, model: String)
    /// The bundle was trained with another tokenizer; each by the first digits of its identity.
    case tokenizer(file: String, bundle: String, model: String, found: String)
    /// The bundle has no head for what it is to score.
    case head(file: String, problem: String, fix: String)
    /// The bundles of a fusion do not go together.
    case members(String)
    /// The bundles cannot be merged, or an option does not allow it (`file` is nil then).
    case merge(file: String?, field: String, found: String, expected: String, fix: String?)

    package var description: String { oneLine(text) }

    private var text: String {
        switch self {
        case .content(let file, let field, let found, let expected, let fix):
            "\(file): \(field): \(found), expected \(expected); \(fix)"
        case .base(let file, let bundle, let model):
            "\(file): trained on \(bundle), but the model is \(model); use the model that it was trained on, or --force if "
                + "you know that they are compatible"
        case .tokenizer(let file, let bundle, let model, let found):
            "\(file): trained with tokenizer \(bundle), but \(model) has tokenizer \(found); the same text would give "
                + "different token ids. Use the model folder that it was trained with, or --force if you know that the ids agree"
        case .head(let file, let problem, let fix): "\(file): \(problem); \(fix)"
        case .members(let problem): problem
        case .merge(let file, let field, let found, let expected, let fix):
            (file.map { "\($0): " } ?? "") + "\(field): found \(found), expected \(expected)"
                + (fix.map { "; \($0)" } ?? "")
        }
    }
}
