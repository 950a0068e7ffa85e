/// A sample of rows that keeps the shares of their labels, drawn by a seed from what the rows say.
///
/// Within a label, rows come in the order of a hash of (seed, group or text), so that the same rows are drawn in whatever
/// order a file has them, and rows of one group (a source package, in all languages) go together. Over the labels, seats
/// are given out by Sainte-Laguë's method, after one for each label: a label's share is right within about one row, a rare
/// label keeps a row where the limit allows one for each, and a smaller sample is part of every larger one.
package enum StratifiedSample {
    /// The sample of a split.
    /// - Parameters:
    ///   - examples: in the file's order
    ///   - limit: at most so many; at least 0
    /// - Returns: indices of the chosen examples, ascending
    package static func indices(of examples: [Example], limit: Int, seed: Int) -> [Int] {
        guard limit < examples.count else { return Array(examples.indices) }
        let key = Bootstrap.mixed(UInt64(bitPattern: Int64(seed)))
        let keys = examples.enumerated().map { i, example in
            let text = hash(example.pair ?? "", hash(example.text, key))
            return (first: example.group.map { hash($0, key) } ?? text, second: text, index: i)
        }
        return chosen(
            keys.sorted { $0 < $1 }.map(\.index), stratum: { examples[$0].label ?? -1 }, limit: limit)
    }

    /// The sample of rows that have an order already.
    /// - Parameters:
    ///   - order: the rows, those first that are taken first
    ///   - stratum: a row's label
    /// - Returns: the chosen rows, ascending
    package static func chosen(_ order: [Int], stratum: (Int) -> Int, limit: Int) -> [Int] {
        guard limit < order.count else { return order.sorted() }
        var sizes: [Int: Int] = [:]
        // Of each row: how many of its label come before it.
        let places = order.map { row in
            let label = stratum(row)
            defer { sizes[label, default: 0] += 1 }
            return (row: row, label: label, before: sizes[label] ?? 0)
        }
        let seats = places.map { place in
            Seat(row: place.row, label: place.label, divisor: 2 * place.before + 1, size: sizes[place.label] ?? 1)
        }
        return seats.sorted().prefix(max(0, limit)).map(\.row).sorted()
    }

    /// A row's claim to a place in the sample, which is (rows of the label) / (2 · rows of it before this one + 1).
    private struct Seat: Comparable {
        let row: Int
        let label: Int
        let divisor: Int
        let size: Int

        static func < (a: Seat, b: Seat) -> Bool {
            if (a.divisor == 1) != (b.divisor == 1) { return a.divisor == 1 }
            let (left, right) = (a.divisor * b.size, b.divisor * a.size)
            return (left, a.label, a.divisor) < (right, b.label, b.divisor)
        }
    }

    /// FNV-1a from a start of its own, mixed.
    private static func hash(_ text: String, _ key: UInt64) -> UInt64 {
        var hash = key ^ 0xcbf2_9ce4_8422_2325
        for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        return Bootstrap.mixed(hash)
    }
}

/// That a split was sampled.
package struct Sampling: Equatable, Sendable {
    package var taken: Int
    package var all: Int
    package var seed: Int

    /// `sampled 500 of 2000 training rows, stratified by label, seed 0`.
    package func words(_ split: Split) -> String {
        "sampled \(taken) of \(all) \(split == .train ? "training" : split.rawValue) rows, stratified by label, seed \(seed)"
    }
}

extension TaskData {
    /// Takes a stratified sample of each split that has more examples than its limit; they stay in the file's order.
    /// - Parameters:
    ///   - limits: examples of a split at most; a split without one stays as it is
    ///   - seed: the same one gives the same rows, whoever asks
    package func limited(_ limits: [Split: Int], seed: Int) -> TaskData {
        var data = self
        for (split, limit) in limits where limit < data[split].count {
            let examples = data[split]
            data[split] = StratifiedSample.indices(of: examples, limit: limit, seed: seed).map { examples[$0] }
            data.sampled[split] = Sampling(taken: data[split].count, all: examples.count, seed: seed)
        }
        return data
    }

    /// What was sampled, in the order of the splits.
    package var samplingWords: [String] {
        Split.allCases.compactMap { split in sampled[split]?.words(split) }
    }
}
