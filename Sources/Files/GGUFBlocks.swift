/// The numbers that blocks of a GGUF file stand for, as float32.
///
/// Each is computed in float32 with one rounding after each operation and in the order of the Python package `gguf`, so the bits
/// are the same. Blocks are little-endian and begin at any address.
enum GGUFBlocks {
    /// - Parameters:
    ///   - bytes: whole blocks
    ///   - values: room for all their elements
    static func unpack(_ type: GGUFType, _ bytes: UnsafeRawBufferPointer, to values: UnsafeMutablePointer<Float>) {
        guard let block = type.block, let start = bytes.baseAddress else { return }
        precondition(bytes.count % block.bytes == 0, "whole blocks")
        let count = bytes.count / block.bytes
        switch type {
        case .float32:
            for i in 0..<count {
                let bits = start.loadUnaligned(fromByteOffset: 4 * i, as: UInt32.self)
                values[i] = Float(bitPattern: UInt32(littleEndian: bits))
            }
        case .float16: for i in 0..<count { values[i] = half(start + 2 * i) }
        case .bfloat16:
            for i in 0..<count {
                let bits = start.loadUnaligned(fromByteOffset: 2 * i, as: UInt16.self)
                values[i] = Float(bitPattern: UInt32(UInt16(littleEndian: bits)) << 16)
            }
        case .q80: for i in 0..<count { q80(start + i * block.bytes, values + i * block.elements) }
        case .q40: for i in 0..<count { q40(start + i * block.bytes, values + i * block.elements) }
        case .q41: for i in 0..<count { q41(start + i * block.bytes, values + i * block.elements) }
        case .q50: for i in 0..<count { q50(start + i * block.bytes, values + i * block.elements) }
        case .q51: for i in 0..<count { q51(start + i * block.bytes, values + i * block.elements) }
        case .q4K: for i in 0..<count { q4K(start + i * block.bytes, values + i * block.elements) }
        case .q6K: for i in 0..<count { q6K(start + i * block.bytes, values + i * block.elements) }
        case .unknown: return
        }
    }

    /// A number in half precision.
    @inline(__always)
    private static func half(_ place: UnsafeRawPointer) -> Float {
        Float(float16bits: UInt16(littleEndian: place.loadUnaligned(as: UInt16.self)))
    }

    @inline(__always)
    private static func byte(_ place: UnsafeRawPointer, _ offset: Int) -> UInt8 {
        place.load(fromByteOffset: offset, as: UInt8.self)
    }

    // MARK: Blocks of 32; the low halves of the bytes are the first sixteen elements

    private static func q80(_ block: UnsafeRawPointer, _ values: UnsafeMutablePointer<Float>) {
        let scale = half(block)
        for i in 0..<32 { values[i] = Float(Int8(bitPattern: byte(block, 2 + i))) * scale }
    }

    private static func q40(_ block: UnsafeRawPointer, _ values: UnsafeMutablePointer<Float>) {
        let scale = half(block)
        for i in 0..<16 {
            let pair = byte(block, 2 + i)
            values[i] = scale * Float(Int32(pair & 15) - 8)
            values[16 + i] = scale * Float(Int32(pair >> 4) - 8)
        }
    }

    private static func q41(_ block: UnsafeRawPointer, _ values: UnsafeMutablePointer<Float>) {
        let (scale, least) = (half(block), half(block + 2))
        for i in 0..<16 {
            let pair = byte(block, 4 + i)
            values[i] = scale * Float(pair & 15) + least
            values[16 + i] = scale * Float(pair >> 4) + least
        }
    }

    /// The fifth bits come first, one of each element in one number.
    private static func q50(_ block: UnsafeRawPointer, _ values: UnsafeMutablePointer<Float>) {
        let scale = half(block)
        let high = UInt32(littleEndian: (block + 2).loadUnaligned(as: UInt32.self))
        for i in 0..<16 {
            let pair = UInt32(byte(block, 6 + i))
            values[i] = scale * Float(Int32(pair & 15 | (high >> i & 1) << 4) - 16)
            values[16 + i] = scale * Float(Int32(pair >> 4 | (high >> (16 + i) & 1) << 4) - 16)
        }
    }

    private static func q51(_ block: UnsafeRawPointer, _ values: UnsafeMutablePointer<Float>) {
        let (scale, least) = (half(block), half(block + 2))
        let high = UInt32(littleEndian: (block + 4).loadUnaligned(as: UInt32.self))
        for i in 0..<16 {
            let pair = UInt32(byte(block, 8 + i))
            values[i] = scale * Float(pair & 15 | (high >> i & 1) << 4) + least
            values[16 + i] = scale * Float(pair >> 4 | (high >> (16 + i) & 1) << 4) + least
        }
    }

    // MARK: Blocks of 256

    /// Scale, scale of the minima, twelve bytes of scales and minima in six bits, then four bits an element: the low halves of
    /// 32 bytes are one part, the high halves the next.
    private static func q4K(_ block: UnsafeRawPointer, _ values: UnsafeMutablePointer<Float>) {
        let (scale, leastScale) = (half(block), half(block + 2))
        for part in 0..<8 {
            let (factor, least) = factors(block + 4, part)
            let (own, below) = (scale * Float(factor), leastScale * Float(least))
            let shift = UInt8(part % 2 * 4)
            let bytes = block + 16 + part / 2 * 32
            for i in 0..<32 {
                values[part * 32 + i] = own * Float(byte(bytes, i) >> shift & 15) - below
            }
        }
    }

    /// Six bits each of a part's scale and minimum: of the first four parts in the low bits of bytes 0–3 and 4–7, of the others in
    /// bytes 8–11 with their upper two bits in the upper bits of the first eight.
    private static func factors(_ bytes: UnsafeRawPointer, _ part: Int) -> (scale: UInt8, least: UInt8) {
        if part < 4 { return (byte(bytes, part) & 63, byte(bytes, part + 4) & 63) }
        let low = byte(bytes, part + 4)
        return (low & 15 | byte(bytes, part - 4) >> 2 & 48, low >> 4 | byte(bytes, part) >> 2 & 48)
    }

    /// 128 bytes with the lower four bits, 64 with the upper two, sixteen signed scales, then the scale of all.
    private static func q6K(_ block: UnsafeRawPointer, _ values: UnsafeMutablePointer<Float>) {
        let scale = half(block + 208)
        for row in 0..<8 {
            let (side, column) = (row / 4, row % 4)
            let low = block + side * 64 + column % 2 * 32
            let high = block + 128 + side * 32
            let (lowShift, highShift) = (UInt8(column / 2 * 4), UInt8(column * 2))
            for part in 0..<2 {
                let own = scale * Float(Int8(bitPattern: byte(block, 192 + row * 2 + part)))
                for i in part * 16..<part * 16 + 16 {
                    let bits = byte(low, i) >> lowShift & 15 | (byte(high, i) >> highShift & 3) << 4
                    values[row * 32 + i] = own * Float(Int32(bits) - 32)
                }
            }
        }
    }
}
