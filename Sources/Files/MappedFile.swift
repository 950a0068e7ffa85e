import Foundation

/// A file mapped read-only into memory; its bytes stay valid as long as the object lives.
///
/// The mapping follows the file: whoever shortens the file in place while it is mapped stops this process with SIGBUS.
/// Amalgam itself only ever replaces files (`AtomicFile`), which leaves the old content mapped.
package final class MappedFile: @unchecked Sendable {
    // @unchecked: the pointer is to memory that nobody writes and that only deinit gives back.

    /// The path, as messages name it.
    package let name: String
    /// All bytes of the file. Do not let the pointer outlive the object.
    package let bytes: UnsafeRawBufferPointer

    /// Maps the file at `url`; an empty file gives empty `bytes`.
    /// - Throws: `FileError.system` (missing, unreadable), `.notAFile` for a folder or device.
    package init(_ url: URL) throws(FileError) {
        name = FileError.name(of: url)
        guard url.isFileURL else { throw FileError.notAFile(file: name, found: "a URL that is not a file's") }
        // O_NONBLOCK: opening a pipe must not wait for a writer; it has no effect on ordinary files.
        let descriptor = open(url.path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw FileError.system(file: name, action: "open", code: errno) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            throw FileError.system(file: name, action: "look at", code: errno)
        }
        switch status.st_mode & S_IFMT {
        case S_IFREG: break
        case S_IFDIR: throw FileError.notAFile(file: name, found: "a folder")
        default: throw FileError.notAFile(file: name, found: "a device, pipe or socket")
        }
        let count = Int(status.st_size)
        guard count > 0 else {
            // mmap refuses a length of zero.
            bytes = UnsafeRawBufferPointer(start: nil, count: 0)
            return
        }
        guard let start = mmap(nil, count, PROT_READ, MAP_PRIVATE, descriptor, 0), start != MAP_FAILED else {
            throw FileError.system(file: name, action: "map", code: errno)
        }
        bytes = UnsafeRawBufferPointer(start: start, count: count)
    }

    deinit {
        if let start = bytes.baseAddress {
            munmap(UnsafeMutableRawPointer(mutating: start), bytes.count)
        }
    }

    /// Lets the system take the pages back; they come from the file again when they are read.
    package func releasePages() {
        guard let start = bytes.baseAddress else { return }
        madvise(UnsafeMutableRawPointer(mutating: start), bytes.count, MADV_DONTNEED)
    }

    /// The same for the pages that lie wholly within a part.
    package func releasePages(_ part: UnsafeRawBufferPointer) {
        guard let start = part.baseAddress else { return }
        let page = Int(getpagesize())
        let first = (Int(bitPattern: start) + page - 1) / page * page
        let end = (Int(bitPattern: start) + part.count) / page * page
        guard first < end, let address = UnsafeMutableRawPointer(bitPattern: first) else { return }
        madvise(address, end - first, MADV_DONTNEED)
    }

    /// The bytes within a closure during which the mapping certainly lives.
    package func withBytes<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        defer { withExtendedLifetime(self) {} }
        return try body(bytes)
    }
}
