/// How many words there are, and how many have the right head, and the right label with it.
package struct TreeCounts: Statistics, Equatable {
    /// Counts that add up.
    package struct Counts: Equatable, Sendable {
        package var words = 0
        package var rightHeads = 0
        /// Words with the right head whose label is right, too.
        package var rightArcs = 0
    }

    package private(set) var sum = Counts()
    private let examples: [Counts]

    package init(for answers: TreeAnswers) {
        examples = zip(answers.predicted, answers.gold).map { predicted, gold in
            let right = zip(predicted, gold).filter { $0.head == $1.head }
            return Counts(
                words: gold.count, rightHeads: right.count,
                rightArcs: right.count { Self.universal($0.label) == Self.universal($1.label) })
        }
    }

    package mutating func add(_ example: Int, of answers: TreeAnswers, times: Int) {
        let own = examples[example]
        sum.words += own.words * times
        sum.rightHeads += own.rightHeads * times
        sum.rightArcs += own.rightArcs * times
    }

    /// Words of an example whose arc is wrong: the head or the label.
    package func wrongArcs(_ example: Int) -> Int { examples[example].words - examples[example].rightArcs }

    package mutating func removeAll() { sum = Counts() }

    /// A label without its subtype: `acl` for `acl:relcl`. Bytes, so that no character spans the colon.
    static func universal(_ label: String) -> [UInt8] { Array(label.utf8.prefix { $0 != UInt8(ascii: ":") }) }
}
