import CZlib

/// Why bytes are not gzip data, or not taken.
package enum GzipFault: Error, Equatable {
    /// They do not begin as gzip data.
    case otherFormat
    /// They end within the data.
    case cutOff
    /// A checksum, a length or a code is wrong.
    case damaged
    /// What comes out is larger than the limit.
    case tooLarge(limit: Int)
}

/// Reads gzip data (RFC 1952), of one member or several.
package enum Gzip {
    package static func isGzip(_ bytes: some Collection<UInt8>) -> Bool { bytes.starts(with: [0x1F, 0x8B]) }

    /// What the bytes hold.
    /// - Parameter limit: of the result's size. Memory follows what comes out, not what a header says: 1 MB can hold 1 GB.
    package static func read(_ bytes: [UInt8], limit: Int) throws(GzipFault) -> [UInt8] {
        guard isGzip(bytes) else { throw .otherFormat }
        var result: [UInt8] = []
        var start = 0
        while start < bytes.count {
            // Some writers fill a block up with zeros.
            if !result.isEmpty || start > 0, bytes[start...].allSatisfy({ $0 == 0 }) { break }
            guard isGzip(bytes[start...]) else { throw .damaged }
            start += try member(bytes, from: start, into: &result, limit: limit)
        }
        return result
    }

    private static let blockSize = 1 << 16

    /// Reads one member.
    /// - Returns: its length
    private static func member(
        _ bytes: [UInt8], from start: Int, into result: inout [UInt8], limit: Int
    ) throws(GzipFault) -> Int {
        var stream = z_stream()
        guard amalgam_zlib_begin_gzip(&stream) == Z_OK else { throw .damaged }
        defer { inflateEnd(&stream) }
        var block = [UInt8](repeating: 0, count: blockSize)
        var used = start
        while true {
            let part = min(bytes.count - used, 1 << 30)
            var left: (input: Int, output: Int) = (0, 0)
            let code = bytes.withUnsafeBufferPointer { input in
                block.withUnsafeMutableBufferPointer { output -> Int32 in
                    // zlib does not write through its input.
                    stream.next_in = input.baseAddress.map { UnsafeMutablePointer(mutating: $0 + used) }
                    stream.avail_in = UInt32(part)
                    stream.next_out = output.baseAddress
                    stream.avail_out = UInt32(output.count)
                    let code = inflate(&stream, Z_NO_FLUSH)
                    left = (Int(stream.avail_in), Int(stream.avail_out))
                    return code
                }
            }
            used += part - left.input
            let made = blockSize - left.output
            guard result.count + made <= limit else { throw .tooLarge(limit: limit) }
            result += block[..<made]
            switch code {
            case Z_STREAM_END: return used - start
            case Z_OK where made > 0 || left.input < part: continue
            case Z_OK, Z_BUF_ERROR: throw .cutOff
            default: throw .damaged
            }
        }
    }
}
