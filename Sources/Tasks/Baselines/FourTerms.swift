/// Sums of rows times factors, four rows at a time: the sum is read and written a quarter as often.
enum FourTerms {
    /// sum[c] += Σₖ factors[k] · rows[k, c].
    /// - Parameters:
    ///   - rows: [count, width]
    ///   - sum: [width]
    @inline(__always)
    static func add(
        _ factors: UnsafePointer<Double>, _ rows: UnsafePointer<Double>, count: Int, width: Int,
        to sum: UnsafeMutablePointer<Double>
    ) {
        var k = 0
        while k + 4 <= count {
            let (a, b, c, d) = (factors[k], factors[k + 1], factors[k + 2], factors[k + 3])
            let row = rows + k * width
            for i in 0..<width {
                sum[i] += (a * row[i] + b * row[width + i]) + (c * row[2 * width + i] + d * row[3 * width + i])
            }
            k += 4
        }
        while k < count {
            let (factor, row) = (factors[k], rows + k * width)
            for i in 0..<width { sum[i] += factor * row[i] }
            k += 1
        }
    }
}
