extension OverlapCheck {
    /// Runs of a table: with both of its columns about 100 MB. Larger sets are compared in portions.
    private static let mostRuns = 4_000_000

    /// Shared runs of the examples without an equal one or a near duplicate.
    mutating func findRuns() {
        for held in Set(found.map(\.held)).sorted() {
            let comparisons = found.indices.filter { found[$0].held == held }
            var start = 0
            while start < sets[held].count {
                let (documents, runs, lengths) = portion(held, from: start, comparisons)
                if runs > 0 { compare(held, documents, runs, lengths, comparisons) }
                start = documents.upperBound
            }
        }
    }

    private func needsRuns(_ held: Int, _ document: Int, _ comparisons: [Int]) -> Bool {
        isFirst(held, document) && comparisons.contains { found[$0].kind(document) == nil }
    }

    /// The next examples whose runs fit into a table, and the lengths of these runs.
    private func portion(
        _ held: Int, from start: Int, _ comparisons: [Int]
    ) -> (documents: Range<Int>, runs: Int, lengths: [Int]) {
        var (end, runs, lengths) = (start, 0, Set<Int>())
        while end < sets[held].count, runs < Self.mostRuns {
            if needsRuns(held, end, comparisons) {
                WordRuns.forEach(of: sets[held].words(end)) { length, _ in
                    runs += 1
                    lengths.insert(length)
                }
            }
            end += 1
        }
        return (start..<end, runs, lengths.sorted())
    }

    /// The part of the tables that a run belongs to.
    private static func part(_ run: UInt64, of parts: Int) -> Int { Int((run >> 40) % UInt64(parts)) }

    private mutating func compare(
        _ held: Int, _ documents: Range<Int>, _ runs: Int, _ lengths: [Int], _ comparisons: [Int]
    ) {
        let check = self
        let parts = settings.threads
        var tables = Parallel.map(parts) { part in
            var table = RunTable(capacity: runs / parts + runs / 8 + 1024)
            for document in documents where check.needsRuns(held, document, comparisons) {
                WordRuns.forEach(of: check.sets[held].words(document)) { _, run in
                    if Self.part(run, of: parts) == part { table.insert(run) }
                }
            }
            return table
        }
        for c in comparisons {
            let other = sets[found[c].other]
            let before = tables
            tables = []
            tables = Parallel.map(parts) { part in
                var table = before[part]
                table.forgetExamples()
                for document in 0..<other.count where check.isFirst(check.found[c].other, document) {
                    for length in lengths {
                        WordRuns.forEach(in: other.words(document), length: length) { run in
                            if Self.part(run, of: parts) == part { table.note(run, UInt32(document)) }
                        }
                    }
                }
                return table
            }
            for document in documents where isFirst(held, document) && found[c].kind(document) == nil {
                let (match, share) = shared(sets[held].words(document), tables)
                if let match { found[c].set(document, .ngram13, match, share) }
            }
        }
    }

    /// The example that shares most of the runs, the first of equal ones, and the share of the runs that any example has.
    private func shared(_ words: ArraySlice<UInt32>, _ tables: [RunTable]) -> (match: Int?, share: Double) {
        var (all, hits) = (0, [UInt32: Int]())
        WordRuns.forEach(of: words) { _, run in
            all += 1
            if let example = tables[Self.part(run, of: tables.count)][run] { hits[example, default: 0] += 1 }
        }
        let most = hits.max { ($0.value, $1.key) < ($1.value, $0.key) }
        return (most.map { Int($0.key) }, all > 0 ? Double(hits.values.reduce(0, +)) / Double(all) : 0)
    }
}
