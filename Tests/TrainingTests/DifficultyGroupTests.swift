import Testing

@testable import Training

@Suite struct DifficultyGroupTests {
    /// Groups of equal size, in which equal values stay together; every value is in one.
    @Test func groups() {
        #expect(Difficulty.groups([5, 1, 3, 2, 4, 0, 7, 6], count: 4) == [[5, 1], [3, 2], [4, 0], [7, 6]])
        #expect(Difficulty.groups([1, 1, 1, 1, 2], count: 4) == [[0, 1, 2, 3], [4]])
        #expect(Difficulty.groups([3], count: 3) == [[0]])
        for seed in 0..<50 {
            let values = (0..<23).map { Double(($0 * 7 + seed * $0 * $0) % 9) }
            let groups = Difficulty.groups(values, count: 4)
            #expect(groups.joined().sorted() == Array(0..<23), "\(seed)")
            for (a, b) in zip(groups, groups.dropFirst()) {
                #expect(values[a[a.count - 1]] < values[b[0]], "\(seed)")
            }
        }
    }
}
