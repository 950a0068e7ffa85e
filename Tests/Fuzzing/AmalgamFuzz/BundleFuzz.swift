import Adapters
import Foundation
import Models
import Numerics

@testable import Bundles
@testable import Files

/// An HDF5 bundle behind its seal.
enum BundleFuzz: FuzzedReader {
    static let name = "bundle"
    static let files = [
        "Files/BundleContainer.swift", "Files/HDF5Attributes.swift", "Files/ByteCursor.swift", "Files/HDF5Cursor.swift",
        "Files/HDF5Header.swift", "Files/HDF5Heaps.swift", "Files/HDF5Messages.swift", "Files/HDF5Reader.swift",
        "Bundles/BundleReader.swift",
    ]
    static let tokens = words(
        "TREE", "SNOD", "HEAP", "GCOL", "members", "heads", "base", "provenance", "composition", "fusion", "labels",
        "config", "\"fuse\"", "reduction_factor", "1e308", "-1", "first", "mean", "adapter", "full", "head")
    static let memory = (constant: 1 << 18, perByte: 4)

    static func read(_ bytes: [UInt8]) throws -> () throws -> Void {
        let bundle = try BundleFile.read(sealed(bytes), name: Invariants.file)
        // The HDF5 library is slow in making files: one in sixteen is enough.
        guard bytes.reduce(0, &+) % 16 == 0 else { return {} }
        return {
            let data: Data
            do { data = try BundleFile.data(bundle) } catch FileError.notWritable {
                // The HDF5 library's limits of size are a little below the format's.
                return
            }
            let back = try BundleFile.read(data, name: "written")
            Invariants.require(back == bundle, "another bundle after writing and reading")
            Invariants.require(try BundleFile.data(back) == data, "other bytes for the same bundle")
        }
    }

    /// The input behind a seal that is right, or nothing behind it would be reached; as it is where a reserved byte says so.
    /// (Here and not in `repair`, which libFuzzer calls several times an input: hashing is most of the cost.)
    private static func sealed(_ bytes: [UInt8]) -> Data {
        let data = Data(bytes)
        guard bytes.count >= BundleContainer.blockSize, bytes[64] % 16 < 15 else { return data }
        return BundleContainer.seal(image: data)
    }

    /// A hostile number, or one of the file's own, in the place of another.
    static func repair(_ bytes: inout [UInt8], _ random: inout SeededRandom) {
        let block = BundleContainer.blockSize
        guard bytes.count > block + 16, random.below(8) == 0 else { return }
        // The last ones are addresses just before the end, where a structure would reach beyond it.
        let end = UInt64(bytes.count - block)
        let hostile: [UInt64] = [
            .max, .max - 7, 1 << 63, 1 << 62, 1 << 60, 1 << 32, 0, 1, 8, end, end - 1, end - 4, end - 8, end - 16,
        ]
        let place = block + random.below((bytes.count - block) / 8) * 8
        let other = block + random.below((bytes.count - block) / 8) * 8
        let number = random.below(2) == 0 ? hostile[random.below(hostile.count)] : nil
        for index in 0..<8 {
            bytes[place + index] =
                number.map { UInt8(truncatingIfNeeded: $0 >> UInt64(8 * index)) } ?? bytes[other + index]
        }
    }

    static func madeSeeds() throws -> [(name: String, bytes: [UInt8])] {
        try Bundles.AdapterBundle.Kind.allCases.map { kind in
            ("\(kind.rawValue).hdf5", [UInt8](try BundleFile.data(bundle(kind))))
        }
    }

    /// A bundle of each kind over a very small encoder.
    private static func bundle(_ kind: Bundles.AdapterBundle.Kind) throws -> Bundles.AdapterBundle {
        let shape = ModelConfiguration(
            family: "bert", hidden: 2, layers: 1, heads: 1, intermediate: 2, vocabulary: 3, positions: 3, types: 1
        )
        var bundle = Bundles.AdapterBundle(
            name: "seed",
            base: BaseIdentity(name: "small", fingerprint: String(repeating: "ab", count: 32), shape: shape))
        let names = kind == .adapter ? ["a"] : [.fusion, .composition].contains(kind) ? ["a", "b"] : []
        bundle.members = try names.map { name in
            Member(name: name, configuration: try .resolve("seq_bn", overrides: ["reduction_factor=2"]))
        }
        if kind == .adapter { bundle.composition = .leaf("a") }
        if kind == .fusion { bundle.composition = .fuse(["b", "a"]) }
        if kind == .composition {
            bundle.composition = Composition(
                Average(weights: [0.5, 0.5]), [.stack([.leaf("a"), .leaf("b")]), .leaf("b")])
        }
        bundle.overlay = kind == .full ? .base : kind == .mlm ? .languageHead : nil
        bundle.heads = [NamedHead("task", ClassificationHead(labels: ["no", "yes"], pooling: .first))]
        bundle.provenance.settings = #"{"rate":0.001}"#
        bundle.tensors = try bundle.specs().map { spec in
            NamedTensor(spec.name, spec.shape, (0..<spec.count).map { Float($0) / 8 })
        }
        return bundle
    }
}
