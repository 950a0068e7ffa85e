/// Which slices of a group the threads work on together, and which each alone.
///
/// It depends on the number of threads, and may: both ways give the same bytes.
struct Schedule {
    /// All threads on each, one slice after the other.
    private(set) var shared: [BatchSlice] = []
    /// A thread on each, the longest first: then little is left at the end, while a thread has nothing to do.
    private(set) var single: [BatchSlice]

    /// - Parameters:
    ///   - slices: of the group.
    ///   - least: tokens whose time the shortest slice takes: that of reading the weights.
    init(_ slices: [BatchSlice], of group: BatchSlice, threads: Int, least: Int = 0, _ sharing: Sharing) {
        func tokens(_ slice: BatchSlice) -> Int { max(slice.tokens.count, least) }
        single = slices.sorted { $0.tokens.count > $1.tokens.count }
        guard threads > 1, !Products.usesLibrary, let longest = single.first else { return }
        // No more memory than if each thread had the longest
        let room = max(2 * PackedBatch.sliceQuota, threads * longest.tokens.count)
        let joins = group.tokens.count <= min(sharing.joined, room)
        func alone(_ slices: ArraySlice<BatchSlice>) -> Double { Self.time(slices.map(tokens), threads) }
        var best = (count: 0, time: alone(single[...]) * sharing.gain)
        var time = 0.0
        for count in 1...single.count {
            time += sharing.time(tokens(single[count - 1]), threads)
            // Of many slices, it is enough to try the longest
            guard count <= 4 * threads || count == single.count else { continue }
            var all = time + alone(single[count...])
            if count == single.count, joins { all = sharing.time(tokens(group), threads) }
            if all < best.time { best = (count, all) }
        }
        if sharing.always { best.count = single.count }
        shared = best.count == single.count && joins ? [group] : Array(single.prefix(best.count))
        single.removeFirst(best.count)
    }

    /// Until the last thread is done, each taking the next slice as it comes.
    private static func time(_ slices: [Int], _ threads: Int) -> Double {
        var busy = [Int](repeating: 0, count: threads)
        for tokens in slices {
            var first = 0
            for thread in 1..<threads where busy[thread] < busy[first] { first = thread }
            busy[first] += tokens
        }
        return Double(busy.max() ?? 0)
    }
}
