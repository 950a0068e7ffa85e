import Files
import Foundation
import Models
import Numerics
import Tasks
import Text

/// A split's examples as token ids, laid end to end, with what each head is to predict.
package struct EncodedExamples: Sendable {
    private var ids: [Int32] = []
    private var types: [UInt8] = []
    /// First token of each sequence, [sequences + 1].
    private(set) var offsets: [Int] = [0]
    /// First sequence of each example, and then of each that is attached, [all + 1].
    private(set) var firsts: [Int] = [0]
    /// Examples; what is attached to them follows (`OutputForm.attached`).
    package private(set) var count = 0
    /// Whether the sequences of a batch are compared with each other, so that they are one group.
    private(set) var comparesBatch = false
    /// The word of each token, −1 for those that belong to none; empty where no head reads words.
    private var wordOf: [Int32] = []
    /// By head of the task.
    package private(set) var columns: [any TargetColumn] = []
    /// By head of the task.
    private(set) var lossTargets: [LossTargets] = []
    /// Examples that were truncated.
    package private(set) var truncated = 0

    /// Examples with what is attached to them.
    var all: Int { firsts.count - 1 }
    package var tokens: Int { ids.count }

    /// Encodes the examples of a task, or of several heads that read the same texts.
    /// - Parameters:
    ///   - heads: what reads them, each with the same examples under its own targets.
    ///   - maxLength: maximum length in tokens, including special tokens.
    ///   - prefix: stands before each text.
    ///   - types: rows of the model's table of token types; a model with one has no second kind of text.
    ///   - trains: whether they are what is learned from, and not what is predicted or scored.
    package init(
        _ heads: [(head: any Head, examples: [Example])], tokenizer: any Tokenizer, maxLength: Int, prefix: String,
        types typeRows: Int = 2, trains: Bool = false, pool: ThreadPool
    ) {
        let forms = heads.map(\.head.form)
        // Words are the more exact form of a text
        let reader = forms.firstIndex(where: \.readsWords) ?? 0
        let own = heads.isEmpty ? [] : heads[reader].examples
        let examples = own + (trains || heads.isEmpty ? [] : forms[reader].attached(own))
        comparesBatch = trains && forms.contains(where: \.comparesBatch)
        // Blocks keep the order: each is filled by one thread and appended by this one
        let block = 256
        let blocks = (examples.count + block - 1) / block
        var encoded = [[[WordEncoding]]](repeating: [], count: blocks)
        encoded.withUnsafeMutableBufferPointer { slots in
            guard let base = slots.baseAddress else { return }
            pool.run(blocks) { b, _ in
                base[b] = examples[b * block..<min(examples.count, (b + 1) * block)].map {
                    trains
                        ? forms[reader].encodeToLearn($0, tokenizer, prefix: prefix, maxLength: maxLength)
                        : forms[reader].encode($0, tokenizer, prefix: prefix, maxLength: maxLength)
                }
            }
        }
        let sequences = encoded.flatMap { $0 }
        for example in sequences {
            if example.contains(where: \.encoding.isTruncated) { truncated += 1 }
            for each in example {
                ids += each.encoding.ids
                types += each.encoding.typeIDs.map { UInt8(clamping: min(Int($0), typeRows - 1)) }
                wordOf += each.wordOf
                offsets.append(ids.count)
            }
            firsts.append(offsets.count - 1)
        }
        count = own.count
        columns = zip(heads, forms).map { $1.column($0.examples, sequences) }
        lossTargets = heads.map { LossTargets($0.examples, for: $0.head) }
    }

    /// Sequences as they are, without targets.
    package init(sequences: [[Int32]]) {
        for sequence in sequences {
            ids += sequence
            offsets.append(ids.count)
            firsts.append(offsets.count - 1)
        }
        count = sequences.count
        types = [UInt8](repeating: 0, count: ids.count)
    }

    /// Texts of which a part is to be learned: its tokens have the type 1.
    /// - Parameter truncated: texts that were longer
    init(answers: [(ids: [Int32], learned: Range<Int>)], truncated: Int) {
        self.init(sequences: answers.map(\.ids))
        for (i, answer) in answers.enumerated() {
            for position in answer.learned { types[offsets[i] + position] = 1 }
        }
        self.truncated = truncated
    }

    /// Adds what a teacher says to the targets of the first head.
    /// - Parameter rows: [rows, width], as `OutputForm.lesson` has them; NaN where it says nothing.
    mutating func teach(_ rows: [Float], width: Int) { lossTargets[0].teach(rows, width: width) }

    /// The sequences of an example.
    package func sequences(of i: Int) -> Range<Int> { firsts[i]..<firsts[i + 1] }

    /// Sequences of all examples.
    var sequences: Int { offsets.count - 1 }

    /// Whether any example has another number of sequences than one.
    var hasGroups: Bool { firsts.count != offsets.count }

    /// The groups of a batch's sequences; nil: each stands for itself.
    func groups(_ indices: [Int]) -> [Int]? {
        guard hasGroups else { return nil }
        let sizes = indices.map { sequences(of: $0).count }
        return comparesBatch ? [sizes.reduce(0, +)] : sizes
    }

    private func tokens(of i: Int) -> Range<Int> { offsets[firsts[i]]..<offsets[firsts[i + 1]] }

    /// Tokens of an example.
    package func length(_ i: Int) -> Int { tokens(of: i).count }

    /// - Parameter longest: tokens that are taken of a sequence at most
    func length(_ i: Int, longest: Int) -> Int {
        sequences(of: i).reduce(0) { $0 + min(offsets[$1 + 1] - offsets[$1], longest) }
    }

    /// Tokens of the longest sequence.
    var longest: Int { zip(offsets, offsets.dropFirst()).reduce(0) { max($0, $1.1 - $1.0) } }

    package func ids(_ i: Int) -> ArraySlice<Int32> { ids[tokens(of: i)] }

    /// SHA-256 over all token ids, token types and targets.
    package var contentHash: String {
        var digest = Digest.Incremental()
        offsets.withUnsafeBytes { digest.update($0) }
        if hasGroups { firsts.withUnsafeBytes { digest.update($0) } }
        ids.withUnsafeBytes { digest.update($0) }
        types.withUnsafeBytes { digest.update($0) }
        for column in columns { column.hash(into: &digest) }
        for targets in lossTargets { targets.hash(into: &digest) }
        return digest.hexDigest()
    }

    /// log of each token's share of the text, each counted once more than it occurs.
    package func logFrequencies(vocabulary: Int) -> [Float] {
        var counts = [Double](repeating: 1, count: vocabulary)
        for id in ids where counts.indices.contains(Int(id)) { counts[Int(id)] += 1 }
        let total = counts.reduce(0, +)
        return counts.map { Float(log($0 / total)) }
    }

    /// The different token ids, ascending.
    package var distinctIDs: [Int32] { Set(ids).sorted() }

    /// Token ids and types of an example's sequences, as a batch takes them.
    /// - Parameter longest: tokens that are taken of a sequence at most.
    func sequences(_ i: Int, task: Int, longest: Int) -> [(ids: [Int32], types: [Int32], row: SequenceRow)] {
        sequences(of: i).enumerated().map { place, sequence in
            let range = taken(sequence, longest: longest)
            return (
                Array(ids[range]), types[range].map { Int32($0) },
                SequenceRow(example: UInt64(i) | UInt64(place) << Self.exampleBits, task: task)
            )
        }
    }

    /// Bits of a `SequenceRow.example` that are the example's index; those above are the place of the sequence in it.
    private static let exampleBits = 40

    /// The index of a sequence that a batch took of these examples.
    func sequence(_ row: SequenceRow) -> Int {
        firsts[Int(row.example & (1 << Self.exampleBits - 1))] + Int(row.example >> Self.exampleBits)
    }

    /// Tokens of a sequence.
    func tokens(inSequence i: Int) -> Int { offsets[i + 1] - offsets[i] }

    /// A digest of all that a model sees of a sequence by itself.
    func key(_ i: Int) -> String {
        var digest = Digest.Incremental()
        ids[offsets[i]..<offsets[i + 1]].withUnsafeBytes { digest.update($0) }
        types[offsets[i]..<offsets[i + 1]].withUnsafeBytes { digest.update($0) }
        return digest.hexDigest()
    }

    private func taken(_ sequence: Int, longest: Int) -> Range<Int> {
        offsets[sequence]..<offsets[sequence] + min(offsets[sequence + 1] - offsets[sequence], longest)
    }

    /// The tokens of an example that stand for words: positions among all taken tokens of the example, with the words' indices.
    /// - Parameters:
    ///   - all: every token of a word; else the first alone.
    ///   - longest: tokens that are taken of a sequence at most.
    func wordTokens(_ i: Int, all: Bool, longest: Int) -> [(position: Int, word: Int, isFirst: Bool)] {
        guard !wordOf.isEmpty else { return [] }
        var tokens: [(position: Int, word: Int, isFirst: Bool)] = []
        var start = 0
        for sequence in sequences(of: i) {
            let range = taken(sequence, longest: longest)
            var last: Int32 = -1
            for (position, word) in wordOf[range].enumerated() where word >= 0 {
                if word != last || all { tokens.append((start + position, Int(word), word != last)) }
                last = word
            }
            start += range.count
        }
        return tokens
    }

    /// The examples cut into batches in the order given.
    package func batches(_ order: [Int], policy: BatchPolicy) -> [[Int]] {
        var start = 0
        return cuts(order, policy: policy).map { end in
            defer { start = end }
            return Array(order[start..<end])
        }
    }

    /// Where each batch of examples in this order ends.
    func cuts(_ order: [Int], policy: BatchPolicy) -> [Int] {
        var ends: [Int] = []
        var (start, tokens) = (0, 0)
        for (place, i) in order.enumerated() {
            let full =
                switch policy {
                case .examples(let n): place - start >= n
                case .tokens(let n): place > start && tokens + length(i) > n
                }
            if full {
                ends.append(place)
                (start, tokens) = (place, 0)
            }
            tokens += length(i)
        }
        if !order.isEmpty { ends.append(order.count) }
        return ends
    }
}
