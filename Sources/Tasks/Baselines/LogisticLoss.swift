import Foundation

/// The loss of logistic regression as a function of the rows' scores.
struct LogisticLoss: Sendable {
    /// Place of each row's class among the seen ones.
    let y: [Int]
    /// Scores of a row: one for each class, or one for two classes.
    let width: Int
    /// C
    let inverseStrength: Double

    /// C · Σᵢ −ln p[yᵢ], and its derivative in the scores.
    /// - Parameters:
    ///   - scores: [rows, width], without intercepts; becomes C(P − Y)
    ///   - sums: [width]; becomes the derivative in the intercepts
    func residuals(_ scores: inout [Double], intercepts: [Double], sums: inout [Double]) -> Double {
        var loss = 0.0
        for c in 0..<width { sums[c] = 0 }
        for row in 0..<y.count {
            let at = row * width
            for c in 0..<width { scores[at + c] += intercepts[c] }
            if width == 1 {
                let score = scores[at]
                let isSecond = y[row] == 1
                loss += softplus(isSecond ? -score : score)
                scores[at] = isSecond ? -sigmoid(-score) : sigmoid(score)
            } else {
                let score = scores[at + y[row]]
                loss += softmax(&scores, from: at, count: width) - score
                scores[at + y[row]] -= 1
            }
            for c in 0..<width {
                scores[at + c] *= inverseStrength
                sums[c] += scores[at + c]
            }
        }
        return inverseStrength * loss
    }
}

func sigmoid(_ x: Double) -> Double { x >= 0 ? 1 / (1 + exp(-x)) : exp(x) / (1 + exp(x)) }

/// ln(1 + eˣ)
private func softplus(_ x: Double) -> Double { max(x, 0) + log1p(exp(-abs(x))) }

/// Turns scores into probabilities in place.
/// - Returns: the logarithm of the scores' summed exponentials
@discardableResult
package func softmax(_ values: inout [Double], from start: Int, count: Int) -> Double {
    var top = -Double.infinity
    for i in start..<(start + count) { top = max(top, values[i]) }
    var sum = 0.0
    for i in start..<(start + count) {
        values[i] = exp(values[i] - top)
        sum += values[i]
    }
    for i in start..<(start + count) { values[i] /= sum }
    return top + log(sum)
}

/// Σ aᵢ bᵢ in four fixed strands, which vectorise; the order never changes.
func sumOfProducts(_ a: [Double], _ b: [Double]) -> Double {
    a.withUnsafeBufferPointer { a in
        b.withUnsafeBufferPointer { b in
            var strands = SIMD4<Double>.zero
            let whole = a.count & ~3
            for i in stride(from: 0, to: whole, by: 4) {
                let left = SIMD4<Double>(a[i], a[i + 1], a[i + 2], a[i + 3])
                let right = SIMD4<Double>(b[i], b[i + 1], b[i + 2], b[i + 3])
                strands += left * right
            }
            var sum = strands.sum()
            for i in whole..<a.count { sum += a[i] * b[i] }
            return sum
        }
    }
}

/// out += scale · a
func accumulate(_ a: [Double], scale: Double, into out: inout [Double]) {
    a.withUnsafeBufferPointer { a in
        out.withUnsafeMutableBufferPointer { out in
            for i in 0..<a.count { out[i] += scale * a[i] }
        }
    }
}
