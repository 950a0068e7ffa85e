import Files
import Foundation
import Numerics
import Tasks
import Text

/// A split's examples as token ids, laid end to end.
package struct EncodedExamples: Sendable {
    private var ids: [Int32] = []
    private var types: [UInt8] = []
    private var offsets: [Int] = [0]
    /// Class of each example, −1 where it is missing.
    package private(set) var labels: [Int32] = []
    /// By index of the example: its label where it is not one of the task's. Such an example is scored as wrong.
    package private(set) var unknownLabels: [Int: String] = [:]
    /// Examples that were truncated.
    package private(set) var truncated = 0

    package var count: Int { labels.count }
    package var tokens: Int { ids.count }

    /// - Parameters:
    ///   - maxLength: maximum length in tokens, including special tokens.
    ///   - prefix: stands before each text.
    ///   - types: rows of the model's type embedding; a model with one has no second kind of text.
    package init(
        _ examples: [Example], tokenizer: any Tokenizer, maxLength: Int, prefix: String, types typeRows: Int = 2,
        pool: ThreadPool
    ) {
        // Blocks keep the order: each is filled by one thread and appended by this one
        let block = 256
        let blocks = (examples.count + block - 1) / block
        var encoded = [[Encoding]](repeating: [], count: blocks)
        encoded.withUnsafeMutableBufferPointer { slots in
            guard let base = slots.baseAddress else { return }
            pool.run(blocks) { b, _ in
                base[b] = examples[b * block..<min(examples.count, (b + 1) * block)].map { example in
                    tokenizer.encode(
                        prefix + example.text, pair: example.pair.map { prefix + $0 }, maxLength: maxLength)
                }
            }
        }
        for (example, encoding) in zip(examples, encoded.joined()) {
            if encoding.isTruncated { truncated += 1 }
            ids += encoding.ids
            types += encoding.typeIDs.map { UInt8(clamping: min(Int($0), typeRows - 1)) }
            offsets.append(ids.count)
            if example.label == nil, let unknown = example.unknownLabel { unknownLabels[labels.count] = unknown }
            labels.append(Int32(example.label ?? -1))
        }
    }

    /// Sequences as they are, without labels.
    package init(sequences: [[Int32]]) {
        for sequence in sequences {
            ids += sequence
            offsets.append(ids.count)
        }
        types = [UInt8](repeating: 0, count: ids.count)
        labels = [Int32](repeating: -1, count: sequences.count)
    }

    package func length(_ i: Int) -> Int { offsets[i + 1] - offsets[i] }

    package func ids(_ i: Int) -> ArraySlice<Int32> { ids[offsets[i]..<offsets[i + 1]] }

    /// SHA-256 over all token ids, token types and labels.
    package var contentHash: String {
        var digest = Digest.Incremental()
        offsets.withUnsafeBytes { digest.update($0) }
        ids.withUnsafeBytes { digest.update($0) }
        types.withUnsafeBytes { digest.update($0) }
        labels.withUnsafeBytes { digest.update($0) }
        return digest.hexDigest()
    }

    /// log of each piece's share of the tokens, each counted once more than it is there.
    package func logFrequencies(vocabulary: Int) -> [Float] {
        var counts = [Double](repeating: 1, count: vocabulary)
        for id in ids where counts.indices.contains(Int(id)) { counts[Int(id)] += 1 }
        let total = counts.reduce(0, +)
        return counts.map { Float(log($0 / total)) }
    }

    /// The different pieces, ascending.
    package var pieces: [Int32] { Set(ids).sorted() }

    /// How many different pieces there are.
    package var distinctPieces: Int { Set(ids).count }

    /// The examples as a packed batch, in this order.
    /// - Parameters:
    ///   - task: index of the task, for the rows' story.
    ///   - longest: pieces that are taken of an example at most.
    package func batch(_ indices: [Int], task: Int, longest: Int = .max) -> PackedBatch {
        PackedBatch(
            indices.map { i in
                let range = offsets[i]..<offsets[i] + min(length(i), longest)
                return (
                    Array(ids[range]), types[range].map { Int32($0) },
                    SequenceRow(example: UInt64(i), task: task, label: Int(labels[i]))
                )
            })
    }

    /// The examples cut into batches in the order given.
    package func batches(_ order: [Int], policy: BatchPolicy) -> [[Int]] {
        var batches: [[Int]] = []
        var current: [Int] = []
        var tokens = 0
        for i in order {
            let full =
                switch policy {
                case .examples(let n): current.count >= n
                case .tokens(let n): !current.isEmpty && tokens + length(i) > n
                }
            if full {
                batches.append(current)
                current = []
                tokens = 0
            }
            current.append(i)
            tokens += length(i)
        }
        if !current.isEmpty { batches.append(current) }
        return batches
    }
}
