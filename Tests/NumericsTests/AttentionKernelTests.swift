import CKernels
import Foundation
import Testing

/// Attention against its definition in double (`AttentionReference`), dropout on and off, on each instruction set. The
/// definition's gradient is itself compared with central differences.
@Suite struct AttentionKernelTests {
    private typealias Shape = AttentionReference
    static let small = [
        AttentionReference(queries: 1, keys: 1, extra: 0, heads: 1, head: 1),
        AttentionReference(queries: 3, keys: 3, extra: 0, heads: 2, head: 5),
        AttentionReference(queries: 1, keys: 17, extra: 0, heads: 3, head: 16),
        AttentionReference(queries: 17, keys: 17, extra: 2, heads: 2, head: 3),
        AttentionReference(queries: 1, keys: 4, extra: 5, heads: 2, head: 17),
        AttentionReference(queries: 7, keys: 7, extra: 30, heads: 1, head: 33),
        AttentionReference(queries: 33, keys: 33, extra: 0, heads: 2, head: 32),
        AttentionReference(queries: 1, keys: 16, extra: 0, heads: 1, head: 64),
        AttentionReference(queries: 17, keys: 17, extra: 0, heads: 2, head: 5, window: 3),
        AttentionReference(queries: 33, keys: 33, extra: 3, heads: 1, head: 5, window: 0),
        AttentionReference(queries: 1, keys: 17, extra: 2, heads: 2, head: 3, window: 4),
        AttentionReference(queries: 7, keys: 7, extra: 0, heads: 2, head: 3, window: 40),
        AttentionReference(queries: 17, keys: 17, extra: 0, heads: 2, head: 5, isCausal: true),
        AttentionReference(queries: 33, keys: 33, extra: 2, heads: 6, head: 5, window: 4, keyHeads: 2, isCausal: true),
        AttentionReference(queries: 20, keys: 20, extra: 0, heads: 4, head: 32, keyHeads: 2),
        AttentionReference(queries: 5, keys: 22, extra: 0, heads: 3, head: 8, keyHeads: 1, isCausal: true, offset: 17),
        AttentionReference(queries: 1, keys: 40, extra: 0, heads: 6, head: 20, keyHeads: 2, isCausal: true, offset: 39),
        AttentionReference(
            queries: 1, keys: 40, extra: 0, heads: 4, head: 64, window: 9, keyHeads: 2, isCausal: true, offset: 39),
    ]
    static let long = [
        AttentionReference(queries: 129, keys: 129, extra: 0, heads: 2, head: 5),
        AttentionReference(queries: 200, keys: 200, extra: 0, heads: 2, head: 32),
        AttentionReference(queries: 200, keys: 200, extra: 7, heads: 1, head: 17),
        AttentionReference(queries: 129, keys: 129, extra: 0, heads: 2, head: 16, window: 9),
        AttentionReference(queries: 200, keys: 200, extra: 5, heads: 1, head: 64, window: 64),
        AttentionReference(queries: 700, keys: 700, extra: 3, heads: 1, head: 5, window: 11),
        AttentionReference(queries: 700, keys: 700, extra: 0, heads: 1, head: 5),
        AttentionReference(queries: 1, keys: 200, extra: 0, heads: 2, head: 5, window: 64),
        AttentionReference(queries: 200, keys: 200, extra: 0, heads: 4, head: 32, keyHeads: 2, isCausal: true),
        AttentionReference(
            queries: 300, keys: 300, extra: 3, heads: 3, head: 5, window: 20, keyHeads: 1, isCausal: true),
        AttentionReference(
            queries: 150, keys: 700, extra: 0, heads: 2, head: 16, keyHeads: 1, isCausal: true, offset: 550),
        AttentionReference(
            queries: 150, keys: 700, extra: 0, heads: 2, head: 5, window: 300, keyHeads: 1, isCausal: true, offset: 550),
    ]
    static let shapes = small + long

