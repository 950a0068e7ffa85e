import Foundation
import Testing

@testable import Bundles
@testable import Files

/// The numbers of training texts that bundles keep.
@Suite struct TextSketchTests {
    private static func keys(_ range: Range<UInt64>) -> [UInt64] { range.map { ($0 + 1) &* 0x9E37_79B9_7F4A_7C15 } }

    @Test func samplesAndUnions() throws {
        let small = TextSketch(Self.keys(0..<50) + Self.keys(10..<20) + [0])
        #expect(small.texts == 50 && small.keys.count == 50 && !small.isSample)
        #expect(Self.keys(0..<50).allSatisfy(small.contains) && !small.contains(7))
        let large = TextSketch(Self.keys(0..<UInt64(TextSketch.most) + 10))
        #expect(large.isSample && large.keys.count == TextSketch.most && large.texts == TextSketch.most + 10)
        #expect(
            large.keys.max().map { last in Self.keys(0..<100).filter { $0 <= last }.allSatisfy(large.contains) } == true
        )

        let other = TextSketch(Self.keys(40..<60))
        let both = try #require(TextSketch.union([small, other]))
        #expect(both.texts == 60 && both == TextSketch(Self.keys(0..<60)) && !both.isPartial)
        #expect(TextSketch.union([small, small]) == small && TextSketch.union([nil, nil]) == nil)
        let partial = try #require(TextSketch.union([small, nil]))
        #expect(partial.isPartial && partial.keys == small.keys)
        #expect(TextSketch.union([other, partial])?.isPartial == true)
        #expect(TextSketch.union([large, small])?.keys.count == TextSketch.most)
    }

    /// Bundles with and without a sketch are read as they were written, and damaged numbers are refused.
    @Test func files() throws {
        var bundle = try Sample.bundle(.adapter)
        let plain = try BundleFile.data(bundle)
        #expect(try BundleFile.read(plain, name: "a.h5").provenance.texts == nil)
        for sketch in [
            TextSketch(Self.keys(0..<50)), TextSketch([]),
            TextSketch(keys: [1, UInt64.max], texts: 900, isPartial: true),
        ] {
            bundle.provenance.texts = sketch
            let data = try BundleFile.data(bundle)
            #expect(try BundleFile.read(data, name: "a.h5") == bundle)
            #expect(try BundleFile.data(bundle) == data)
        }
        for (keys, texts) in [([3, 2], 9), ([2, 2], 9), ([0, 2], 9), ([1, 2, 3], 2)] as [([UInt64], Int)] {
            bundle.provenance.texts = TextSketch(keys: keys, texts: texts)
            let data = try BundleFile.data(bundle)
            #expect { try BundleFile.read(data, name: "a.h5") } throws: { "\($0)".contains("text_keys_1") }
        }
    }
}
