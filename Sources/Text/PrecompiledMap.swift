import Files
import Foundation

/// sentencepiece's table of replacements, as `precompiled_charsmap` holds it: a double-array trie (Darts) over UTF-8, and the
/// replacements behind it, each ended by a NUL.
struct PrecompiledMap: Sendable {
    private let trie: [UInt32]
    private let replacements: [UInt8]
    /// Where the replacement of each scalar below the ideographs begins, −1 where it has none: nearly all text needs no more.
    private var single: [Int32] = []
    private static let singles: UInt32 = 0x3400

    /// - Returns: nil where the bytes are no such table.
    init?(_ bytes: [UInt8]) {
        guard bytes.count >= 4 else { return nil }
        let size = (0..<4).reduce(0) { $0 | Int(bytes[$1]) << (8 * $1) }
        guard size % 4 == 0, size >= 1024, size <= bytes.count - 4 else { return nil }
        trie = (0..<size / 4).map { i in (0..<4).reduce(0) { $0 | UInt32(bytes[4 + 4 * i + $1]) << UInt32(8 * $1) } }
        replacements = Array(bytes[(4 + size)...])
        guard String(validating: replacements, as: UTF8.self) != nil else { return nil }
        single = (0..<Self.singles).map { value in
            guard let scalar = Unicode.Scalar(value) else { return -1 }
            return Int32(find(UTF8.encode(scalar).map { Array($0) } ?? []) ?? -1)
        }
    }

    /// Where the replacement of the shortest beginning of these bytes that has one begins.
    private func find(_ key: [UInt8]) -> Int? {
        var place = Self.offset(trie[0])
        for byte in key {
            guard byte != 0 else { return nil }
            place ^= Int(byte)
            guard place < trie.count else { return nil }
            let unit = trie[place]
            guard unit & (1 << 31 | 0xFF) == UInt32(byte) else { return nil }
            place ^= Self.offset(unit)
            guard unit >> 8 & 1 == 1 else { continue }
            guard place < trie.count else { return nil }
            let start = Int(trie[place] & (1 << 31 - 1))
            return start < replacements.count ? start : nil
        }
        return nil
    }

    private static func offset(_ unit: UInt32) -> Int { Int(unit >> 10) << Int((unit & 1 << 9) >> 6) }

    func write(to identity: inout TokenizerIdentity) {
        identity.add(trie.withUnsafeBytes { Digest.sha256($0) })
        identity.add(replacements.withUnsafeBytes { Digest.sha256($0) })
    }

    /// Whether a scalar has a replacement, and where.
    @inline(__always)
    func replacement(of scalar: UInt32) -> Int? {
        if scalar < Self.singles { return single[Int(scalar)] < 0 ? nil : Int(single[Int(scalar)]) }
        guard let scalar = Unicode.Scalar(scalar), let bytes = UTF8.encode(scalar) else { return nil }
        return find(Array(bytes))
    }

    /// The same for a cluster of several scalars, at most five bytes: the replacement of its shortest beginning.
    func replacement(of cluster: Character) -> Int? { find(Array(cluster.utf8)) }

    /// The scalars of a replacement.
    func scalars(at start: Int) -> [UInt32] {
        var end = start
        while end < replacements.count, replacements[end] != 0 { end += 1 }
        return String(decoding: replacements[start..<end], as: UTF8.self).unicodeScalars.map(\.value)
    }
}
