import Files

/// One or several numbers in files.
enum NumberText {
    /// `score`, or `score_1`, `score_2`, ….
    static func names(_ name: String, _ outputs: Int) -> [String] {
        outputs == 1 ? [name] : (0..<outputs).map { "\(name)_\($0 + 1)" }
    }

    /// A number, or a list of several; null for a missing one.
    static func json(_ values: [Double?]) -> String { list(values.map { $0.map { JSONText.number($0) } ?? "null" }) }

    /// The same for predictions, which are float32: with as few digits as they need.
    static func json(_ values: [Float]) -> String { list(values.map { JSONText.number($0) }) }

    static func cells(_ values: [Float]) -> [String] { values.map { JSONText.number($0) } }

    private static func list(_ texts: [String]) -> String {
        texts.count == 1 ? texts[0] : "[\(texts.joined(separator: ","))]"
    }
}
