import Files
import Tasks

/// The text or texts of an example in a file of predictions.
enum ExampleText {
    /// The text, or both texts of a pair.
    static func shown(_ example: Example) -> String { example.pair.map { "\(example.text) | \($0)" } ?? example.text }

    static func names(hasPairs: Bool) -> [String] { hasPairs ? ["text_a", "text_b"] : ["text"] }

    static func cells(_ example: Example, hasPairs: Bool) -> [String] {
        hasPairs ? [example.text, example.pair ?? ""] : [example.text]
    }

    static func json(_ example: Example, hasPairs: Bool) -> String {
        zip(names(hasPairs: hasPairs), cells(example, hasPairs: hasPairs))
            .map { "\"\($0)\":\(JSONText.quoted($1))" }.joined(separator: ",")
    }
}
