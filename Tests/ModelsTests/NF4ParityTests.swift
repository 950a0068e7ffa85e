import Files
import Foundation
import Numerics
import Testing

@testable import Models

/// NF4 against bitsandbytes on a processor (Tests/Golden/nf4_golden.py).
@Suite struct NF4ParityTests {
    private let golden: SafetensorsFile

    init() throws { golden = try SafetensorsFile(Fixture.golden.appendingPathComponent("nf4.safetensors")) }

    @Test func tables() throws {
        #expect(try golden.floats("map") == NF4.map)
        #expect(try golden.floats("code") == NF4.values)
    }

    /// Codes and scales are equal bit for bit. The mean of the scales is a sum of floats there, in an order that depends on the
    /// processor: it and what follows from it may differ in the last bits.
    @Test(arguments: ["square", "wide", "odd", "many", "short"]) func matrices(_ name: String) throws {
        let weight = try golden.floats("\(name).weight")
        let shape = try golden.tensor("\(name).weight").shape
        let blocks = NF4.blocks(of: Weight(weight, shape: shape))
        let parts = NF4.parts(blocks)
        var codes = parts.codes
        // Of an odd number of elements, the last half byte is no element's; there it is the code of zero
        if weight.count % 2 == 1 { codes[codes.count - 1] |= 7 }
        #expect(try codes.map { Float($0) } == golden.floats("\(name).codes"))
        // A single scale is the mean: its index is multiplied with zero
        if parts.scales.count > 1 {
            #expect(try parts.scales.map { Float($0) } == golden.floats("\(name).scales"))
        }
        let offset = try golden.floats("\(name).offset")[0]
        #expect(abs(parts.offset - offset) <= 2 * offset.ulp)
        for (own, theirs) in try zip(parts.factors, golden.floats("\(name).factors")) {
            #expect(abs(own - theirs) <= 4 * offset.ulp)
        }
        let values = Weight(blocks).values
        for (i, theirs) in try golden.floats("\(name).values").enumerated() {
            #expect(abs(values[i] - theirs) <= 8 * offset.ulp, "element \(i): \(values[i]), expected \(theirs)")
        }
    }
}
