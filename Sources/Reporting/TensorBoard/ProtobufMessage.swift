/// A message in protobuf's wire format: fields in the order in which they are added.
struct ProtobufMessage {
    private(set) var bytes: [UInt8] = []

    private enum Wire: UInt64 {
        case varint = 0
        case fixed64 = 1
        case length = 2
        case fixed32 = 5
    }

    private mutating func append(varint: UInt64) {
        var rest = varint
        while rest >= 0x80 {
            bytes.append(UInt8(rest & 0x7F) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }

    private mutating func key(_ field: UInt64, _ wire: Wire) { append(varint: field << 3 | wire.rawValue) }

    mutating func add(_ field: UInt64, _ value: Int) {
        key(field, .varint)
        append(varint: UInt64(bitPattern: Int64(value)))
    }

    mutating func add(_ field: UInt64, _ value: Double) {
        key(field, .fixed64)
        bytes += value.bitPattern.littleEndianBytes
    }

    mutating func add(_ field: UInt64, _ value: Float) {
        key(field, .fixed32)
        bytes += value.bitPattern.littleEndianBytes
    }

    mutating func add(_ field: UInt64, _ content: [UInt8]) {
        key(field, .length)
        append(varint: UInt64(content.count))
        bytes += content
    }

    mutating func add(_ field: UInt64, _ text: String) { add(field, Array(text.utf8)) }

    /// A message within this one.
    mutating func add(_ field: UInt64, _ fill: (inout ProtobufMessage) -> Void) {
        var inner = ProtobufMessage()
        fill(&inner)
        add(field, inner.bytes)
    }
}

extension FixedWidthInteger {
    var littleEndianBytes: [UInt8] { withUnsafeBytes(of: littleEndian) { Array($0) } }
}
