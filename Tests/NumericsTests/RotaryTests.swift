import CKernels
import Foundation
import Testing

@testable import Numerics

/// Rotary positions and gates by their definitions.
@Suite struct RotaryTests {
    /// Pairs of columns i and i + head/2 turned by position · θ^(−2i / head); turned back, they are as before.
    @Test(arguments: instructionSets, [2, 6, 32, 64, 70]) func rotation(_ set: Int, _ head: Int) throws {
        let k = try kernels(set)
        let (heads, positions) = (2, [0, 3, 1, 499] as [Int32])
        let table = RotaryTable(positions: 500, head: head, theta: 10_000)
        let x = normals(positions.count * heads * head, 1)
        var y = [Float](repeating: 0, count: x.count) + canary
        k.rotate(&y, x, table.values.floats, positions, positions.count, heads, head, false, false)
        var expected = [Double](repeating: 0, count: x.count)
        for (row, position) in positions.enumerated() {
            for h in 0..<heads {
                let base = (row * heads + h) * head
                for i in 0..<head / 2 {
                    let angle = Double(position) * pow(10_000, -2 * Double(i) / Double(head))
                    let (a, b) = (Double(x[base + i]), Double(x[base + head / 2 + i]))
                    expected[base + i] = a * cos(angle) - b * sin(angle)
                    expected[base + head / 2 + i] = b * cos(angle) + a * sin(angle)
                }
            }
        }
        // angles up to 499 in float32 are 3e-5 off
        expectClose(y, expected + canary.map(Double.init), 1e-4, "head \(head)")
        let start = normals(x.count, 2)
        let sums = zip(x, start).map { a, b in Double(a) + Double(b) }
        var back = start + canary
        k.rotate(&back, y, table.values.floats, positions, positions.count, heads, head, true, true)
        expectClose(back, sums + canary.map(Double.init), 1e-5)
    }

    /// A score depends on the distance alone (Su et al. 2021, eq. 16).
    @Test func scoresDependOnTheDistance() throws {
        let k = try kernels(0)
        let table = RotaryTable(positions: 100, head: 8, theta: 100)
        let (q, key) = (normals(8, 1), normals(8, 2))
        func score(_ i: Int32, _ j: Int32) -> Double {
            var (a, b) = ([Float](repeating: 0, count: 8), [Float](repeating: 0, count: 8))
            k.rotate(&a, q, table.values.floats, [i], 1, 1, 8, false, false)
            k.rotate(&b, key, table.values.floats, [j], 1, 1, 8, false, false)
            return zip(a, b).reduce(0) { $0 + Double($1.0) * Double($1.1) }
        }
        for shift: Int32 in [1, 17, 90] { #expect(abs(score(5, 2) - score(5 + shift, 2 + shift)) < 1e-4) }
        #expect(abs(score(5, 2) - score(2, 5)) > 1e-2)
    }

    /// Of fewer than 129 tokens the probabilities, of more two numbers and the output a row: linear.
    @Test func attentionKeepsLittleOfLongTexts() {
        func shape(_ tokens: Int) -> amalgam_attention {
            var a = amalgam_attention()
            a.queries = tokens
            a.keys = tokens
            a.heads = 12
            a.head = 32
            a.count = 12
            a.key_heads = 12
            (a.before, a.after) = (Int.max, Int.max)
            return a
        }
        func kept(_ tokens: Int) -> Int {
            var a = shape(tokens)
            return amalgam_attention_kept(&a)
        }
        func scratch(_ tokens: Int) -> Int {
            var a = shape(tokens)
            return amalgam_attention_scratch(&a)
        }
        #expect(kept(128) == 128 * 128 && kept(129) == 129 * 34 && kept(8192) == 8192 * 34)
        #expect(scratch(8192) - scratch(4096) == 2 * (scratch(4096) - scratch(2048)))
    }
}
