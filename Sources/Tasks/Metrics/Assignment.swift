/// The assignment problem: pairs of rows and columns, each in one pair at most, with the largest sum.
///
/// The Hungarian method with potentials and shortest augmenting paths (Kuhn 1955, Munkres 1957; Jonker and Volgenant 1987),
/// O(rows² · columns) with rows ≤ columns.
package enum Assignment {
    /// - Parameter gains: [rows][columns], finite and not negative
    /// - Returns: for each row its column; nil: none is left for it, which only happens where there are more rows than columns
    package static func best(_ gains: [[Double]]) -> [Int?] {
        let (rows, columns) = (gains.count, gains.first?.count ?? 0)
        guard rows > columns else { return columnOfEachRow(rows, columns) { gains[$0][$1] } }
        var found = [Int?](repeating: nil, count: rows)
        for (column, row) in columnOfEachRow(columns, rows, { gains[$1][$0] }).enumerated() { found[row] = column }
        return found
    }

    /// - Parameter rows: at most as many as columns
    private static func columnOfEachRow(_ rows: Int, _ columns: Int, _ gain: (Int, Int) -> Double) -> [Int] {
        // Numbers from 1; row or column 0 is where a path begins. A reduced cost, −gain − u − v, is never below 0.
        var u = [Double](repeating: 0, count: rows + 1)
        var v = [Double](repeating: 0, count: columns + 1)
        var rowOf = [Int](repeating: 0, count: columns + 1)
        for row in stride(from: 1, through: rows, by: 1) {
            rowOf[0] = row
            var distance = [Double](repeating: .infinity, count: columns + 1)
            var before = [Int](repeating: 0, count: columns + 1)
            var isDone = [Bool](repeating: false, count: columns + 1)
            var column = 0
            repeat {
                isDone[column] = true
                let from = rowOf[column]
                var (nearest, next) = (Double.infinity, 0)
                for other in 1...columns where !isDone[other] {
                    let reduced = -gain(from - 1, other - 1) - u[from] - v[other]
                    if reduced < distance[other] {
                        distance[other] = reduced
                        before[other] = column
                    }
                    if distance[other] < nearest { (nearest, next) = (distance[other], other) }
                }
                for other in 0...columns {
                    if isDone[other] {
                        u[rowOf[other]] += nearest
                        v[other] -= nearest
                    } else {
                        distance[other] -= nearest
                    }
                }
                column = next
            } while rowOf[column] != 0
            // Each row of the path moves to the next column
            while column != 0 {
                rowOf[column] = rowOf[before[column]]
                column = before[column]
            }
        }
        var found = [Int](repeating: 0, count: rows)
        for column in stride(from: 1, through: columns, by: 1) where rowOf[column] > 0 {
            found[rowOf[column] - 1] = column - 1
        }
        return found
    }
}
