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
        "Files/BundleContainer.swift", "Files/HDF5Attributes.swift", "Files/HDF5Cursor.swift",
        "Files/HDF5Header.swift", "Files/HDF5Heaps.swift", "Files/HDF5Messages.swift", "Files/HDF5Reader.swift",
        "Bundles/BundleReader.swift",
    ]
    static let tokens = words(
        "TREE", "SNOD", "HEAP", "GCOL", "members", "heads", "base", "provenance", "composition", "fusion", "labels",
        "config", "\"fuse\"", "reduction_factor", "1e308", "-1", "first", "mean", "adapter", "full", "head")
    static let memory = (constant: 1 << 20, perByte: 16)

    static func read(_ bytes: [UInt8]) throws -> () throws -> Void {
        let bundle = try BundleFile.read(Data(bytes), name: Invariants.file)
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

    /// A hostile number, or one of the file's own, in the place of another; then the seal.
    static func repair(_ bytes: inout [UInt8], _ random: inout SeededRandom) {
        let block = BundleContainer.blockSize
        if bytes.count > block + 16, random.below(8) == 0 {
            let hostile: [UInt64] = [.max, .max - 7, 1 << 63, 1 << 62, 1 << 60, 1 << 32, 0, 1, 8, UInt64(bytes.count)]
            let place = block + random.below((bytes.count - block) / 8) * 8
            guard place + 8 <= bytes.count else { return }
            if random.below(2) == 0 {
                let number = hostile[random.below(hostile.count)]
                for index in 0..<8 { bytes[place + index] = UInt8(truncatingIfNeeded: number >> UInt64(8 * index)) }
            } else {
                let other = block + random.below((bytes.count - block) / 8) * 8
                guard other + 8 <= bytes.count else { return }
                for index in 0..<8 { bytes[place + index] = bytes[other + index] }
            }
        }
        while bytes.count < block { bytes.append(0) }
        bytes = [UInt8](BundleContainer.seal(image: Data(bytes)))
        // The user block's reserved bytes and the members' hashes are left alone: the first are checked by the seal,
        // the second stop only what has a valid schema.
    }

    static func madeSeeds() throws -> [(name: String, bytes: [UInt8])] {
        try Bundles.AdapterBundle.Kind.allCases.map { kind in
            ("\(kind.rawValue).h5", [UInt8](try BundleFile.data(bundle(kind))))
        }
    }

    /// A bundle of each kind over a very small encoder.
    private static func bundle(_ kind: Bundles.AdapterBundle.Kind) throws -> Bundles.AdapterBundle {
        let shape = EncoderConfiguration(
            architecture: "bert", hidden: 2, layers: 1, heads: 1, intermediate: 2, vocabulary: 3, positions: 3, types: 1
        )
        var bundle = Bundles.AdapterBundle(
            kind: kind, name: "seed",
            base: BaseIdentity(name: "small", fingerprint: String(repeating: "ab", count: 32), shape: shape))
        let names = kind == .adapter ? ["a"] : kind == .fusion ? ["a", "b"] : []
        bundle.members = try names.map { name in
            Member(name: name, configuration: try .resolve("seq_bn", overrides: ["reduction_factor=2"]))
        }
        if kind == .adapter { bundle.composition = .leaf("a") }
        if kind == .fusion { (bundle.composition, bundle.fusion) = (.fuse(["b", "a"]), .dynamic) }
        bundle.heads = [NamedHead("task", ClassificationHead(labels: ["no", "yes"], pooling: .first))]
        bundle.provenance.settings = #"{"rate":0.001}"#
        bundle.tensors = try bundle.specs().map { spec in
            NamedTensor(spec.name, spec.shape, (0..<spec.count).map { Float($0) / 8 })
        }
        return bundle
    }
}
