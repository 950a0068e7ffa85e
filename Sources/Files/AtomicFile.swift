import Foundation

/// The one way any lasting file is written: a reader sees the old file or the new one, never a part of either.
package enum AtomicFile {
    /// Replaces the file at `url` (or creates it) with `data`.
    ///
    /// Writes a temporary file `.NAME.amalgam-PID-RANDOM.tmp` in the same folder, flushes it to the disk, renames it
    /// over the old one, and flushes the folder. A symbolic link stays and what it points to is replaced; the old
    /// file's permissions are kept.
    /// - Throws: `FileError.unwritable` with the path and the operating system's words, `.notAFile` for a folder or
    ///   device. Then the old file is whole and the temporary one is gone. (Only if the last step fails, flushing the
    ///   folder, does the new file already stand there, whole; the action says so.)
    package static func replace(_ url: URL, with data: Data) throws(FileError) {
        try data.withBytes { (bytes) throws(FileError) in try replace(url, withParts: [bytes]) }
    }

    /// The same for bytes that lie in several places: written in order, without a copy.
    package static func replace(_ url: URL, withParts parts: [UnsafeRawBufferPointer]) throws(FileError) {
        try replace(url) { (write) throws(FileError) in
            for part in parts { try write(part) }
        }
    }

    /// The same for bytes that are made while they are written: `produce` hands over one piece after the other. If it
    /// throws, the old file stays.
    package static func replace(
        _ url: URL, produce: (_ write: (UnsafeRawBufferPointer) throws(FileError) -> Void) throws(FileError) -> Void
    ) throws(FileError) {
        let name = FileError.name(of: url)
        let target = try resolve(url, name: name)
        let system = SystemCalls.current
        let (temporary, descriptor) = try create(for: target.path, name: name, system: system)
        do throws(FileError) {
            do throws(FileError) {
                if let mode = target.mode, fchmod(descriptor, mode) != 0 {
                    throw FileError.unwritable(file: name, action: "set the permissions of", code: errno)
                }
                try produce { (part) throws(FileError) in
                    try write(part, to: descriptor, name: name, system: system)
                }
                guard system.fsync(descriptor) == 0 else {
                    throw FileError.unwritable(file: name, action: "flush", code: errno)
                }
            } catch {
                _ = system.close(descriptor)
                throw error
            }
            guard system.close(descriptor) == 0 else {
                throw FileError.unwritable(file: name, action: "close", code: errno)
            }
            guard system.rename(temporary, target.path) == 0 else {
                throw FileError.unwritable(file: name, action: "replace", code: errno)
            }
        } catch {
            unlink(temporary)
            throw error
        }
        try flushFolder(of: target.path, name: name, system: system)
    }

    /// Whether a file name is one of ours that a killed process has left behind.
    package static func isTemporary(_ fileName: String) -> Bool {
        fileName.hasPrefix(".") && fileName.hasSuffix(".tmp") && fileName.contains(".amalgam-")
    }

    /// Removes what killed runs have left behind of these files: temporary files with their names. Only for who holds the
    /// lock on them, since a living process' files look the same.
    package static func removeTemporaries(of urls: [URL]) {
        for url in urls {
            let folder = url.deletingLastPathComponent()
            let stem = temporaryStem(url.lastPathComponent)
            for name in (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
            where name.hasPrefix(stem) && isTemporary(name) {
                unlink(folder.appendingPathComponent(name).path)
            }
        }
    }

    /// Removes what killed runs have left behind of any file in a folder. Files that a living process writes now stay:
    /// it holds a lock on them.
    /// - Parameter deep: also in the folders beneath.
    package static func removeTemporaries(in folder: URL, deep: Bool = false) {
        let manager = FileManager.default
        let names =
            try? deep
            ? manager.subpathsOfDirectory(atPath: folder.path) : manager.contentsOfDirectory(atPath: folder.path)
        for name in names ?? [] where isTemporary((name as NSString).lastPathComponent) {
            let path = folder.appendingPathComponent(name).path
            let descriptor = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
            defer { if descriptor >= 0 { close(descriptor) } }
            // One that cannot be opened is not distinguishable from a living one's
            if descriptor >= 0, flock(descriptor, LOCK_EX | LOCK_NB) == 0 { unlink(path) }
        }
    }

    /// The path that is replaced, links resolved, and the mode of what stands there now (nil: nothing).
    private static func resolve(_ url: URL, name: String) throws(FileError) -> (path: String, mode: mode_t?) {
        guard url.isFileURL else { throw FileError.notAFile(file: name, found: "a URL that is not a file's") }
        var path = url.path
        var status = stat()
        guard lstat(path, &status) == 0 else {
            guard errno == ENOENT else { throw FileError.unwritable(file: name, action: "look at", code: errno) }
            return (path, nil)
        }
        if status.st_mode & S_IFMT == S_IFLNK {
            guard let real = realpath(path, nil) else {
                throw FileError.unwritable(file: name, action: "follow the link", code: errno)
            }
            path = String(cString: real)
            free(real)
            guard stat(path, &status) == 0 else {
                throw FileError.unwritable(file: name, action: "look at", code: errno)
            }
        }
        switch status.st_mode & S_IFMT {
        case S_IFREG: return (path, status.st_mode & 0o7777)
        case S_IFDIR: throw FileError.notAFile(file: name, found: "a folder")
        default: throw FileError.notAFile(file: name, found: "a device, pipe or socket")
        }
    }

    /// How the temporary files of a file begin.
    private static func temporaryStem(_ fileName: String) -> String {
        var name = fileName
        // File systems allow 255 bytes a name; ours adds up to 48.
        while name.utf8.count > 200 { name.removeLast() }
        return ".\(name).amalgam-"
    }

    private static func temporaryPath(for path: String) -> String {
        let url = URL(fileURLWithPath: path)
        let random = String(UInt64.random(in: 0...UInt64.max), radix: 36)
        let fileName = "\(temporaryStem(url.lastPathComponent))\(getpid())-\(random).tmp"
        return url.deletingLastPathComponent().appendingPathComponent(fileName).path
    }

    /// Creates a temporary file that is locked, which says that its writer lives to whoever cleans up in this folder.
    private static func create(
        for path: String, name: String, system: SystemCalls
    ) throws(FileError) -> (path: String, descriptor: Int32) {
        for _ in 0..<100 {
            let temporary = temporaryPath(for: path)
            // O_EXCL: never write into a file that somebody else has made under this name.
            let descriptor = system.open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
            guard descriptor >= 0 else {
                throw FileError.unwritable(file: name, action: "create a temporary file beside", code: errno)
            }
            // Where there are no locks nothing is lost
            let isFree = flock(descriptor, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK
            var status = stat()
            if isFree, fstat(descriptor, &status) != 0 || status.st_nlink > 0 { return (temporary, descriptor) }
            // Who cleans up has come between, and removes it
            _ = system.close(descriptor)
        }
        throw FileError.unwritable(file: name, action: "create a temporary file beside", code: EAGAIN)
    }

    private static func write(
        _ bytes: UnsafeRawBufferPointer, to descriptor: Int32, name: String, system: SystemCalls
    ) throws(FileError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let part = UnsafeRawBufferPointer(rebasing: rest.prefix(1 << 30))
            guard let start = part.baseAddress else { return }
            let count = system.write(descriptor, start, part.count)
            if count < 0 {
                if errno == EINTR { continue }
                throw FileError.unwritable(file: name, action: "write", code: errno)
            }
            // POSIX lets write(2) take nothing without an error; trying for ever would hang.
            guard count > 0, count <= part.count else {
                throw FileError.unwritable(file: name, action: "write", code: EIO)
            }
            rest = rest.dropFirst(count)
        }
    }

    private static func flushFolder(of path: String, name: String, system: SystemCalls) throws(FileError) {
        let action = "flush the folder (the new file is in place) of"
        let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
        let descriptor = system.open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0)
        guard descriptor >= 0 else {
            // A folder that may be written but not read cannot be opened, so not flushed either.
            if errno == EACCES { return }
            throw FileError.unwritable(file: name, action: action, code: errno)
        }
        defer { _ = system.close(descriptor) }
        // EINVAL: the file system (some network ones) does not flush folders.
        if system.fsync(descriptor) != 0, errno != EINVAL {
            throw FileError.unwritable(file: name, action: action, code: errno)
        }
    }
}
