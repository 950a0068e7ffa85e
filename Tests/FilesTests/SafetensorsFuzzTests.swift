import Foundation
import Testing

@testable import Files

struct SafetensorsFuzzTests {
    /// Opens bytes and reads all they hold: a typed error or values, never a trap.
    private static func readAll(_ data: Data, in folder: TemporaryFolder) throws -> FileError? {
        let url = try folder.file("x.safetensors", data)
        let file: SafetensorsFile
        do {
            file = try SafetensorsFile(url)
        } catch {
            error.checkMessage(naming: url.path)
            return error
        }
        for name in file.names {
            do { _ = try file.floats(name) } catch { error.checkMessage(naming: url.path) }
            do { _ = try file.int64s(name) } catch { error.checkMessage(naming: url.path) }
            if let pointer = try file.float32Pointer(name) { _ = pointer[try file.tensor(name).count - 1].bitPattern }
        }
        return nil
    }

    private static func file(header: String, data: Int = 0) -> Data {
        var bytes = Data()
        withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { bytes.append(contentsOf: $0) }
        return bytes + Data(header.utf8) + Data(count: data)
    }

    private static func small() throws -> Data {
        try SafetensorsWriter.data(
            tensors: [("a", [2, 3], .float32([1, 2, 3, 4, 5, 6])), ("b", [3], .int64([1, 2, 3]))],
            metadata: ["k": "v"])
    }

    @Test func everyTruncation() throws {
        let (folder, data) = (try TemporaryFolder(), try Self.small())
        #expect(try Self.readAll(data, in: folder) == nil)
        for count in 0..<data.count { #expect(try Self.readAll(data.prefix(count), in: folder) != nil, "\(count)") }
        #expect(try Self.readAll(data + [0], in: folder) != nil)
    }

    @Test func everyByteChanged() throws {
        let (folder, data) = (try TemporaryFolder(), try Self.small())
        for index in data.indices {
            for mask: UInt8 in [0x01, 0x10, 0x80, 0xFF] {
                var changed = data
                changed[index] ^= mask
                _ = try Self.readAll(changed, in: folder)
            }
        }
    }

    @Test(arguments: [
        "", " {}", "{", "[]", "{}x", "{\"a\":1}", "{\"a\":{}}", "{\"a\"}", "{\"a\":{\"dtype\":\"F32\"}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4,8]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[-1],\"data_offsets\":[0,4]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[1.0],\"data_offsets\":[0,4]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[01],\"data_offsets\":[0,4]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[99999999999999999999],\"data_offsets\":[0,4]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[4611686018427387904,4],\"data_offsets\":[0,4]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[2305843009213693953,8],\"data_offsets\":[0,4]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,4]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,0]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[1,5]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"shape\":[1],\"data_offsets\":[0,4]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,9223372036854775807]}}",
        "{\"a\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4]},\"a\":{\"dtype\":\"U8\",\"shape\":[0],"
            + "\"data_offsets\":[4,4]}}",
        "{\"a\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4]},\"b\":{\"dtype\":\"U8\",\"shape\":[4],"
            + "\"data_offsets\":[0,4]}}",
        "{\"__metadata__\":{\"a\":\"1\",\"a\":\"2\"}}", "{\"__metadata__\":{\"a\":1}}", "{\"__metadata__\":[]}",
        "{\"\\ud800\":{}}", "{\"\\u12\":{}}", "{\"\\x\":{}}", "{\"\u{1}\":{}}", "{\"a",
    ])
    func hostileHeaders(header: String) throws {
        let folder = try TemporaryFolder()
        #expect(try Self.readAll(Self.file(header: header, data: 4), in: folder) != nil)
    }

    /// A name from the file must not break the message's line.
    @Test func namesInMessages() throws {
        let folder = try TemporaryFolder()
        let name = "a\\n" + String(repeating: "b", count: 5000)
        let entry = "{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,5]}"
        let error = try Self.readAll(Self.file(header: "{\"\(name)\":\(entry)}", data: 4), in: folder)
        #expect((error?.description.count ?? .max) < 2100)
    }

    @Test func hostileLengths() throws {
        let folder = try TemporaryFolder()
        for length in [UInt64.max, UInt64(Int64.max), 1 << 63, 100, 9] {
            let bytes = withUnsafeBytes(of: length.littleEndian) { Data($0) } + Data("{}".utf8)
            #expect(try Self.readAll(bytes, in: folder) != nil)
        }
        let deep = String(repeating: "[", count: 1_000_000)
        #expect(try Self.readAll(Self.file(header: "{\"a\":\(deep)"), in: folder) != nil)
    }

    @Test func unknownTypeIsAnErrorOnlyWhenRead() throws {
        let folder = try TemporaryFolder()
        let header =
            "{\"a\":{\"dtype\":\"F4\",\"shape\":[8],\"data_offsets\":[0,4]},"
            + "\"b\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[4,6]}}"
        let url = try folder.file("x.safetensors", Self.file(header: header, data: 6))
        let file = try SafetensorsFile(url)
        #expect(try file.int64s("b") == [0, 0])
        #expect(try file.tensor("a").dtype == .unknown("F4"))
        let error = #expect(throws: FileError.self) { try file.floats("a") }
        #expect(error?.description.contains("type F4") == true)
        let missing = #expect(throws: FileError.self) { try file.floats("c") }
        #expect(missing == .missing(file: url.path, name: "tensor c", present: ["a", "b"]))
    }

    /// An odd header length puts float32 off its alignment: no pointer, but the values.
    @Test func misaligned() throws {
        let folder = try TemporaryFolder()
        var header = "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}"
        while header.utf8.count % 4 != 1 { header += " " }
        let file = try SafetensorsFile(try folder.file("x", Self.file(header: header, data: 4)))
        #expect(try file.float32Pointer("a") == nil)
        #expect(try file.floats("a") == [0])
    }

    @Test func writerRefuses() {
        #expect(throws: FileError.self) { try SafetensorsWriter.data(tensors: [("a", [2], .float32([1]))]) }
        #expect(throws: FileError.self) { try SafetensorsWriter.data(tensors: [("a", [-1, -1], .float32([1]))]) }
        #expect(throws: FileError.self) {
            try SafetensorsWriter.data(tensors: [("a", [1], .float32([1])), ("a", [1], .uint8([1]))])
        }
    }
}
