import Files

/// What can go wrong with an adapter's configuration or composition.
package enum AdapterError: Error, Equatable, Sendable, CustomStringConvertible {
    /// A configuration's field: its source, what was found and what was expected.
    case field(source: String, field: String, found: String, expected: String)
    /// A field that no method knows; `known` are the method's own.
    case unknownField(source: String, field: String, known: [String])
    /// No method or preset of that name.
    case unknownConfiguration(source: String, name: String, known: [String])
    /// The file cannot be read as YAML.
    case unreadable(source: String, problem: String)
    /// A block cannot take such members.
    case composition(String)
    /// The method has no equivalent in the weights of projections.
    case merge(method: String)

    package var description: String { oneLine(text) }

    private var text: String {
        switch self {
        case .field(let source, let field, let found, let expected):
            "\(source): \(field): found \(found), expected \(expected)"
        case .unknownField(let source, let field, let known):
            "\(source): \(field): unknown field; use one of \(known.joined(separator: ", "))"
        case .unknownConfiguration(let source, let name, let known):
            "\(source): unknown adapter configuration '\(name)'; "
                + (nearestName(to: name, among: known).map { "did you mean '\($0)'? Else " } ?? "")
                + "give a YAML file or one of \(known.joined(separator: ", "))"
        case .unreadable(let source, let problem): "\(source): \(problem); expected a YAML map of fields"
        case .composition(let problem): problem
        case .merge(let method):
            "an adapter of method \(method) cannot be part of a transformers model, because it is more than a change of weights; "
                + "use --format adapterhub, which can hold it"
        }
    }
}
