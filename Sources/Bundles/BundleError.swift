import Files

/// What can go wrong with a bundle or a folder that is imported.
package enum BundleError: Error, Equatable, Sendable, CustomStringConvertible {
    /// Something in the file: which field, what was found, what was expected, what to do.
    case content(file: String, field: String, found: String, expected: String, mend: String)
    /// The bundle was trained on another base model.
    case base(file: String, bundle: String, model: String)
    /// The bundles of a fusion do not go together.
    case members(String)

    package var description: String { oneLine(text) }

    private var text: String {
        switch self {
        case .content(let file, let field, let found, let expected, let mend):
            "\(file): \(field): \(found), expected \(expected); \(mend)"
        case .base(let file, let bundle, let model):
            "\(file): trained on \(bundle), but the model given is \(model); give the model it was trained on, or --force "
                + "if you know that they go together"
        case .members(let problem): problem
        }
    }
}
