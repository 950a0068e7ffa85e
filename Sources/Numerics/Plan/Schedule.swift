/// Which slices of a group the threads work on together, and which each alone.
///
/// It depends on the number of threads, and may: both ways give the same bytes.
struct Schedule {
    /// All threads on each, one slice after the other.
    private(set) var shared: [BatchSlice] = []
    /// A thread on each, the longest first: then little is left at the end, while a thread has nothing to do.
    private(set) var single: [BatchSlice]

    /// - Parameter slices: of the group.
    init(_ slices: [BatchSlice], of group: BatchSlice, threads: Int, _ sharing: Sharing) {
        single = slices.sorted { $0.tokens.count > $1.tokens.count }
        guard threads > 1, !Products.usesLibrary, let longest = single.first else { return }
        // No more memory than if each thread had the longest
        let room = max(2 * PackedBatch.sliceQuota, threads * longest.tokens.count)
        let joins = group.tokens.count <= min(sharing.joined, room)
        var best = (count: 0, time: Self.time(single[...], threads) * sharing.gain)
        var time = 0.0
        for count in 1...single.count {
            time += sharing.time(single[count - 1].tokens.count, threads)
            // Of many slices, it is enough to try the longest
            guard count <= 4 * threads || count == single.count else { continue }
            var all = time + Self.time(single[count...], threads)
            if count == single.count, joins { all = sharing.time(group.tokens.count, threads) }
            if all < best.time { best = (count, all) }
        }
        if sharing.always { best.count = single.count }
        shared = best.count == single.count && joins ? [group] : Array(single.prefix(best.count))
        single.removeFirst(best.count)
    }

    /// Until the last thread is done, each taking the next slice as it comes.
    private static func time(_ slices: ArraySlice<BatchSlice>, _ threads: Int) -> Double {
        var busy = [Int](repeating: 0, count: threads)
        for slice in slices {
            var first = 0
            for thread in 1..<threads where busy[thread] < busy[first] { first = thread }
            busy[first] += slice.tokens.count
        }
        return Double(busy.max() ?? 0)
    }
}
