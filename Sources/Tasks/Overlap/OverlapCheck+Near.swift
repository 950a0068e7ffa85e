extension OverlapCheck {
    /// Examples of the other set in a bucket that an example is compared with at most: buckets of texts from one template
    /// would else take quadratic time.
    private static let mostCandidates = 64

    /// Near duplicates of the examples without an equal one.
    mutating func findNear() {
        let total = sets.reduce(0) { $0 + $1.count }
        guard total > 1, !found.isEmpty else { return }
        let keys = bandKeys(total)
        for band in 0..<MinHash.bands { compareBuckets(entries(band, keys, total)) }
    }

    /// The keys of all bands of all examples, [examples, bands].
    private func bandKeys(_ total: Int) -> [UInt32] {
        let (bands, sets) = (MinHash.bands, sets)
        let starts = starts
        return [UInt32](unsafeUninitializedCapacity: total * bands) { all, count in
            nonisolated(unsafe) let all = all  // each part writes the places of its own examples
            all.initialize(repeating: 0)
            for (s, set) in sets.enumerated() {
                let ranges = Parallel.ranges(set.count, parts: settings.threads)
                _ = Parallel.map(ranges.count) { part in
                    for document in ranges[part] where isFirst(s, document) {
                        let place = (starts[s] + document) * bands
                        MinHash.keys(
                            Shingles.set(set.words(document)),
                            into: UnsafeMutableBufferPointer(rebasing: all[place..<place + bands]))
                    }
                }
            }
            count = total * bands
        }
    }

    /// The place of each set's first example among all examples.
    private var starts: [Int] { sets.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1.count) } }

    /// The examples with their keys in a band, by key: `key << 32 | example`.
    private func entries(_ band: Int, _ keys: [UInt32], _ total: Int) -> [UInt64] {
        var entries: [UInt64] = []
        entries.reserveCapacity(total)
        var example = 0
        for (s, set) in sets.enumerated() {
            for document in 0..<set.count {
                if isFirst(s, document) {
                    entries.append(UInt64(keys[example * MinHash.bands + band]) << 32 | UInt64(example))
                }
                example += 1
            }
        }
        entries.sort()
        return entries
    }

    /// A result of one thread.
    private struct Hit {
        var comparison: Int
        var document: Int
        /// nil: there were more candidates than were looked at.
        var match: Int?
        var similarity = 0.0
    }

    private mutating func compareBuckets(_ entries: [UInt64]) {
        let (starts, check) = (starts, self)
        // Parts end where buckets end
        var ranges: [Range<Int>] = []
        var begin = 0
        for range in Parallel.ranges(entries.count, parts: 8 * settings.threads) {
            var end = max(begin, range.upperBound)
            while end > 0, end < entries.count, entries[end] >> 32 == entries[end - 1] >> 32 { end += 1 }
            if end > begin { ranges.append(begin..<end) }
            begin = end
        }
        let hits = Parallel.map(ranges.count) { part in
            var hits: [Hit] = []
            var start = ranges[part].lowerBound
            while start < ranges[part].upperBound {
                var end = start + 1
                while end < ranges[part].upperBound, entries[end] >> 32 == entries[start] >> 32 { end += 1 }
                if end > start + 1 { check.compare(entries[start..<end], starts, &hits) }
                start = end
            }
            return hits
        }
        for hit in hits.joined() {
            if let match = hit.match {
                found[hit.comparison].set(hit.document, .near, match, hit.similarity)
            } else {
                found[hit.comparison].isCut[hit.document] = true
            }
        }
    }

    /// Compares the examples of one bucket.
    private func compare(_ bucket: ArraySlice<UInt64>, _ starts: [Int], _ hits: inout [Hit]) {
        var members = [[Int]](repeating: [], count: sets.count)
        var set = 0
        for entry in bucket {
            let example = Int(entry & 0xFFFF_FFFF)
            while example >= starts[set + 1] { set += 1 }
            members[set].append(example - starts[set])
        }
        var shingles: [Int: [UInt32]] = [:]
        func shingled(_ set: Int, _ document: Int) -> [UInt32] {
            if let known = shingles[starts[set] + document] { return known }
            let made = Shingles.set(sets[set].words(document))
            shingles[starts[set] + document] = made
            return made
        }
        for (c, matches) in found.enumerated() {
            let (held, others) = (members[matches.held], members[matches.other])
            guard !others.isEmpty else { continue }
            for document in held where matches.kind(document) != .exact {
                let own = shingled(matches.held, document)
                for other in others.prefix(Self.mostCandidates) {
                    if matches.kind(document) == .near, matches.matches[document] == other { continue }
                    let similarity = Shingles.jaccard(own, shingled(matches.other, other))
                    guard similarity >= settings.threshold else { continue }
                    hits.append(Hit(comparison: c, document: document, match: other, similarity: similarity))
                }
                if others.count > Self.mostCandidates { hits.append(Hit(comparison: c, document: document)) }
            }
        }
    }
}
