import Foundation

/// Says that this process writes an output, for as long as it lives: a second one that tries gets an error that names the first.
///
/// A file `.NAME.amalgam-lock` beside the output, locked by flock(2): the lock dies with its process, however that ends, so
/// that a file which a killed process has left behind holds nobody up.
package final class OutputLock: Sendable {
    private let descriptor: Int32
    private let path: String

    /// - Parameters:
    ///   - output: a file or folder; its own folder must be there.
    ///   - who: what the holder does ("train-adapter"), for the message that the second one gets.
    /// - Throws: `FileError.locked` with the holder; `.unwritable` where no lock can be made
    package init(_ output: URL, who: String) throws(FileError) {
        let name = output.lastPathComponent
        let path = output.deletingLastPathComponent().appendingPathComponent(".\(name).amalgam-lock").path
        // Who ends removes its file: one that was opened before and locked after that is nobody's
        for _ in 0..<100 {
            let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o666)
            guard descriptor >= 0 else {
                throw FileError.unwritable(file: output.path, action: "create a lock file beside", code: errno)
            }
            guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
                let code = errno
                defer { close(descriptor) }
                if code == EINTR { continue }
                guard code == EWOULDBLOCK else {
                    throw FileError.unwritable(file: output.path, action: "lock", code: code)
                }
                throw FileError.locked(file: output.path, holder: Self.holder(descriptor))
            }
            var mine = stat()
            var there = stat()
            guard fstat(descriptor, &mine) == 0, stat(path, &there) == 0, mine.st_ino == there.st_ino,
                mine.st_dev == there.st_dev
            else {
                close(descriptor)
                continue
            }
            let text = Array("process \(getpid()) (\(who))".utf8)
            _ = ftruncate(descriptor, 0)
            _ = pwrite(descriptor, text, text.count, 0)
            self.descriptor = descriptor
            self.path = path
            return
        }
        throw FileError.unwritable(file: output.path, action: "lock", code: EAGAIN)
    }

    private static func holder(_ descriptor: Int32) -> String {
        var bytes = [UInt8](repeating: 0, count: 100)
        let count = pread(descriptor, &bytes, bytes.count, 0)
        let text = String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
        return text.isEmpty ? "another process" : text
    }

    deinit {
        unlink(path)
        close(descriptor)
    }
}
