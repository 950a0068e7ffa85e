/// Splits text into lower-case words as scikit-learn's vectorizers do: Python's `str.lower` and `\b\w\w+\b`.
///
/// A word is a run of at least two letters, numbers or underscores. Marks are none of these, so scripts that write
/// vowels as marks break there, in Python as here. (Words are bytes, not strings: Swift's strings compare by canonical
/// equivalence, Python's do not.)
enum WordTokens {
    static func words(in text: String, lowercase: Bool) -> [[UInt8]] {
        var words: [[UInt8]] = []
        var word: [UInt8] = []
        var length = 0

        func end() {
            if length >= 2 { words.append(word) }
            word.removeAll(keepingCapacity: true)
            length = 0
        }

        func take(_ scalar: Unicode.Scalar) {
            if PythonText.isWord(scalar) {
                word.append(contentsOf: UTF8.encode(scalar).map(Array.init) ?? [])
                length += 1
            } else {
                end()
            }
        }

        if lowercase {
            for scalar in PythonText.lowercased(text) { take(scalar) }
        } else {
            for scalar in text.unicodeScalars { take(scalar) }
        }
        end()
        return words
    }
}
