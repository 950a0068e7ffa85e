import Foundation

/// HDF5 files as values, in memory: a tree to bytes and back.
///
/// Writing goes through the HDF5 library, so that every tool of that world can read the result. Reading does not: HDF5
/// 1.10 trusts a file's metadata (one changed byte in 500 of a small file made it crash or hang), and so a reader of
/// our own takes the part of the format that `encode`, and h5py by default, write: `HDF5Reader`.
package enum HDF5 {
    /// Bounds that a tree is held to, in writing and reading.
    package struct Limits: Sendable {
        /// Groups within groups, the root being 0.
        package var depth = 32
        /// Groups, datasets and attributes together.
        package var objects = 1_000_000
        /// Dimensions of a dataset (the format's own limit).
        package var rank = 32
        /// Bytes of a path from the root, "/members/a".
        package var pathBytes = 4096
        /// Bytes of one attribute's strings together.
        package var textBytes = 64 << 20

        package init() {}
    }

    /// The bytes of an HDF5 file that holds `root`; the same tree always gives the same bytes.
    ///
    /// Contiguous datasets without times or filters in the oldest format; strings are variable-length UTF-8.
    /// - Parameter userBlock: bytes left zero before the HDF5 part: 0, or a power of two from 512.
    /// - Throws: `FileError.notWritable` names the first child that the format cannot hold (two of one name, elements
    ///   that do not fit the shape, NUL in text, an array attribute over 64,000 bytes); `.library` for what the library
    ///   says.
    package static func encode(_ root: HDF5Group, userBlock: Int = 0) throws(FileError) -> Data {
        try HDF5Check.check(root, limits: Limits())
        return try HDF5Writer.encode(root, userBlock: userBlock)
    }

    /// Refuses a tree that `encode` could not write.
    /// - Throws: `FileError.notWritable`
    package static func check(_ root: HDF5Group) throws(FileError) { try HDF5Check.check(root, limits: Limits()) }

    /// The tree in the bytes of an HDF5 file (a user block before it is skipped).
    ///
    /// Takes groups and contiguous or compact datasets of float32, uint16, int64 and uint8, reached by hard links only;
    /// attributes of text, whole and floating-point numbers, single or lists. Everything else is refused by name. Time
    /// and memory are bounded by the file's length: no number in it is believed before it is checked against that.
    /// - Parameter name: what error messages call the file
    package static func decode(
        _ data: Data, name: String, limits: Limits = Limits()
    ) throws(FileError) -> HDF5Group {
        // Typed throws do not pass through Data's withUnsafeBytes.
        let result: Result<HDF5Group, FileError> = data.withUnsafeBytes { bytes in
            Result { () throws(FileError) in try decode(bytes, name: name, limits: limits) }
        }
        return try result.get()
    }

    /// The same for bytes that lie elsewhere.
    package static func decode(
        _ bytes: UnsafeRawBufferPointer, name: String, limits: Limits = Limits()
    ) throws(FileError) -> HDF5Group {
        try HDF5Reader(bytes, name: name, limits: limits).readRoot()
    }
}
