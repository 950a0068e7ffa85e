import Testing

@testable import Ablation

/// Distributions and corrections, against SciPy 1.16 (`stats.t`, `stats.binomtest(…).proportion_ci("exact")`).
@Suite struct StatisticsTests {
    @Test func studentsT() {
        for (t, freedom, p) in [
            (2.776, 4, 0.05002277831997642), (1, 1, 0.5000000000000001), (0.5, 30.5, 0.6206635239145257),
            (6, 2.3, 0.01894840799134922),
        ] { #expect(abs(StudentT.twoSided(t, freedom) - p) < 1e-12) }
        for (freedom, t) in [(1, 12.706204736174694), (4, 2.7764451051977934), (17.5, 2.105232972227985)] {
            #expect(abs(StudentT.critical(0.05, freedom) - t) < 1e-9 * t)
        }
        #expect(abs(StudentT.critical(0.05, .infinity) - 1.959963984540054) < 1e-9)
    }

    @Test func clopperPearson() {
        for (hits, count, low, high) in [
            (0, 20, 0.0, 0.16843347098308548), (21, 400, 0.03278842457725559, 0.07913463048694765),
            (400, 400, 0.9908201954163266, 1.0), (7, 160, 0.017768098146862872, 0.08806210329221671),
        ] {
            let found = ClopperPearson.interval(hits, of: count)
            #expect(abs(found.low - low) < 1e-9 && abs(found.high - high) < 1e-9, "\(found)")
        }
    }

    /// By hand: the smallest counts for all, the next for one fewer, and none is below the one before it.
    @Test func holm() {
        #expect(Holm.adjusted([0.04, 0.01, 0.03]) == [0.06, 0.03, 0.06])
        #expect(Holm.adjusted([0.5, 0.9]) == [1, 1] && Holm.adjusted([]) == [])
    }
}
