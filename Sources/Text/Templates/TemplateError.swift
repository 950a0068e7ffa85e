import Files

/// What can be wrong with a chat template, or with what it is given. Every case has the place in the template.
package enum TemplateError: Error, Equatable, Sendable, CustomStringConvertible {
    /// Where something stands; both count from 1.
    package struct Place: Equatable, Sendable {
        package var line: Int
        package var column: Int
    }

    /// Not the language's grammar.
    case syntax(Place, found: String, expected: String)
    /// A part of the language that is left out here, by name.
    case unsupported(Place, String)
    /// An operation that its values do not have: a sum of a text and a number, a call of nothing.
    case value(Place, String)
    /// The template itself refuses the conversation.
    case raised(Place, String)
    /// More work, output or nesting than is allowed.
    case limit(Place, String)

    package var description: String { oneLine(text) }

    private var text: String {
        func at(_ place: Place) -> String {
            "chat template: line \(place.line), column \(place.column): "
        }
        switch self {
        case .syntax(let place, let found, let expected):
            return at(place) + "found \(found), expected \(expected); fix the template"
        case .unsupported(let place, let what):
            return at(place) + "\(what) is not supported; write the template without it"
        case .value(let place, let what):
            return at(place) + "\(what); check the messages, or fix the template"
        case .raised(let place, let message):
            return at(place)
                + "the template refuses the messages: \(message.isEmpty ? "no reason given" : message)"
        case .limit(let place, let what):
            return at(place) + "\(what); shorten the messages, or fix the template"
        }
    }
}
