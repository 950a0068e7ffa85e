import Foundation
import Testing

@testable import Files

/// GGUF files against the Python package `gguf` (Tests/Golden/gguf_golden.py), and files that are wrong.
@Suite struct GGUFFileTests {
    static let golden: URL =
        ProcessInfo.processInfo.environment["AMALGAM_TEST_GOLDEN"].map {
            URL(fileURLWithPath: $0).appendingPathComponent("gguf")
        }.flatMap { FileManager.default.fileExists(atPath: $0.path) ? $0 : nil }
        ?? Golden.folder.deletingLastPathComponent().appendingPathComponent("gguf")

    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func open(_ bytes: [UInt8]) throws -> GGUFFile {
        try GGUFFile(folder.file("w.gguf", Data(bytes)))
    }

    /// Bit for bit, as each operation is rounded once in both.
    @Test func valuesAreTheReferences() throws {
        let file = try GGUFFile(Self.golden.appendingPathComponent("blocks.gguf"))
        let golden = try SafetensorsFile(Self.golden.appendingPathComponent("blocks.safetensors"))
        #expect(Set(file.names) == Set(golden.names))
        var types = Set<GGUFType>()
        for name in golden.names {
            let tensor = try file.tensor(name)
            types.insert(tensor.type)
            #expect(try tensor.shape == golden.tensor(name).shape, "\(name)")
            let (made, expected) = (try tensor.floats(), try golden.floats(name))
            let wrong = zip(made, expected).enumerated().first { $1.0.bitPattern != $1.1.bitPattern }
            #expect(made.count == expected.count && wrong == nil, "\(name): \(String(describing: wrong))")
            // The same in parts
            let block = try #require(tensor.type.block).elements
            let middle = tensor.count / block / 2 * block
            let parts = try tensor.floats(0..<middle) + tensor.floats(middle..<tensor.count)
            #expect(parts.map(\.bitPattern) == made.map(\.bitPattern), "\(name)")
        }
        #expect(types == Set(GGUFType.table.map(\.type)))
        #expect(try golden.floats("q4_0").contains { $0 != 0 && abs($0) < 1e-5 }, "a subnormal scale is among them")
    }

