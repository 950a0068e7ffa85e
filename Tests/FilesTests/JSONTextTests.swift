import Foundation
import Testing

@testable import Files

struct JSONTextTests {
    /// JSON has no word for NaN and infinity: they become null, never something that no reader takes.
    @Test func whatIsNotFiniteBecomesNull() throws {
        for value in [Double.nan, .infinity, -.infinity] {
            #expect(JSONText.number(value) == "null" && JSONText.number(Float(value)) == "null")
            #expect(JSONValue.array([.number(value), .integer(1)]).json == "[null,1]")
        }
        #expect(JSONText.number(2.0) == "2" && JSONText.number(Float(0.1)) == "0.1" && JSONText.number(-0.5) == "-0.5")
    }

    @Test func writtenTextIsReadBack() throws {
        for text in ["", "a", "\"\\\n\t\r\u{0}\u{1F}", "日本 🙂 e\u{301}\u{2028}"] {
            let value = JSONValue.object([("k\"\n", .string(text)), ("n", .number(1e-7)), ("b", .bool(true))])
            let back = try JSONReader.read(Array(value.json.utf8))
            #expect("\(back)" == "\(value)")
            #expect(!value.json.contains("\n"))
        }
    }

    @Test func membersKnowTheirBytes() throws {
        let bytes = Array("\u{FEFF} {\"a\" :  [1, {\"b\": 2.50}] , \"c\":\"x\"}".utf8)
        let members = try #require(try JSONReader.members(bytes))
        #expect(members.map(\.key) == ["a", "c"])
        #expect(members.map { String(decoding: bytes[$0.source], as: UTF8.self) } == ["[1, {\"b\": 2.50}]", "\"x\""])
        let other = try JSONReader.members(Array("[1]".utf8))
        #expect(other?.count == nil)
        #expect(throws: JSONFault.self) { try JSONReader.members(Array("{\"a\": 1} 2".utf8)) }
        #expect(throws: JSONFault.self) { try JSONReader.members(Array("[1".utf8)) }
    }
}

struct ByteStreamTests {
    @Test func aFileComesInPiecesAndEnds() throws {
        let url = FileManager.default.temporaryDirectory.appendingPathComponent("stream-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: url) }
        let data = Data((0..<200_000).map { UInt8(truncatingIfNeeded: $0 &* 31) })
        try data.write(to: url)
        for stream in [try ByteStream(url), ByteStream(data, name: "memory")] {
            var read: [UInt8] = []
            while case .bytes(let bytes) = try stream.next() { read += bytes }
            #expect(read == Array(data))
            #expect(try stream.next(within: 0) == .end)
        }
        #expect(throws: FileError.self) { try ByteStream(url.appendingPathComponent("none")) }
        #expect(throws: FileError.self) { try ByteStream(url.deletingLastPathComponent()) }
    }

    @Test func aPipeIsWaitedForAsLongAsAsked() throws {
        let pipe = Pipe()
        let stream = try ByteStream(descriptor: pipe.fileHandleForReading.fileDescriptor, name: "pipe")
        #expect(try stream.next(within: 1) == .nothingYet)
        try pipe.fileHandleForWriting.write(contentsOf: Data("ab".utf8))
        #expect(try stream.next(within: 1000) == .bytes(Array("ab".utf8)))
        try pipe.fileHandleForWriting.close()
        #expect(try stream.next() == .end)
        // One that can only be written to
        let other = Pipe()
        let closed = try ByteStream(descriptor: other.fileHandleForWriting.fileDescriptor, name: "standard input")
        #expect(throws: FileError.self) { try closed.next() }
    }
}
