import Text

/// The examples of a split as documents for a check of overlaps: the words of their texts as numbers, without the texts.
///
/// It takes 4 bytes for each word and about 25 for each example.
package struct DocumentSet: Sendable {
    /// The task's name.
    package let task: String
    package let split: Split
    /// As messages show it.
    package let file: String
    /// The place of each example: the line of the file, or the place in its array.
    private var places: [UInt32] = []
    private var isArray = false
    /// A number of all the words of each example; equal for equal words, 0 without words.
    package private(set) var keys: [UInt64] = []
    /// The words of all examples; 0 stands after each text.
    private(set) var words: [UInt32] = []
    /// Where each example's words begin, [examples + 1].
    private(set) var offsets = [0]

    package init(task: String, split: Split, file: String) {
        self.task = task
        self.split = split
        self.file = file
    }

    package var count: Int { keys.count }

    /// Where an example stands: `file:line`, or `file[place]` in an array.
    package func place(_ document: Int) -> String {
        isArray ? "\(file)[\(places[document])]" : "\(file):\(places[document])"
    }

    /// The words of an example, with 0 after each text.
    func words(_ document: Int) -> ArraySlice<UInt32> { words[offsets[document]..<offsets[document + 1]] }

    package mutating func append(_ example: Example) {
        isArray = isArray || example.element != nil
        places.append(UInt32(clamping: example.element ?? example.line))
        let texts = example.texts.map { FoldedWords.hashes($0) }
        for text in texts {
            for word in text { words.append(max(1, UInt32(truncatingIfNeeded: word))) }
            words.append(0)
        }
        offsets.append(words.count)
        keys.append(Self.key(texts))
    }

    /// Adds the examples of a part of the same file.
    mutating func append(_ other: DocumentSet) {
        isArray = isArray || other.isArray
        places += other.places
        keys += other.keys
        offsets += other.offsets.dropFirst().map { $0 + words.count }
        words += other.words
    }

    static func key(of example: Example) -> UInt64 { key(example.texts.map { FoldedWords.hashes($0) }) }

    /// A number of an example's texts, equal for texts with equal words in equal order; 0 if they have no words.
    ///
    /// Bundles keep these numbers (`KnownTexts`), so the way to compute them never changes.
    package static func key(_ texts: [[UInt64]]) -> UInt64 {
        guard texts.contains(where: { !$0.isEmpty }) else { return 0 }
        var key: UInt64 = 0x616D_616C_6761_6D31
        for text in texts {
            for word in text { key = FoldedWords.mixed(key ^ word) &+ 0x9E37_79B9_7F4A_7C15 }
            key = FoldedWords.mixed(key &+ 1)
        }
        return max(1, key)
    }
}
