import Foundation
import Testing

@testable import Files

struct BundleContainerTests {
    @Test func sealsAndOpens() throws {
        let folder = try TemporaryFolder()
        let data = try BundleContainer.seal(HDF5Trees.sample)
        #expect(try BundleContainer.seal(HDF5Trees.reversed(HDF5Trees.sample)) == data)
        #expect(data.prefix(14) == Data("amalgam.bundle".utf8))
        let url = try folder.file("b.hdf5", data)
        let opened = try BundleContainer.open(url)
        #expect(opened.root == HDF5Trees.sample)
        #expect(opened.sha256 == Digest.hex(data[32..<64]))
        // A slice whose indices do not start at zero.
        let slice = (Data([1, 2, 3]) + data).dropFirst(3)
        #expect(try BundleContainer.open(slice, name: "slice").root == HDF5Trees.sample)
    }

    /// The bytes are the same in every process, on every machine with this library.
    @Test(.enabled(if: HDF5Library.version == [1, 10, 8], "pinned for HDF5 1.10.8"))
    func pinnedBytes() throws {
        let sha256 = try BundleContainer.open(try BundleContainer.seal(HDF5Trees.sample), name: "b").sha256
        #expect(sha256 == "34054d703d579a85ed87e8595b2ebce293a048bf86d0fb4811da236137faf53f")
    }

    @Test func refusesOtherFiles() throws {
        let plain = try HDF5.encode(HDF5Trees.sample)
        for data in [Data(), Data("amalgam.bundle".utf8), plain, Data(count: 600)] {
            let error = #expect(throws: FileError.self) {
                try BundleContainer.open(data, name: "b", allowChanged: true)
            }
            error?.checkMessage(naming: "b")
        }
        var newer = try BundleContainer.seal(HDF5Trees.sample)
        newer[16] = 2
        let error = #expect(throws: FileError.self) { try BundleContainer.open(newer, name: "b") }
        if case .unsupported = error {} else { #expect(Bool(false), "\(String(describing: error))") }
    }
}

struct BundleContainerFuzzTests {
    private static let small = HDF5Group(
        attributes: [("format", .string("amalgam.bundle")), ("list", .integers([1, 2])), ("version", .integer(1))],
        datasets: [("w", HDF5Dataset(shape: [2, 2], value: .float32([1, 2, 3, 4])))],
        groups: [("g", HDF5Group(datasets: [("b", HDF5Dataset(shape: [3], value: .uint8([1, 2, 3])))]))])

    @Test func everyChangedByteIsFound() throws {
        let data = try BundleContainer.seal(Self.small)
        for index in data.indices {
            var changed = data
            changed[index] ^= 1 << UInt8(index % 8)
            #expect(throws: FileError.self, "byte \(index)") { try BundleContainer.open(changed, name: "b") }
        }
    }

    @Test func everyTruncation() throws {
        let data = try BundleContainer.seal(Self.small)
        for count in 0..<data.count {
            let part = data.prefix(count)
            #expect(throws: FileError.self, "\(count)") { try BundleContainer.open(part, name: "b") }
            #expect(throws: FileError.self, "\(count)") {
                try BundleContainer.open(part, name: "b", allowChanged: true)
            }
        }
    }

    /// With the seal ignored, as an attacker can compute it: an error or a tree, and a tree can be written again.
    @Test(arguments: [UInt8(0x01), 0x04, 0x80, 0xFF])
    func changedBytes(mask: UInt8) throws {
        let data = try BundleContainer.seal(Self.small)
        var (trees, errors) = (0, 0)
        for index in data.indices {
            var changed = data
            changed[index] ^= mask
            do {
                let root = try BundleContainer.open(changed, name: "b", allowChanged: true).root
                if index % 16 == 0 { _ = try HDF5.encode(root) }
                trees += 1
            } catch {
                error.checkMessage(naming: "b")
                errors += 1
            }
        }
        #expect(trees > 100 && errors > 100, "\(trees) trees, \(errors) errors: the test does not bite")
    }

    /// Several bytes at once, and 64-bit fields set to values that overflow.
    @Test func randomDamage() throws {
        let data = try BundleContainer.seal(HDF5Trees.sample)
        let hostile: [UInt64] = [.max, .max - 7, 1 << 63, 1 << 62, 1 << 32, 0, 8, 512, UInt64(data.count)]
        for seed in UInt64(1)...20_000 {
            var random = SeededRandom(seed: seed)
            var changed = data
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                let index = Int.random(in: 512..<data.count - 8, using: &random)
                if Bool.random(using: &random) {
                    changed[index] = UInt8.random(in: 0...255, using: &random)
                } else {
                    let field = index & ~7
                    let value = hostile[Int.random(in: 0..<hostile.count, using: &random)]
                    withUnsafeBytes(of: value.littleEndian) {
                        changed.replaceSubrange(field..<field + 8, with: Data($0))
                    }
                }
            }
            do {
                _ = try BundleContainer.open(changed, name: "b", allowChanged: true)
            } catch {
                error.checkMessage(naming: "b")
            }
        }
    }

    /// Lists of one-byte elements are sixteen times as long in memory: a file may have a few of them, not many.
    @Test func listsOfShortElements() throws {
        var root = HDF5Group()
        for index in 0..<40 {
            root.attributes.append(("a\(index)", .integers([Int64](repeating: 0, count: 7_900))))
        }
        var data = try HDF5.encode(root)
        #expect(try HDF5.decode(data, name: "x").attributes.count == 40)
        // The type of every list: 8-byte integers (class 0, version 1; bits 8; size 8; offset 0; precision 64) to text
        // of one byte (class 3).
        let integers = Data([0x10, 8, 0, 0, 8, 0, 0, 0, 0, 0, 64, 0])
        let text = Data([0x13, 0, 0, 0, 1, 0, 0, 0, 0, 0, 64, 0])
        var start = data.startIndex
        var changed = 0
        while let found = data.range(of: integers, in: start..<data.endIndex) {
            data.replaceSubrange(found, with: text)
            // The size of the list follows after the type and the dataspace's own eight bytes: as many as there are bytes.
            let size = found.lowerBound + 16 + 8
            withUnsafeBytes(of: UInt64(7_900 * 8).littleEndian) {
                data.replaceSubrange(size..<size + 8, with: Data($0))
            }
            start = found.upperBound
            changed += 1
        }
        #expect(changed == 40)
        let error = #expect(throws: FileError.self) { try HDF5.decode(data, name: "x") }
        #expect(
            error?.description.contains("texts and lists larger than the file") == true, "\(String(describing: error))")
    }
}
