import Foundation
import Testing

@testable import Files

/// Against files of the format's own library.
struct SafetensorsParityTests {
    @Test func readsEveryType() throws {
        let file = try SafetensorsFile(Golden.url("types.safetensors"))
        let expected = try Golden.expected()
        for (name, floats) in expected.floats {
            // As bits: -0 is not 0.
            #expect(try file.floats(name).map(\.bitPattern) == floats.map(\.bitPattern), "\(name)")
        }
        for (name, numbers) in expected.int64s { #expect(try file.int64s(name) == numbers, "\(name)") }
        #expect(file.metadata == ["format": "pt"])
        #expect(try file.tensor("encoder.weight").shape == [3, 5])
        #expect(try file.tensor("scalar").shape == [])
        #expect(try file.tensor("ünïcode \"quoted\"\n").shape == [0, 4])
        #expect(try file.floats("ünïcode \"quoted\"\n") == [])
        let pointer = try #require(try file.float32Pointer("encoder.weight"))
        #expect(Array(UnsafeBufferPointer(start: pointer, count: 15)) == expected.floats["encoder.weight"])
        #expect(try file.float32Pointer("half") == nil)
    }

    @Test func writesTheSameBytes() throws {
        let file = try SafetensorsFile(Golden.url("types.safetensors"))
        let expected = try Golden.expected()
        let bits = { (name: String) in expected.bits[name] ?? [] }
        var tensors: [(name: String, shape: [Int], value: SafetensorsValue)] = [
            ("encoder.weight", [3, 5], .float32(try file.floats("encoder.weight"))),
            ("half", [8], .float16bits(bits("half"))), ("brain", [7], .bfloat16bits(bits("brain"))),
            ("double", [2, 1, 3], .float64(expected.double)), ("ids", [4], .int64(try file.int64s("ids"))),
            ("small", [2, 1], .int32(try file.int64s("small").map { Int32($0) })),
            ("bytes", [3], .uint8(try file.int64s("bytes").map { UInt8($0) })),
            ("ünïcode \"quoted\"\n", [0, 4], .float32([])), ("scalar", [], .float32([1.5])),
        ]
        let golden = try Golden.data("types.safetensors")
        #expect(try SafetensorsWriter.data(tensors: tensors, metadata: ["format": "pt"]) == golden)
        tensors.reverse()
        #expect(try SafetensorsWriter.data(tensors: tensors, metadata: ["format": "pt"]) == golden)
    }

    /// Every half-precision number, against the compiler's own type where there is one.
    @Test func halfPrecision() {
        #if !(os(macOS) && arch(x86_64))
            for bits in UInt16.min...UInt16.max {
                let (ours, theirs) = (Float(float16bits: bits), Float(Float16(bitPattern: bits)))
                if theirs.isNaN {
                    #expect(ours.isNaN)
                } else {
                    #expect(ours.bitPattern == theirs.bitPattern, "\(bits)")
                }
            }
        #endif
    }
}
