import Foundation

/// The one way any lasting file is written: a reader sees the old file or the new one, never a part of either.
package enum AtomicFile {
    /// Replaces the file at `url` (or creates it) with `data`.
    ///
    /// Writes a temporary file `.NAME.amalgam-PID-RANDOM.tmp` in the same folder, flushes it to the disk, renames it
    /// over the old one, and flushes the folder. A symbolic link stays and what it points to is replaced; the old
    /// file's permissions are kept.
    /// - Throws: `FileError.system` with the path and the operating system's words, `.notAFile` for a folder or
    ///   device. Then the old file is whole and the temporary one is gone. (Only if the last step fails, flushing the
    ///   folder, does the new file already stand there, whole; the action says so.)
    package static func replace(_ url: URL, with data: Data) throws(FileError) {
        let name = FileError.name(of: url)
        let target = try resolve(url, name: name)
        let system = SystemCalls.current
        let temporary = temporaryPath(for: target.path)

        // O_EXCL: never write into a file that somebody else has made under this name.
        let descriptor = system.open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else {
            throw FileError.system(file: name, action: "create a temporary file beside", code: errno)
        }
        do throws(FileError) {
            do throws(FileError) {
                if let mode = target.mode, fchmod(descriptor, mode) != 0 {
                    throw FileError.system(file: name, action: "set the permissions of", code: errno)
                }
                try write(data, to: descriptor, name: name, system: system)
                guard system.fsync(descriptor) == 0 else {
                    throw FileError.system(file: name, action: "flush", code: errno)
                }
            } catch {
                _ = system.close(descriptor)
                throw error
            }
            guard system.close(descriptor) == 0 else {
                throw FileError.system(file: name, action: "close", code: errno)
            }
            guard system.rename(temporary, target.path) == 0 else {
                throw FileError.system(file: name, action: "replace", code: errno)
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

    /// The path that is replaced, links resolved, and the mode of what stands there now (nil: nothing).
    private static func resolve(_ url: URL, name: String) throws(FileError) -> (path: String, mode: mode_t?) {
        guard url.isFileURL else { throw FileError.notAFile(file: name, found: "a URL that is not a file's") }
        var path = url.path
        var status = stat()
        guard lstat(path, &status) == 0 else {
            guard errno == ENOENT else { throw FileError.system(file: name, action: "look at", code: errno) }
            return (path, nil)
        }
        if status.st_mode & S_IFMT == S_IFLNK {
            guard let real = realpath(path, nil) else {
                throw FileError.system(file: name, action: "follow the link", code: errno)
            }
            path = String(cString: real)
            free(real)
            guard stat(path, &status) == 0 else {
                throw FileError.system(file: name, action: "look at", code: errno)
            }
        }
        switch status.st_mode & S_IFMT {
        case S_IFREG: return (path, status.st_mode & 0o7777)
        case S_IFDIR: throw FileError.notAFile(file: name, found: "a folder")
        default: throw FileError.notAFile(file: name, found: "a device, pipe or socket")
        }
    }

    private static func temporaryPath(for path: String) -> String {
        let url = URL(fileURLWithPath: path)
        var name = url.lastPathComponent
        // File systems allow 255 bytes a name; ours adds up to 48.
        while name.utf8.count > 200 { name.removeLast() }
        let random = String(UInt64.random(in: 0...UInt64.max), radix: 36)
        let fileName = ".\(name).amalgam-\(getpid())-\(random).tmp"
        return url.deletingLastPathComponent().appendingPathComponent(fileName).path
    }

    private static func write(
        _ data: Data, to descriptor: Int32, name: String, system: SystemCalls
    ) throws(FileError) {
        // The closure hands the errno out, as typed throws do not pass through withUnsafeBytes of Data.
        let failure: Int32? = data.withUnsafeBytes { bytes in
            var rest = bytes[...]
            while !rest.isEmpty {
                let part = UnsafeRawBufferPointer(rebasing: rest.prefix(1 << 30))
                guard let start = part.baseAddress else { return nil }
                let count = system.write(descriptor, start, part.count)
                if count < 0 {
                    if errno == EINTR { continue }
                    return errno
                }
                // POSIX lets write(2) take nothing without an error; trying for ever would hang.
                guard count > 0, count <= part.count else { return EIO }
                rest = rest.dropFirst(count)
            }
            return nil
        }
        if let failure { throw FileError.system(file: name, action: "write", code: failure) }
    }

    private static func flushFolder(of path: String, name: String, system: SystemCalls) throws(FileError) {
        let action = "flush the folder (the new file is in place) of"
        let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
        let descriptor = system.open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0)
        guard descriptor >= 0 else {
            // A folder that may be written but not read cannot be opened, so not flushed either.
            if errno == EACCES { return }
            throw FileError.system(file: name, action: action, code: errno)
        }
        defer { _ = system.close(descriptor) }
        // EINVAL: the file system (some network ones) does not flush folders.
        if system.fsync(descriptor) != 0, errno != EINVAL {
            throw FileError.system(file: name, action: action, code: errno)
        }
    }
}
