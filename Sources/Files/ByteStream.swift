import Foundation

/// The bytes of a file or of standard input, handed over as they come.
package final class ByteStream {
    package enum Piece: Equatable, Sendable {
        case bytes([UInt8])
        /// Nothing has come within the time.
        case nothingYet
        case end
    }

    /// What messages call it.
    package let name: String
    private let descriptor: Int32
    private let closes: Bool
    /// What is left of bytes that are all there; nil: they come from the descriptor.
    private var rest: ArraySlice<UInt8>?

    /// Bytes of a piece at most.
    private static let most = 1 << 16

    /// - Throws: `FileError` for a file that cannot be opened, and for a folder
    package init(_ file: URL) throws(FileError) {
        name = FileError.name(of: file)
        descriptor = open(file.path, O_RDONLY | O_CLOEXEC)
        closes = true
        guard descriptor >= 0 else { throw .system(file: name, action: "open", code: errno) }
        try refuseFolder()
    }

    /// - Parameter descriptor: stays open
    /// - Throws: `FileError` for a folder
    package init(descriptor: Int32, name: String) throws(FileError) {
        self.name = name
        self.descriptor = descriptor
        closes = false
        try refuseFolder()
    }

    /// Bytes that are all there.
    package init(_ bytes: some Collection<UInt8>, name: String) {
        self.name = name
        descriptor = -1
        closes = false
        rest = Array(bytes)[...]
    }

    deinit { if closes { close(descriptor) } }

    private func refuseFolder() throws(FileError) {
        var status = stat()
        if fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFDIR {
            throw .notAFile(file: name, found: "a folder")
        }
    }

    /// The next bytes.
    /// - Parameter milliseconds: how long to wait for them; nil: until there are some, or the end.
    /// - Throws: `FileError.system`
    package func next(within milliseconds: Int32? = nil) throws(FileError) -> Piece {
        if let bytes = rest {
            rest = bytes.dropFirst(Self.most)
            return bytes.isEmpty ? .end : .bytes(Array(bytes.prefix(Self.most)))
        }
        if let milliseconds {
            var events = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            let ready = poll(&events, 1, milliseconds)
            // An interrupted wait is a short one; of other faults read(2) tells more
            if ready == 0 || (ready < 0 && errno == EINTR) { return .nothingYet }
        }
        var bytes = [UInt8](repeating: 0, count: Self.most)
        while true {
            let count = read(descriptor, &bytes, bytes.count)
            if count > 0 {
                bytes.removeLast(bytes.count - count)
                return .bytes(bytes)
            }
            if count == 0 { return .end }
            switch errno {
            case EINTR: continue
            case EAGAIN, EWOULDBLOCK:
                // A pipe whose other end made it non-blocking
                if milliseconds != nil { return .nothingYet }
                var events = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
                _ = poll(&events, 1, -1)
            default: throw .system(file: name, action: "read", code: errno)
            }
        }
    }
}
