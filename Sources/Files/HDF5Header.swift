/// The messages of an object header of version 1, sorted by what they say.
struct HDF5Header {
    private(set) var symbolTable: ByteCursor?
    private(set) var space: ByteCursor?
    private(set) var type: ByteCursor?
    private(set) var layout: ByteCursor?
    private(set) var attributes: [ByteCursor] = []

    /// Whether it has what only datasets have; `readDataset` says what is missing.
    var isDataset: Bool { space != nil || type != nil || layout != nil }

    private enum Kind {
        static let nothing = 0x00, space = 0x01, linkInfo = 0x02, type = 0x03, oldFill = 0x04, fill = 0x05
        static let link = 0x06, externalFiles = 0x07, layout = 0x08, filters = 0x0B, attribute = 0x0C
        static let comment = 0x0D, oldTime = 0x0E, continuation = 0x10, symbolTable = 0x11, time = 0x12
    }

    init(at address: UInt64, of reader: HDF5Reader, field: String) throws(FileError) {
        var prefix = try reader.structure(at: address, count: 16, field: "\(field): object header")
        let version = try prefix.byte()
        guard version == 1 else {
            if version == UInt8(ascii: "O") { throw prefix.unsupported("a newer version", expected: "version 1") }
            throw prefix.malformed("version \(version)", expected: "1")
        }
        try prefix.skip(1 + 2 + 4)
        let size = UInt64(try prefix.word())
        let (start, overflow) = address.addingReportingOverflow(16)
        guard !overflow else { throw prefix.malformed("address \(address)", expected: "one within the file") }

        var blocks = [try reader.part(at: start, count: size, field: "\(field): object header")]
        while var block = blocks.popLast() {
            // What is left below a message's own eight bytes is padding.
            while block.rest.count >= 8 {
                let kind = try block.short()
                let size = try block.short()
                let flags = try block.byte()
                try block.skip(3)
                let bytes = try block.take(size)
                let title = "\(field): \(Self.title(kind))"
                let message = ByteCursor(bytes, file: reader.name, field: title)
                if kind == Kind.nothing { continue }
                guard flags & 2 == 0 else {
                    throw message.unsupported("shared with another object", expected: "not shared")
                }
                if kind == Kind.continuation {
                    var message = message
                    let next = try message.long()
                    let count = try message.long()
                    blocks.append(try reader.structure(at: next, count: count, field: title))
                } else {
                    try keep(message, kind: kind)
                }
            }
        }
    }

    private mutating func keep(_ message: ByteCursor, kind: Int) throws(FileError) {
        switch kind {
        case Kind.symbolTable: try Self.set(&symbolTable, message)
        case Kind.space: try Self.set(&space, message)
        case Kind.type: try Self.set(&type, message)
        case Kind.layout: try Self.set(&layout, message)
        case Kind.attribute: attributes.append(message)
        // Without meaning for data that is all there.
        case Kind.oldFill, Kind.fill, Kind.comment, Kind.oldTime, Kind.time: break
        case Kind.externalFiles:
            throw message.unsupported("data in other files", expected: "all data in this one")
        case Kind.filters:
            throw message.unsupported("compressed or otherwise filtered data", expected: "plain data")
        case Kind.link, Kind.linkInfo:
            throw message.unsupported(
                "links as messages (external or user-defined links, or a newer format)", expected: "hard links")
        default: throw message.unsupported("a message of kind \(kind)", expected: "those of plain datasets and groups")
        }
    }

    private static func set(_ place: inout ByteCursor?, _ message: ByteCursor) throws(FileError) {
        guard place == nil else { throw message.malformed("a second one", expected: "one an object") }
        place = message
    }

    private static func title(_ kind: Int) -> String {
        switch kind {
        case Kind.space: "dataspace"
        case Kind.type: "datatype"
        case Kind.layout: "layout"
        case Kind.attribute: "attribute"
        case Kind.symbolTable: "symbol table"
        case Kind.continuation: "header continuation"
        default: "header message"
        }
    }
}
