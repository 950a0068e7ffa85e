/// When threads work together on one slice, and how its work is cut. Only the time depends on it, never the results.
package struct Sharing: Sendable {
    /// What is worth a part of its own, in multiply-adds: some microseconds, a few times what a barrier costs.
    package var leastWork = 400_000.0
    /// An element of other work than products, in multiply-adds.
    package var element = 50.0
    /// Rows whose product takes as long as reading the weight from a cache that is far away.
    package var readRows = 12
    /// Rows of a part from which products are fast. Below, they are cut by columns.
    package var fewRows = 24
    /// Rows of a part at most: its values stay in a core's cache.
    package var mostRows = 96
    /// Slices that the threads work on together are one if they have no more tokens.
    package var joined = 1024
    /// The time of a slice that the threads share, in tokens of one thread: a factor of tokens / threads, and what is added
    /// for barriers.
    package var factor = 1.06
    package var added = 4.0
    /// Threads share slices if it takes no more than this part of the time that each alone would take.
    package var gain = 0.95
    /// For tests: all slices are shared.
    package var always = false

    package init() {}

    func time(_ tokens: Int, _ threads: Int) -> Double { factor * Double(tokens) / Double(threads) + added }
}
