/// A seeded sample of rows that keeps the shares of their labels.
///
/// Within a label, rows are sorted by a hash of (seed, group or text). So the same rows are drawn whatever the order of the
/// file, and rows of one group (a source package, in all languages) are drawn together. Each label gets one row, then the
/// rest is divided by Sainte-Laguë's method: a label's share is right within about one row, a rare label keeps a row if the
/// limit allows it, and a smaller sample is part of every larger one. Rows without a label, such as those of tagging and
/// regression, are one stratum.
package enum StratifiedSample {
    /// A sample of a split.
    /// - Parameters:
    ///   - examples: in the file's order
    ///   - limit: the size of the sample at most; at least 0
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

    /// A sample of rows in a given order.
    /// - Parameters:
    ///   - order: the rows, those first that are taken first
    ///   - stratum: a row's label
    /// - Returns: the chosen rows, ascending
    package static func chosen(_ order: [Int], stratum: (Int) -> Int, limit: Int) -> [Int] {
        guard limit < order.count else { return order.sorted() }
        var sizes: [Int: Int] = [:]
        // For each row the number of rows of its label before it
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

    /// A row's priority in the sample: (rows of the label) / (2 · rows of the label before this one + 1).
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

    /// FNV-1a from a key, mixed.
    private static func hash(_ text: String, _ key: UInt64) -> UInt64 {
        var hash = key ^ 0xcbf2_9ce4_8422_2325
        for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        return Bootstrap.mixed(hash)
    }
}

/// How a split was sampled.
package struct Sampling: Equatable, Sendable {
    package var taken: Int
    package var all: Int
    package var seed: Int
    /// Whether the rows have labels.
    package var isStratified = true

    /// `sampled 500 of 2000 training rows, stratified by label, seed 0`.
    package func words(_ split: Split) -> String {
        "sampled \(taken) of \(all) \(split == .train ? "training" : split.rawValue) rows, "
            + (isStratified ? "stratified by label, " : "") + "seed \(seed)"
    }
}

extension TaskData {
    /// Takes a sample of each split that has more examples than its limit, in the file's order.
    /// - Parameters:
    ///   - limits: the largest number of examples of a split; a split without a limit is not changed
    ///   - seed: the same seed always gives the same rows
    package func limited(_ limits: [Split: Int], seed: Int) -> TaskData {
        var data = self
        for (split, limit) in limits where limit < data[split].count {
            let examples = data[split]
            data[split] = StratifiedSample.indices(of: examples, limit: limit, seed: seed).map { examples[$0] }
            data.sampled[split] = Sampling(
                taken: data[split].count, all: examples.count, seed: seed,
                isStratified: examples.contains { $0.label != nil })
        }
        return data
    }

    /// Descriptions of the samples, in the order of the splits.
    package var samplingWords: [String] {
        Split.allCases.compactMap { split in sampled[split]?.words(split) }
    }
}
