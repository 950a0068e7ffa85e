import Testing

@testable import Numerics

@Suite struct MersenneTwisterTests {
    /// The value that the C++ standard gives ([rand.predef]: the 10000th of a default mt19937, whose seed is 5489).
    @Test func tenThousandth() {
        var generator = MersenneTwister(seed: 5489)
        for _ in 1..<10_000 { _ = generator.next() }
        #expect(generator.next() == 4_123_659_995)
    }

    @Test func uniform() {
        var generator = MersenneTwister(seed: 3)
        let values = generator.uniform(20_000, bound: 0.25)
        #expect(values.allSatisfy { (-0.25...0.25).contains($0) })
        #expect(abs(values.reduce(0, +) / 20_000) < 0.005)
        // The next numbers are others
        #expect(generator.uniform(20_000, bound: 0.25) != values)
    }
}
