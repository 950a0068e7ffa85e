import CKernels
import Testing

/// What is dropped is a function of (key, row, column): of no instruction set, no neighbour and no order.
@Suite struct DropoutKernelTests {
    @Test(arguments: instructionSets) func keepsScaledAndDropsTheRate(_ set: Int) throws {
        let k = try kernels(set)
        for rate: Float in [0.1, 0.5, 0.9] {
            let (rows, width) = (200, 333)
            let identities = (0..<UInt64(rows)).map { $0 << 12 }
            var y = [Float](repeating: 0, count: rows * width) + canary
            k.drop_rows(
                &y, [Float](repeating: 1, count: rows * width), nil, identities, rows, width, random(rate), false)
            #expect(Array(y.suffix(16)) == canary)
            let kept = y.prefix(rows * width)
            #expect(kept.allSatisfy { $0 == 0 || $0 == 1 / (1 - rate) })
            let share = Double(kept.count { $0 == 0 }) / Double(kept.count)
            // five standard deviations
            let deviation = (Double(rate) * Double(1 - rate) / Double(kept.count)).squareRoot()
            #expect(abs(share - Double(rate)) < 5 * deviation, "rate \(rate), dropped \(share)")
            // no column and no row is special
            for c in 0..<width {
                let column = Double((0..<rows).count { kept[$0 * width + c] == 0 }) / Double(rows)
                #expect(abs(column - Double(rate)) < 6 * (Double(rate * (1 - rate)) / Double(rows)).squareRoot())
            }
        }
    }

    @Test func masksAreEqualEverywhere() throws {
        for width in [1, 3, 17, 33, 384] {
            let masks = try instructionSets.map { mask(try kernels($0), 99 << 12 | 7, width: width, random(0.3)) }
            #expect(masks.allSatisfy { $0 == masks[0] })
            // a narrower row has the same start
            #expect(masks[0] == Array(mask(try kernels(0), 99 << 12 | 7, width: 500, random(0.3)).prefix(width)))
        }
        let k = try kernels(0)
        #expect(mask(k, 1, width: 384, random(0.5)) != mask(k, 2, width: 384, random(0.5)))
        #expect(mask(k, 1, width: 384, random(0.5, key: 1)) != mask(k, 1, width: 384, random(0.5, key: 2)))
        #expect(mask(k, 1, width: 384, random(0)) == [Double](repeating: 1, count: 384))
    }

    @Test(arguments: instructionSets) func residualAndSum(_ set: Int) throws {
        let k = try kernels(set)
        for width in [1, 3, 17, 33] {
            let (x, residual, start) = (normals(3 * width, 1), normals(3 * width, 2), normals(3 * width, 3))
            let identities: [UInt64] = [5, 6, 1 << 40]
            let masks = identities.flatMap { mask(k, $0, width: width, random(0.4)) }
            for accumulate in [false, true] {
                for residuals in [false, true] {
                    var y = start + canary
                    residual.withUnsafeBufferPointer {
                        k.drop_rows(
                            &y, x, residuals ? $0.baseAddress : nil, identities, 3, width, random(0.4), accumulate)
                    }
                    let expected = x.indices.map {
                        Double(x[$0]) * masks[$0] + (residuals ? Double(residual[$0]) : 0)
                            + (accumulate ? Double(start[$0]) : 0)
                    }
                    expectClose(y, expected + canary.map(Double.init), 1e-6, "width \(width)")
                }
            }
        }
    }
}
