import Foundation

/// Student's t distribution; with infinite degrees of freedom the normal one.
enum StudentT {
    /// P(|T| > t).
    static func twoSided(_ t: Double, _ freedom: Double) -> Double {
        guard freedom.isFinite else { return erfc(abs(t) / 2.0.squareRoot()) }
        return IncompleteBeta.value(freedom / (freedom + t * t), freedom / 2, 0.5)
    }

    /// The t at which P(|T| > t) is `tail`.
    static func critical(_ tail: Double, _ freedom: Double) -> Double {
        var high = 1.0
        while twoSided(high, freedom) > tail, high < 1e12 { high *= 2 }
        // Increasing in its argument, as bisection wants it
        return high * IncompleteBeta.solve(1 - tail) { 1 - twoSided(high * $0, freedom) }
    }
}
