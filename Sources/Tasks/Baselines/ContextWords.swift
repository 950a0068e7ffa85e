/// A context's words with their places, and its sentences.
struct ContextWords {
    private let context: [Unicode.Scalar]
    /// For each word its scalars in the context.
    private let places: [Range<Int>]
    /// For each word its lower-case form.
    let words: [String]
    /// Runs of words, in order.
    let sentences: [Range<Int>]

    var count: Int { words.count }

    init(_ text: String) {
        context = Array(text.unicodeScalars)
        var places: [Range<Int>] = []
        var sentences: [Range<Int>] = []
        var (start, first): (Int?, Int) = (nil, 0)
        for (i, scalar) in context.enumerated() {
            if PythonText.isWord(scalar) {
                start = start ?? i
                continue
            }
            if let from = start { places.append(from..<i) }
            start = nil
            guard Self.endsSentence(i, in: context), places.count > first else { continue }
            sentences.append(first..<places.count)
            first = places.count
        }
        if let from = start { places.append(from..<context.count) }
        if places.count > first { sentences.append(first..<places.count) }
        let context = context
        self.places = places
        self.sentences = sentences
        words = places.map { Self.string(PythonText.lowercased(Self.string(context[$0]))) }
    }

    /// The part of the context from the first to the last word of a range.
    func text(_ range: Range<Int>) -> String {
        guard !range.isEmpty else { return "" }
        return Self.string(context[places[range.lowerBound].lowerBound..<places[range.upperBound - 1].upperBound])
    }

    /// A line end or a full stop of Chinese and Japanese, or one of Latin script before white space or the end.
    private static func endsSentence(_ i: Int, in context: [Unicode.Scalar]) -> Bool {
        switch context[i] {
        case "\n", "。", "！", "？": true
        case ".", "!", "?": i + 1 == context.count || PythonText.isSpace(context[i + 1])
        default: false
        }
    }

    private static func string(_ scalars: some Sequence<Unicode.Scalar>) -> String {
        var text = ""
        text.unicodeScalars.append(contentsOf: scalars)
        return text
    }
}
