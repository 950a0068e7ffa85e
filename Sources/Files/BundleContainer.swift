import Foundation

/// The shell of a bundle: an HDF5 file behind a user block that seals it.
///
/// The user block's 512 bytes, little-endian: 0 "amalgam.bundle" and two NULs · 16 u32 version · 20 u32 zero · 24 u64
/// length of the whole file · 32 SHA-256 of the whole file with these 32 bytes zero · 64 zeros. HDF5 tools skip it.
package enum BundleContainer {
    /// The version of the shell that this program writes and reads.
    package static let version: UInt32 = 1

    static let blockSize = 512
    static let magic: [UInt8] = Array("amalgam.bundle".utf8) + [0, 0]
    private static let versionOffset = 16, lengthOffset = 24
    private static let hashRange = 32..<64

    /// Whether a file begins as a bundle does.
    package static func isBundle(_ start: Data) -> Bool {
        start.count >= magic.count && start.prefix(magic.count).elementsEqual(magic)
    }

    /// The bytes of a sealed file with this tree; the same tree always gives the same bytes.
    /// - Throws: what `HDF5.encode` throws
    package static func seal(_ root: HDF5Group) throws(FileError) -> Data {
        seal(image: try HDF5.encode(root, userBlock: blockSize))
    }

    /// Fills the user block of a file that has room for it.
    static func seal(image: Data) -> Data {
        var data = image
        data.replaceSubrange(0..<magic.count, with: magic)
        withUnsafeBytes(of: version.littleEndian) {
            data.replaceSubrange(versionOffset..<versionOffset + 4, with: Data($0))
        }
        withUnsafeBytes(of: UInt64(data.count).littleEndian) {
            data.replaceSubrange(lengthOffset..<lengthOffset + 8, with: Data($0))
        }
        data.replaceSubrange(hashRange, with: hash(of: data))
        return data
    }

    /// Opens a sealed file: checks the seal, then reads the tree by `HDF5.decode`'s rules.
    /// - Parameter allowChanged: accept a file whose length or hash is not the sealed one
    /// - Returns: the tree, and the SHA-256 of the file as it is now, its own field taken as zero
    /// - Throws: `FileError.changed` if any byte is not as it was sealed; `.malformed` or `.unsupported` if it is no
    ///   bundle, or by the tree's rules; `.system` and `.notAFile`
    package static func open(
        _ url: URL, allowChanged: Bool = false, limits: HDF5.Limits = HDF5.Limits()
    ) throws(FileError) -> (root: HDF5Group, sha256: String) {
        let file = try MappedFile(url)
        // A copy: what was hashed is what is read, whoever writes into the file meanwhile.
        return try open(file.withBytes { Data($0) }, name: file.name, allowChanged: allowChanged, limits: limits)
    }

    /// The same for bytes in memory.
    package static func open(
        _ data: Data, name: String, allowChanged: Bool = false, limits: HDF5.Limits = HDF5.Limits()
    ) throws(FileError) -> (root: HDF5Group, sha256: String) {
        // Indices from zero, also for a slice.
        let data = data.startIndex == 0 ? data : Data(data)
        try checkMagic(data, name: name)
        let found = hash(of: data)
        if !allowChanged {
            let length = number(in: data, at: lengthOffset, bytes: 8)
            guard length == UInt64(data.count) else {
                throw .changed(file: name, found: "\(data.count) bytes", expected: "\(length)")
            }
            guard found.elementsEqual(data[hashRange]) else {
                throw .changed(
                    file: name, found: "SHA-256 \(Digest.hex(found.prefix(6)))…",
                    expected: "\(Digest.hex(data[hashRange].prefix(6)))…")
            }
        }
        return (try HDF5.decode(data, name: name, limits: limits), Digest.hex(found))
    }

    private static func checkMagic(_ data: Data, name: String) throws(FileError) {
        guard data.count >= blockSize, data.prefix(magic.count).elementsEqual(magic) else {
            throw .malformed(
                file: name, field: "user block", found: data.isEmpty ? "an empty file" : "no 'amalgam.bundle'",
                expected: "'amalgam.bundle' at the start of at least \(blockSize) bytes",
                fix: "give a bundle that amalgam wrote")
        }
        let found = number(in: data, at: versionOffset, bytes: 4)
        guard found == UInt64(version) else {
            throw .unsupported(
                file: name, field: "user block: version", found: "\(found)", expected: "\(version)",
                fix: "use the program version that wrote it, or create the bundle again")
        }
    }

    private static func number(in data: Data, at offset: Int, bytes: Int) -> UInt64 {
        data[offset..<offset + bytes].reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }

    private static func hash(of data: Data) -> [UInt8] {
        var digest = Digest.Incremental()
        digest.update(data.prefix(hashRange.lowerBound))
        digest.update(Data(count: hashRange.count))
        digest.update(data.suffix(from: hashRange.upperBound))
        return digest.rawDigest()
    }
}
