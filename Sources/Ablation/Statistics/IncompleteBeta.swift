import Foundation

/// The regularized incomplete beta function, which the t and binomial distributions need.
enum IncompleteBeta {
    /// I_x(a, b), by the continued fraction DLMF 8.17.22, evaluated after Lentz; relative error some 1e-14.
    static func value(_ x: Double, _ a: Double, _ b: Double) -> Double {
        guard x > 0 else { return 0 }
        guard x < 1 else { return 1 }
        // The fraction converges fast below the mean
        guard x <= (a + 1) / (a + b + 2) else { return 1 - value(1 - x, b, a) }
        let front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x)) / a
        var (c, d) = (1.0, 1 - (a + b) * x / (a + 1))
        if abs(d) < tiny { d = tiny }
        d = 1 / d
        var result = d
        for step in 1..<10_000 {
            let m = Double(step)
            for numerator in [
                m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
                -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
            ] {
                d = 1 + numerator * d
                c = 1 + numerator / c
                if abs(d) < tiny { d = tiny }
                if abs(c) < tiny { c = tiny }
                d = 1 / d
                result *= d * c
            }
            if abs(d * c - 1) < 1e-15 { break }
        }
        return min(1, front * result)
    }

    private static let tiny = 1e-300

    /// The x in 0...1 at which an increasing function reaches `target`, by bisection.
    static func solve(_ target: Double, _ function: (Double) -> Double) -> Double {
        var (low, high) = (0.0, 1.0)
        for _ in 0..<100 {
            let middle = (low + high) / 2
            if function(middle) < target { low = middle } else { high = middle }
        }
        return (low + high) / 2
    }
}
