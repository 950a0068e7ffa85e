/// Text for a message, on one line: names and values come from files, and must neither break the line, nor steer the
/// terminal, nor fill the screen.
package func oneLine(_ text: String, most: Int = 2000) -> String {
    var result = String.UnicodeScalarView()
    var count = 0
    for scalar in text.unicodeScalars {
        if count == most { return String(result) + "…" }
        count += 1
        switch scalar.properties.generalCategory {
        case .control, .lineSeparator, .paragraphSeparator: result.append("\u{FFFD}")
        default: result.append(scalar)
        }
    }
    return String(result)
}
