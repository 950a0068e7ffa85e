/// What a file is that was expected to be something else: recognized by its first bytes, so that a message names the true cause.
package struct ForeignContent: Equatable, Sendable {
    /// "a git-lfs pointer of 12 MB"
    package let found: String
    /// What helps.
    package let fix: String

    private static let pointer = "version https://git-lfs.github.com/spec/"

    /// - Returns: nil for bytes that say nothing about themselves
    package init?(_ bytes: UnsafeRawBufferPointer) {
        func starts(with prefix: [UInt8]) -> Bool { bytes.prefix(prefix.count).elementsEqual(prefix) }
        if starts(with: Array(Self.pointer.utf8)) {
            found = "a git-lfs pointer, not the file itself"
            fix = "run 'git lfs pull' in its folder, or download the file itself"
        } else if starts(with: [0x1F, 0x8B]) {
            found = "gzip bytes"
            fix = "unpack it with gunzip"
        } else if starts(with: [0x50, 0x4B, 3, 4]) {
            found = "a zip archive (PyTorch's .bin and .pt files are such archives)"
            fix = "unpack it; for PyTorch weights, load the model in Python and call save_pretrained"
        } else if starts(with: [0x89] + Array("HDF\r\n".utf8)) || starts(with: Array("amalgam.bundle".utf8)) {
            found = "an HDF5 file or an Amalgam bundle"
            fix = "give the file that belongs here"
        } else if starts(with: [0x80, 2]) || starts(with: [0x80, 4]) {
            found = "a Python pickle (PyTorch's older format)"
            fix = "load it in Python and save it as safetensors"
        } else if bytes.prefix(64).first(where: { ![0x20, 0x09, 0x0A, 0x0D].contains($0) }) == UInt8(ascii: "<") {
            found = "HTML or XML, probably from a failed download"
            fix = "download the file itself again"
        } else {
            return nil
        }
    }

    package init?(_ bytes: [UInt8]) {
        guard let known = bytes.withUnsafeBytes({ ForeignContent($0) }) else { return nil }
        self = known
    }
}