    private static func masks(_ k: amalgam_kernels, _ s: AttentionReference, _ dropout: amalgam_dropout) -> [[Double]] {
        (0..<s.heads * s.queries).map { i in
            mask(k, (9 << 12 | UInt64(i % s.queries)) * 4096 + UInt64(i / s.queries) + 1, width: s.all, dropout)
        }
    }

    /// Element by element on small shapes, along three random directions on long ones.
    @Test(arguments: shapes.indices) func theReferenceGradient(_ index: Int) throws {
        let s = Self.shapes[index]
        let masks = Self.masks(try kernels(0), s, random(0.3))
        let x = normals(s.count, 3).map(Double.init)
        let dy = normals(s.queries * s.width, 4).map(Double.init)
        let gradient = s.gradient(x, masks, dy: dy)
        func loss(_ x: [Double]) -> Double { zip(s.output(x, masks), dy).reduce(0) { $0 + $1.0 * $1.1 } }
        if index < Self.small.count {
            expectClose(gradient.map { Float($0) }, slopes(x, loss), 1e-6, "\(s)")
            return
        }
        for seed in 5..<8 as Range<UInt64> {
            let direction = normals(s.count, seed).map(Double.init)
            func at(_ step: Double) -> Double { loss(zip(x, direction).map { $0 + step * $1 }) }
            let slope = (at(1e-5) - at(-1e-5)) / 2e-5
            let ours = zip(gradient, direction).reduce(0) { $0 + $1.0 * $1.1 }
            #expect(abs(ours - slope) < 1e-6 * max(1, abs(slope)), "\(s)")
        }
    }

    /// 1e-5 and 2e-5 of values near 1: sums of up to 700 products in float32.
    @Test(arguments: instructionSets, shapes.indices) func attention(_ set: Int, _ index: Int) throws {
        let k = try kernels(set)
        let s = Self.shapes[index]
        let (x, dy) = (normals(s.count, 3), normals(s.queries * s.width, 4))
        let wide = x.map(Double.init)
        for rate: Float in [0, 0.3] {
            let masks = Self.masks(k, s, random(rate))
            let probe = AttentionProbe(k, s, x: x, dy: dy, dropout: random(rate))
            probe.forward()
            expectClose(probe[.y], s.output(wide, masks), 1e-5, "attend \(s), rate \(rate)")
            let (y, kept) = (probe[.y], probe.kept)
            probe.backward()
            let gradients = AttentionProbe.Place.allCases.dropFirst().flatMap { probe[$0] }
            expectClose(
                gradients, s.gradient(wide, masks, dy: dy.map(Double.init)), 2e-5, "attend_backward \(s), rate \(rate)")
            #expect(probe.canariesLive)

            // each alone, the others not wanted
            let all = AttentionProbe.Place.allCases.map { probe[$0] }
            for place in AttentionProbe.Place.allCases.dropFirst() {
                probe.clear()
                probe.backward([place])
                #expect(probe[place] == all[place.rawValue])
            }

            // heads one by one, the last first; and without what only backward needs
            probe.clear()
            for h in (0..<s.heads).reversed() { probe.forward(heads: h..<h + 1) }
            #expect(probe[.y] == y && probe.kept.map(\.bitPattern) == kept.map(\.bitPattern))
            let group = s.heads / (s.keyHeads ?? s.heads)
            for h in stride(from: s.heads - group, through: 0, by: -group) { probe.backward(heads: h..<h + group) }
            #expect(AttentionProbe.Place.allCases.map { probe[$0] } == all)
            probe.clear()
            probe.forward(keeps: false)
            // Where nothing is kept, one query behind others takes a way of its own, whose sums are others
            if s.queries == 1, s.offset > 0, rate == 0 {
                expectClose(probe[.y], s.output(wide, masks), 1e-5, "one query of \(s)")
            } else {
                #expect(probe[.y] == y)
            }
            #expect(probe.canariesLive)
        }
    }
}
