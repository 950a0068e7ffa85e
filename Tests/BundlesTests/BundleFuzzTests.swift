import Adapters
import Files
import Foundation
import Models
import Testing

@testable import Bundles

/// Files that are not what they were: a typed error, or a bundle that can be written again; never a trap.
@Suite struct BundleFuzzTests {
    @Test(arguments: Sample.kinds) func flippedBytes(kind: AdapterBundle.Kind) throws {
        let folder = try TemporaryFolder()
        let url = folder.file("a.h5")
        let data = try BundleFile.data(Sample.bundle(kind))
        var random = SplitMix(state: 1)
        var refused = 0
        for _ in 0..<400 {
            var changed = data
            for _ in 0...Int(random.next() % 3) {
                changed[512 + Int(random.next() % UInt64(data.count - 512))] = UInt8(truncatingIfNeeded: random.next())
            }
            refused += try read(changed, at: url) ? 0 : 1
        }
        #expect(refused > 0)
    }

    /// The attributes' text is where the format lets everything through: each byte of it in turn.
    @Test(arguments: ["config", "composition", "fusion", "labels", "amalgam.bundle"])
    func flippedText(attribute: String) throws {
        let folder = try TemporaryFolder()
        let url = folder.file("a.h5")
        let data = try BundleFile.data(Sample.bundle(.fusion))
        let texts = [
            "config": #""leave_out""#, "composition": #"{"block""#, "fusion": #""regularization""#, "labels": "ja \"!",
            "amalgam.bundle": "bert",
        ]
        let text = try #require(texts[attribute])
        let range = try #require(data.range(of: Data(text.utf8)))
        var random = SplitMix(state: 2)
        var taken = 0
        for i in max(512, range.lowerBound - 40)..<min(data.count, range.upperBound + 120) {
            for byte in [UInt8(truncatingIfNeeded: random.next()), UInt8(ascii: "9")] {
                var changed = data
                changed[i] = byte
                taken += try read(changed, at: url) ? 1 : 0
            }
        }
        #expect(taken > 0)
    }

    @Test func hostileNumbers() throws {
        let folder = try TemporaryFolder()
        let numbers = [
            "1e308", "-1e308", "1e-308", "9223372036854775807", "-9223372036854775808", "1e19", "0", "-0.0", "1.5",
        ]
        let fields = ["reduction_factor", "scaling", "leave_out", "dropout", "mh_adapter"]
        for field in fields {
            for number in numbers {
                var (root, _) = try BundleContainer.open(BundleFile.data(Sample.bundle(.adapter)), name: "sample")
                let value = field == "leave_out" ? "[\(number)]" : number
                root.set("members/a", "config", .string("{\"\(field)\":\(value)}"))
                _ = try read(BundleContainer.seal(root), at: folder.file("a.h5"))
            }
        }
        for field in ["hidden", "layers", "heads", "intermediate", "vocabulary", "positions", "types"] {
            for number in [Int64.min, -1, 0, 1, 1024, 65_536, 1 << 20, 1 << 40, .max] {
                for kind in Sample.kinds {
                    var (root, _) = try BundleContainer.open(BundleFile.data(Sample.bundle(kind)), name: "sample")
                    root.set("base", field, .integer(number))
                    _ = try read(BundleContainer.seal(root), at: folder.file("a.h5"))
                }
            }
        }
    }

    /// The same for the library's folders: each byte of the configuration, and the tensors' header.
    @Test(arguments: ["seq_bn/adapter", "fusion3/fusion", "head"]) func foreignFolders(path: String) throws {
        let folder = try TemporaryFolder()
        let copy = folder.file("copy")
        try FileManager.default.copyItem(at: Golden.url(path), to: copy)
        for name in ["a", "b", "c"] where path.hasPrefix("fusion") {
            try FileManager.default.copyItem(at: Golden.url("fusion3/\(name)"), to: folder.file(name))
        }
        var random = SplitMix(state: 3)
        var taken = 0
        for name in try FileManager.default.contentsOfDirectory(atPath: copy.path) {
            let file = copy.appendingPathComponent(name)
            let data = try Data(contentsOf: file)
            let step = path.hasPrefix("fusion") ? 17 : 3
            for i in stride(from: 0, to: min(data.count, 1500), by: step) {
                var changed = data
                changed[i] = i % 2 == 0 ? UInt8(ascii: "9") : UInt8(truncatingIfNeeded: random.next())
                for content in [changed, data.prefix(i)] {
                    try content.write(to: file)
                    do {
                        let bundle = try AdapterHubImport.read(folder: copy)
                        taken += 1
                        // What was taken can be written
                        _ = try BundleFile.data(bundle)
                    } catch {
                        #expect(error is BundleError || error is FileError || error is AdapterError, "\(error)")
                    }
                }
            }
            try data.write(to: file)
        }
        #expect(taken > 0)
    }

    /// - Returns: whether the file was taken
    private func read(_ data: Data, at url: URL) throws -> Bool {
        try data.write(to: url)
        let bundle: AdapterBundle
        do {
            bundle = try BundleFile.read(url, allowChanged: true)
        } catch {
            #expect(!"\(error)".isEmpty)
            return false
        }
        // What was taken holds together
        #expect(try BundleFile.read(url, allowChanged: true) == bundle)
        _ = try? BundleFile.data(bundle)
        return true
    }
}

struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
