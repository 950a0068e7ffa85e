import Numerics
import Testing

@testable import Training

/// Which tokens of a text are hidden, and by what.
@Suite struct TokenHidingTests {
    private let hiding = TokenHiding(mask: 4, always: true, replacements: (1000, { Int32($0) }))

    /// Over many texts: 15 % are targets; of these 80 % are masks, 10 % stay, and the rest are others. Five standard errors.
    @Test func shares() {
        var (tokens, targets, masks, kept) = (0.0, 0.0, 0.0, 0.0)
        for text in 0..<2000 {
            let own = (0..<100).map { Int32(500 + ($0 * 7 + text) % 300) }
            var ids = own
            let hidden = hiding.hide(&ids, key: Randomness.key(9, UInt64(text))) { $0 > 0 }
            #expect(hidden.allSatisfy { $0.place > 0 && own[$0.place] == $0.token })
            let places = Set(hidden.map(\.place))
            #expect(own.indices.allSatisfy { places.contains($0) || ids[$0] == own[$0] })
            tokens += 99
            targets += Double(hidden.count)
            masks += Double(hidden.count { ids[$0.place] == 4 })
            kept += Double(hidden.count { ids[$0.place] == $0.token })
        }
        func isNear(_ count: Double, _ share: Double, of all: Double) -> Bool {
            abs(count - share * all) < 5 * (share * (1 - share) * all).squareRoot()
        }
        #expect(isNear(targets, 0.15, of: tokens), "\(targets) of \(tokens)")
        #expect(isNear(masks, 0.8, of: targets), "\(masks) of \(targets)")
        // One replacement in a thousand is the token itself
        #expect(isNear(kept, 0.1001, of: targets), "\(kept) of \(targets)")
    }

    @Test func shortTextsHaveATargetWhereTheyMust() {
        var sometimes = hiding
        sometimes.always = false
        var (always, now) = (0, 0)
        for text in 0..<200 {
            var ids: [Int32] = [10, 11]
            always += hiding.hide(&ids, key: Randomness.key(3, UInt64(text))) { _ in true }.count
            ids = [10, 11]
            now += sometimes.hide(&ids, key: Randomness.key(3, UInt64(text))) { _ in true }.count
        }
        #expect(always >= 200 && now < 120)
        var none: [Int32] = [1, 2]
        #expect(hiding.hide(&none, key: 1) { _ in false }.isEmpty && none == [1, 2])
    }
}
