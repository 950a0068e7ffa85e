/// Which rows of a table have gradients: an embedding's is zero but for the words of its batch, so only they are written
/// and summed, and only rows that ever had one are given moments.
package final class RowLedger {
    /// Rows that are written by one thread at a time.
    package final class Piece: @unchecked Sendable {
        package let range: Range<Int>
        /// Rows with a gradient, in the order of their first token.
        package private(set) var current: [Int32] = []
        /// Of each row of the range: whether it ever had a gradient.
        package private(set) var everUsed: [Bool]
        private var isCurrent: [Bool]

        init(_ range: Range<Int>) {
            self.range = range
            everUsed = [Bool](repeating: false, count: range.count)
            isCurrent = everUsed
        }

        /// Forgets the rows of the last step; `body` sees each.
        func clear(_ body: (Int) -> Void) {
            for row in current {
                isCurrent[Int(row) - range.lowerBound] = false
                body(Int(row))
            }
            current.removeAll(keepingCapacity: true)
        }

        func note(_ row: Int) {
            let i = row - range.lowerBound
            guard !isCurrent[i] else { return }
            isCurrent[i] = true
            everUsed[i] = true
            current.append(Int32(row))
        }

        fileprivate func restore(_ used: ArraySlice<UInt8>) { everUsed = used.map { $0 != 0 } }

        /// Calls `body` with runs of neighbouring rows that all were, or all were not, ever used.
        package func forEachRun(_ body: (_ rows: Range<Int>, _ used: Bool) -> Void) {
            var first = 0
            while first < everUsed.count {
                var last = first + 1
                while last < everUsed.count, everUsed[last] == everUsed[first] { last += 1 }
                body(range.lowerBound + first..<range.lowerBound + last, everUsed[first])
                first = last
            }
        }
    }

    package let pieces: [Piece]

    /// Of each row of the table, whether it ever had a gradient (1 or 0): for a checkpoint.
    package var used: [UInt8] { pieces.flatMap { $0.everUsed.map { $0 ? 1 : 0 } } }

    /// - Returns: false where there are not as many as rows.
    package func restore(used: [UInt8]) -> Bool {
        guard used.count == pieces.last?.range.upperBound ?? 0 else { return false }
        for piece in pieces { piece.restore(used[piece.range]) }
        return true
    }

    func forget() { for piece in pieces { piece.clear { _ in } } }

    init(rows: Int, pieces count: Int = 16) {
        pieces = (0..<count).map { Piece(rows * $0 / count..<rows * ($0 + 1) / count) }
    }
}
