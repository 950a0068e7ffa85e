import Files
import Models
import Numerics
import Tasks

/// A tag for each word of each example.
package struct TagColumn: TargetColumn {
    /// First word of each example among all, [examples + 1].
    package private(set) var offsets = [0]
    /// −1 where the tag is missing or unknown.
    package private(set) var tags: [Int32] = []
    /// By the word's index among all: its tag where the head does not know it.
    private var unknown: [Int: String] = [:]
    /// Whether an example has tags at all.
    private var isLabeled: [Bool] = []
    /// The head's labels.
    private let names: [String]

    init(_ examples: [Example], names: [String]) {
        self.names = names
        for example in examples {
            let own = example.tagged?.tags
            for place in example.words.indices {
                if let unknown = example.tagged?.unknown[place] { self.unknown[tags.count] = unknown }
                tags.append(Int32(own?[place] ?? -1))
            }
            isLabeled.append(own != nil)
            offsets.append(tags.count)
        }
    }

    package func words(_ i: Int) -> Range<Int> { offsets[i]..<offsets[i + 1] }

    package func targets(
        _ indices: [Int], of examples: EncodedExamples, as head: BatchHead, loss: LossTargets, longest: Int,
        predicts: Bool
    ) -> HeadTargets? {
        var (marks, classes, rows): ([Int32], [Int32], [Int]) = ([], [], [])
        // Of the tokens that follow a word's first, the teacher says nothing
        var taught: [Int?] = []
        var start = 0
        for i in indices {
            let words = words(i)
            let all = !predicts && head.continuations != nil
            for (position, word, isFirst) in examples.wordTokens(i, all: all, longest: longest) {
                var tag = tags[words.lowerBound + word]
                if !isFirst, tag >= 0, let continuations = head.continuations { tag = continuations[Int(tag)] }
                let isTaught = isFirst && loss.isTaught(words.lowerBound + word)
                guard tag >= 0 || predicts || isTaught else { continue }
                marks.append(Int32(start + position))
                classes.append(tag)
                rows.append(i)
                taught.append(isFirst ? words.lowerBound + word : nil)
            }
            start += examples.length(i, longest: longest)
        }
        return HeadTargets(
            .classes(classes), marks: marks, weights: loss.weights(ofRows: rows), classWeights: head.classWeights,
            teacher: predicts ? nil : loss.teacher(taught))
    }

    package func answers(_ results: HeadResults) -> HeadAnswers {
        let tagged = TagOutput.tags(results, counts: isLabeled.indices.map { words($0).count }, labels: names)
        let scored = isLabeled.indices.filter { isLabeled[$0] }
        let answers = TagAnswers(
            predicted: scored.map { tagged[$0] },
            gold: scored.map { i in
                words(i).map { word in
                    let tag = Int(tags[word])
                    return tag >= 0 ? names[tag] : unknown[word] ?? ""
                }
            })
        return HeadAnswers(
            answers, scored: scored, unknown: scored.count { i in words(i).contains { unknown[$0] != nil } })
    }

    package func classes(of features: Features) -> [Int32] {
        (0..<features.offsets.count - 1).flatMap { i in
            features.rows(i).map { tags[words(i).lowerBound + features.words[$0]] }
        }
    }

    package var allClasses: [Int32]? { tags }
    package var strata: [Int?] { isLabeled.map { $0 ? 0 : nil } }

    package func hash(into digest: inout Digest.Incremental) {
        offsets.withUnsafeBytes { digest.update($0) }
        tags.withUnsafeBytes { digest.update($0) }
    }
}
