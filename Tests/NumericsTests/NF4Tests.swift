import Testing

@testable import Numerics

/// NF4 by its definition; `ModelsTests` has bitsandbytes' own numbers.
@Suite struct NF4Tests {
    @Test func tables() {
        #expect(NF4.map.count == 256 && NF4.map == NF4.map.sorted() && Set(NF4.map).count == 256)
        #expect(NF4.map.first == -0.99296874 && NF4.map.last == 1 && NF4.map.contains(0))
        #expect(NF4.values.count == 16 && NF4.values == NF4.values.sorted())
    }

    /// Each element is the nearest of the sixteen values of its block, whose scale has an error of its own.
    @Test(arguments: [[12, 64], [33, 7], [5, 320], [300, 96]]) func nearestOfSixteen(_ shape: [Int]) {
        let weight = Weight(normals(shape[0] * shape[1], 4, deviation: 0.05), shape: shape)
        let blocks = NF4.blocks(of: weight)
        let (given, made) = (weight.values, Weight(blocks).values)
        #expect(Double(blocks.byteCount - 4 * 256) <= 0.6 * Double(given.count) + 9)
        for start in stride(from: 0, to: given.count, by: 64) {
            let own = given[start..<min(given.count, start + 64)]
            let top = own.map(\.magnitude).max() ?? 0
            // Half the widest gap, and the scale's error
            for i in own.indices { #expect(abs(given[i] - made[i]) <= 0.1520 * top + 0.005, "element \(i)") }
        }
        #expect(Weight(NF4.blocks(of: Weight(blocks))).shape == shape)
    }

    @Test func zerosStayZeros() {
        let blocks = NF4.blocks(of: Weight([Float](repeating: 0, count: 256), shape: [2, 128]))
        #expect(Weight(blocks).values == [Float](repeating: 0, count: 256))
    }
}
