import Foundation
import Testing

@testable import Files

/// Weights in four bits against numpy's reading of them (Tests/Golden/q4_golden.py), and files that are wrong.
@Suite struct Q4BlockFileTests {
    private static let folder = Golden.folder.deletingLastPathComponent().appendingPathComponent("q4")
    private let bytes: [UInt8]

    init() throws {
        bytes = Array(try Data(contentsOf: Self.folder.appendingPathComponent("tiny.bin")))
    }

    private func open(_ bytes: [UInt8]) throws(FileError) -> Q4BlockFile { try Q4BlockFile(Data(bytes), name: "w.bin") }

    /// The file with a number put in at a place.
    private func with(_ number: some FixedWidthInteger, at place: Int) -> [UInt8] {
        var changed = bytes
        withUnsafeBytes(of: number.littleEndian) { changed.replaceSubrange(place..<place + $0.count, with: $0) }
        return changed
    }

    @Test func valuesAreTheReferences() throws {
        let file = try open(bytes)
        #expect(
            file.shape
                == .init(
                    hidden: 32, layers: 2, heads: 4, intermediate: 64, vocabulary: 40, positions: 16, types: 2,
                    epsilon: 1e-12))
        let golden = try SafetensorsFile(Self.folder.appendingPathComponent("tiny.safetensors"))
        #expect(Set(file.tensors.keys) == Set(golden.names))
        for name in golden.names {
            let expected = try golden.floats(name)
            #expect(try file.floats(name, 0..<expected.count) == expected, "\(name)")
        }
        let words = try golden.floats("emb.word")
        #expect(try file.floats("emb.word", 64..<160) == Array(words[64..<160]))
        #expect(try file.floats("emb.pos", 96..<101) == Array(golden.floats("emb.pos")[96..<101]))
        #expect(words.contains { $0 != 0 && abs($0) < 1e-5 }, "a subnormal scale is among them")
        #expect(throws: FileError.self) { try file.floats("emb.words", 0..<32) }
    }

    @Test func everyTruncationIsRefused() throws {
        for count in 0..<bytes.count {
            do {
                _ = try open(Array(bytes.prefix(count)))
                Issue.record("\(count) bytes were taken")
            } catch {
                error.checkMessage(naming: "w.bin")
            }
        }
    }

    /// Every bit of all that stands before the tensors: an error, or tensors that can be read to their ends.
    @Test func everyFlippedBit() throws {
        let start = try open(bytes).tensors.values.map(\.range.lowerBound).min() ?? 0
        #expect(start > 117)
        for index in 0..<start {
            for bit in 0..<8 {
                var changed = bytes
                changed[index] ^= 1 << UInt8(bit)
                do {
                    let file = try open(changed)
                    for (name, tensor) in file.tensors { _ = try file.floats(name, 0..<tensor.count) }
                } catch {
                    error.checkMessage(naming: "w.bin")
                }
            }
        }
    }

    /// Places: the header's numbers from 4, the tokenizer from 44, the directory from 113, its second entry from 148.
    @Test func hostile() throws {
        let (entry, second) = (117, 148)
        #expect(bytes[entry + 2..<entry + 10].elementsEqual("emb.word".utf8))
        #expect(bytes[second + 2..<second + 9].elementsEqual("emb.pos".utf8))
        let place = Int(bytes[entry + 15]) + Int(bytes[entry + 16]) << 8
        var twice = bytes
        let key = try #require(Data(bytes).range(of: Data("l0.q.w".utf8)))
        twice.replaceSubrange(key, with: Array("l0.k.w".utf8))
        var accented = bytes
        accented.replaceSubrange(entry + 2..<entry + 10, with: [0xFF] + Array("mb.word".utf8))
        let cases: [([UInt8], String)] = [
            ([], "0 bytes left"), (with(UInt32(0x4655_4747), at: 0), "no 'E5S1'"),
            (with(UInt32(2), at: 4), "version 2"), (with(Int32(-1), at: 8), "hidden size 4294967295"),
            (with(UInt32(0), at: 12), "layers 0"), (with(Float.nan.bitPattern, at: 36), "epsilon nan"),
            (with(UInt32(31), at: 40), "blocks of 31"), (with(UInt32.max, at: 44), "more"),
            (with(UInt64.max, at: 64), "a length of 18446744073709551615"), (with(UInt64.max / 2, at: 64), "more"),
            (with(UInt32.max, at: 99), "more"), (with(UInt32.max, at: 113), "4294967295 tensors"),
            (with(UInt16.max, at: entry), "more"), (accented, "not UTF-8"), (twice, "appears twice"),
            (with(UInt8(7), at: entry + 10), "emb.word: type 7"), (with(UInt32(33), at: entry + 11), "33 elements"),
            (with(UInt32(64), at: entry + 11), "720 bytes, expected 36"),
            (with(UInt64(Int.max), at: entry + 15), "emb.word: bytes from"),
            (with(UInt64.max, at: entry + 15), "a length of"),
            (with(UInt64(1 << 60), at: entry + 15), "emb.word: bytes"),
            (with(UInt64(0), at: entry + 15), "emb.word: bytes 0..<720"),
            (with(UInt64(place + 16), at: entry + 15), "emb.pos: bytes"),
        ]
        for (changed, word) in cases {
            do {
                _ = try open(changed)
                Issue.record("taken: \(word)")
            } catch {
                error.checkMessage(naming: "w.bin")
                #expect("\(error)".contains(word), "\(error)")
            }
        }
    }

    @Test func scalesThatAreNoNumbers() throws {
        let first = try #require(try open(bytes).tensors["emb.word"]).range.lowerBound
        for bits in [UInt16(0x7C00), 0xFC00, 0x7E00] {
            let file = try open(with(bits, at: first + 18))
            let error = #expect(throws: FileError.self) { try file.floats("emb.word", 0..<64) }
            #expect(error?.description.contains("emb.word") == true && error?.description.contains("finite") == true)
            #expect(try file.floats("emb.word", 0..<32).count == 32)
        }
    }
}
