/// The maximum spanning tree of a dense graph over words and a root.
///
/// Chu and Liu (1965), Edmonds (1967): each word takes its best head; a cycle is contracted into one node, and the tree of the
/// smaller graph says where the cycle opens. O(n³) at worst, O(n²) where there are few cycles.
package enum SpanningTree {
    /// The tree with the largest sum of scores in which exactly one word has the root as its head.
    ///
    /// A constant is taken off every arc from the root. It is larger than all differences between trees, so that the best
    /// tree has the fewest such arcs, which is one.
    /// - Parameters:
    ///   - scores: [words, words + 1]: of word i + 1 with head j, where 0 is the root; a word with itself does not count.
    ///     Values are cut at ±10⁹; NaN and infinite ones count as −10⁹.
    ///   - words: their number
    /// - Returns: the head of each word, from 1, or 0 for the root; of equal trees always the same
    package static func heads(_ scores: [Double], words: Int) -> [Int] {
        precondition(scores.count == words * (words + 1), "\(scores.count) scores for \(words) words")
        guard words > 1 else { return [Int](repeating: 0, count: words) }
        // Bounded, so that the penalty does not vanish in rounding
        let bound = 1e9
        let finite = scores.map { $0.isFinite ? min(max($0, -bound), bound) : -bound }
        let penalty = Double(words) * ((finite.max() ?? 0) - (finite.min() ?? 0)) + 1
        var graph = Graph(nodes: words + 1)
        for word in 1...words {
            for head in 0...words where head != word {
                graph[word, head] = finite[(word - 1) * (words + 1) + head] - (head == 0 ? penalty : 0)
            }
        }
        return Array(graph.heads().dropFirst())
    }
}

/// Scores of arcs between nodes, of which node 0 is the root.
private struct Graph {
    let nodes: Int
    private var scores: [Double]

    init(nodes: Int) {
        self.nodes = nodes
        scores = [Double](repeating: -.infinity, count: nodes * nodes)
    }

    subscript(node: Int, head: Int) -> Double {
        get { scores[node * nodes + head] }
        set { scores[node * nodes + head] = newValue }
    }

    /// The head of each node in the best tree; the root's is −1.
    func heads() -> [Int] {
        var heads =
            [-1]
            + (1..<nodes).map { node in
                (0..<nodes).reduce(node == 1 ? 0 : 1) { $1 != node && self[node, $1] > self[node, $0] ? $1 : $0 }
            }
        // The arc from the root is the first choice
        for node in 1..<nodes where self[node, 0] >= self[node, heads[node]] { heads[node] = 0 }
        guard let cycle = Self.cycle(heads) else { return heads }

        // The cycle becomes the last node of a smaller graph
        let isInside = cycle.reduce(into: [Bool](repeating: false, count: nodes)) { $0[$1] = true }
        let outside = (0..<nodes).filter { !isInside[$0] }
        var smaller = Graph(nodes: outside.count + 1)
        let whole = outside.count
        /// By place in `outside`: the node of the cycle that is the best head, and the one at which the cycle opens.
        var (leaving, opening) = ([Int](repeating: 0, count: whole), [Int](repeating: 0, count: whole))
        for (place, node) in outside.enumerated() {
            for (other, head) in outside.enumerated() where other != place && place > 0 {
                smaller[place, other] = self[node, head]
            }
            leaving[place] = Self.best(cycle) { self[node, $0] }
            if place > 0 { smaller[place, whole] = self[node, leaving[place]] }
            opening[place] = Self.best(cycle) { self[$0, node] - self[$0, heads[$0]] }
            smaller[whole, place] = self[opening[place], node] - self[opening[place], heads[opening[place]]]
        }
        let inner = smaller.heads()
        for place in 1..<max(1, whole) {
            heads[outside[place]] = inner[place] == whole ? leaving[place] : outside[inner[place]]
        }
        let entry = inner[whole]
        heads[opening[entry]] = outside[entry]
        return heads
    }

    /// The first of those with the largest value.
    private static func best(_ nodes: [Int], _ value: (Int) -> Double) -> Int {
        nodes.reduce(nodes[0]) { value($1) > value($0) ? $1 : $0 }
    }

    /// The nodes of a cycle, ascending; nil: there is none.
    private static func cycle(_ heads: [Int]) -> [Int]? {
        // 0: not seen; n: seen in the walk from node n
        var seen = [Int](repeating: 0, count: heads.count)
        for start in 1..<heads.count {
            var node = start
            while node > 0, seen[node] == 0 {
                seen[node] = start
                node = heads[node]
            }
            guard node > 0, seen[node] == start else { continue }
            var cycle = [node]
            var next = heads[node]
            while next != node {
                cycle.append(next)
                next = heads[next]
            }
            return cycle.sorted()
        }
        return nil
    }
}