    @Test func metadataIsTheReferences() throws {
        let file = try GGUFFile(Self.golden.appendingPathComponent("blocks.gguf"))
        let json = try JSONReader.read([UInt8](Data(contentsOf: Self.golden.appendingPathComponent("metadata.json"))))
        guard case .object(let members) = json else { throw CocoaError(.fileReadCorruptFile) }
        #expect(file.keys == members.map(\.key) && file.keys.count > 24)
        for (key, value) in members {
            switch value {
            case .string(let text): #expect(try file.text(key) == text)
            case .bool(let flag): #expect(try file.flag(key) == flag)
            case .integer(let number): #expect(try file.integer(key) == number && file.number(key) == Double(number))
            case .number(let number): #expect(try file.number(key) == number)
            case .array(let values):
                #expect(file.count(key) == values.count)
                let integers = values.compactMap { if case .integer(let number) = $0 { number } else { nil } }
                let numbers = values.compactMap { if case .number(let number) = $0 { number } else { nil } }
                let texts = values.compactMap { if case .string(let text) = $0 { text } else { nil } }
                let flags = values.compactMap { if case .bool(let flag) = $0 { flag } else { nil } }
                if !integers.isEmpty { #expect(try file.integers(key) == integers) }
                if !numbers.isEmpty { #expect(try file.numbers(key) == numbers) }
                if !texts.isEmpty { #expect(try file.texts(key) == texts) }
                if !flags.isEmpty { #expect(try file.flags(key) == flags) }
                #expect(integers.count + numbers.count + texts.count + flags.count == values.count)
            default: Issue.record("\(key)")
            }
        }
        #expect(try file.text("none") == nil && file.integers("none") == nil && file.count("test.u8") == nil)
        for wrong in [
            { _ = try file.text("test.u8") }, { _ = try file.integer("test.f32") }, { _ = try file.flag("test.u8") },
            { _ = try file.integer("test.list.u8") }, { _ = try file.texts("test.text") },
            { _ = try file.numbers("test.list.texts") },
        ] as [() throws -> Void] {
            let error = #expect(throws: FileError.self) { try wrong() }
            #expect(error?.description.contains("test.") == true)
        }
    }

    /// Version 2 has the same layout.
    @Test func olderVersionAndOtherAlignment() throws {
        var file = GGUFBuilder.small()
        file.version = 2
        #expect(try open(file.bytes).version == 2)
        file.add("general.alignment", 4, GGUFBuilder.number(UInt32(64)))
        file.alignment = 64
        let other = try open(file.bytes)
        #expect(try other.tensor("b").floats() == [1, 2, 3])
        #expect(other.keys == ["a.count", "a.name", "a.words", "general.alignment"])
        // A file without tensors ends with its header
        file.tensors = []
        file.alignment = 1
        file.data = []
        #expect(try open(file.bytes).names.isEmpty)
    }

    @Test func everyTruncationIsRefused() throws {
        let bytes = GGUFBuilder.small().bytes
        #expect(try open(bytes).tensor("b").floats() == [1, 2, 3])
        for count in 0..<bytes.count {
            do {
                _ = try open(Array(bytes.prefix(count)))
                Issue.record("\(count) bytes were taken")
            } catch let error as FileError {
                error.checkMessage(naming: "w.gguf")
            }
        }
    }

    /// An error, or a file of which everything can be read.
    @Test func everyFlippedBit() throws {
        let bytes = GGUFBuilder.small().bytes
        var taken = 0
        for index in bytes.indices {
            for bit in 0..<8 {
                var changed = bytes
                changed[index] ^= 1 << UInt8(bit)
                do {
                    let file = try open(changed)
                    for key in file.keys where file.count(key) == nil && (try? file.integer(key)) == nil {
                        _ = try file.text(key)
                    }
                    for tensor in file.tensors.values { _ = try tensor.floats() }
                    taken += 1
                } catch let error as FileError {
                    error.checkMessage(naming: "w.gguf")
                }
            }
        }
        #expect(taken > 100)
    }

    /// One change of the small file each, and what the message must name.
    @Test func hostile() throws {
        typealias Builder = GGUFBuilder
        func changed(_ change: (inout Builder) -> Void) -> [UInt8] {
            var file = Builder.small()
            change(&file)
            return file.bytes
        }
        let many = UInt64.max
        let cases: [([UInt8], String)] = [
            ([], "no 'GGUF'"), (Array("GGML".utf8) + [0, 0, 0, 0], "no 'GGUF'"),
            (Array("PK\u{3}\u{4}".utf8), "a zip archive"),
            (changed { $0.version = 1 }, "version: 1, expected 2 or 3"),
            (changed { $0.version = 3 << 24 }, "a big-endian file"),
            (changed { $0.fieldCount = many }, "18446744073709551615 fields"),
            (changed { $0.tensorCount = 1 << 40 }, "1099511627776 tensors"),
            (changed { $0.fields[0].key = [0xFF] }, "a key that is not UTF-8"),
            (changed { $0.fields[1].key = $0.fields[0].key }, "a.count: a second field"),
            (changed { $0.fields[0].type = 13 }, "a.count: a value of type 13"),
            (changed { $0.fields[1].value = Builder.number(many) }, "a text of 18446744073709551615 bytes"),
            (changed { $0.fields[2].value = Builder.list(8, count: many, []) }, "18446744073709551615 elements"),
            (changed { $0.fields[2].value = Builder.list(12, count: 1 << 61, []) }, "2305843009213693952 elements"),
            (changed { $0.fields[2].value = Builder.list(9, count: 1, []) }, "a list of lists"),
            (changed { $0.tensors[0].name = "b" }, "a second tensor 'b'"),
            (changed { $0.tensors[0].sizes = [] }, "tensor w: 0 dimensions"),
            (changed { $0.tensors[0].sizes = [1, 1, 1, 1, 1] }, "tensor w: 5 dimensions"),
            (changed { $0.tensors[0].sizes = [32, 0] }, "a dimension of 0"),
            (changed { $0.tensors[0].sizes = [many] }, "a dimension of 18446744073709551615"),
            (changed { $0.tensors[0].sizes = [1 << 32, 1 << 32] }, "fewer than 2^63 elements"),
            (changed { $0.tensors[0] = .init(name: "w", sizes: [1 << 62], code: 0, offset: 0) }, "2^63 bytes"),
            (changed { $0.tensors[0].sizes = [33, 2] }, "rows of 33 elements, expected a multiple of 32 for Q4_0"),
            (changed { $0.tensors[0].sizes = [32, 4] }, "tensor b: data from byte 64, expected 72 or later"),
            (changed { $0.tensors[1].offset = 60 }, "tensor b: data from byte 60, expected a multiple of 32"),
            (changed { $0.tensors[1].offset = 32 }, "tensor b: data from byte 32, expected 36 or later"),
            (changed { $0.tensors[1].offset = 96 }, "tensor b: 12 bytes from 96"),
            (changed { $0.tensors[1].offset = many - 31 }, "tensor b: 12 bytes from 18446744073709551584"),
            (changed { $0.tensors[1].sizes = [1 << 40] }, "tensor b: 4398046511104 bytes"),
            (changed { $0.add("general.alignment", 4, Builder.number(UInt32(24))) }, "general.alignment: 24"),
            (changed { $0.add("general.alignment", 4, Builder.number(UInt32(0))) }, "general.alignment"),
            (changed { $0.add("general.alignment", 10, Builder.number(UInt64(32))) }, "one value (uint64)"),
        ]
        for (bytes, word) in cases {
            do {
                _ = try open(bytes)
                Issue.record("taken: \(word)")
            } catch let error as FileError {
                error.checkMessage(naming: "w.gguf")
                #expect("\(error)".contains(word), "\(error)")
            }
        }
    }

    /// What cannot be read is an error where it is read.
    @Test func valuesThatCannotBeRead() throws {
        var file = GGUFBuilder.small()
        file.tensors[0].code = 10
        file.add("big", 10, GGUFBuilder.number(UInt64.max))
        file.add("flag", 7, [2])
        file.fields[1].value = GGUFBuilder.number(UInt64(2)) + [0xC3, 0x28]
        let opened = try open(file.bytes)
        for (word, wrong) in [
            ("Q2_K", { _ = try opened.tensor("w").floats() }), ("big", { _ = try opened.integer("big") }),
            ("flag: 2", { _ = try opened.flag("flag") }), ("a.name", { _ = try opened.text("a.name") }),
            ("tensor none", { _ = try opened.tensor("none") }),
        ] as [(String, () throws -> Void)] {
            let error = #expect(throws: FileError.self) { try wrong() }
            error?.checkMessage(naming: "w.gguf")
            #expect(error?.description.contains(word) == true, "\(String(describing: error))")
        }
        for bits in [UInt16(0x7C00), 0xFC00, 0x7E00] {
            var file = GGUFBuilder.small()
            file.data.replaceSubrange(18..<20, with: GGUFBuilder.number(bits))
            let tensor = try open(file.bytes).tensor("w")
            let error = #expect(throws: FileError.self) { try tensor.floats() }
            #expect(error?.description.contains("finite") == true && error?.description.contains("element 32") == true)
            #expect(try tensor.floats(0..<32).count == 32)
        }
    }
}
