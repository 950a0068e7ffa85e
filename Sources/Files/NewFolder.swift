import Foundation

/// A folder that appears with all of its files, or not at all.
package enum NewFolder {
    /// Makes a folder: `fill` writes into a hidden one beside it, which then gets its name.
    ///
    /// Only for who holds the output's lock: hidden folders that killed runs have left are removed.
    /// - Throws: `FileError.unwritable` if something other than an empty folder has the name, or what `fill` throws; then
    ///   nothing was written
    package static func write(_ url: URL, _ fill: (URL) throws -> Void) throws {
        let manager = FileManager.default
        let parent = url.standardizedFileURL.deletingLastPathComponent()
        let stem = ".\(url.lastPathComponent.prefix(60)).amalgam-folder-"
        var isFolder: ObjCBool = false
        if manager.fileExists(atPath: url.path, isDirectory: &isFolder) {
            guard isFolder.boolValue else {
                throw FileError.notAFolder(file: url.path)
            }
            guard (try? manager.contentsOfDirectory(atPath: url.path))?.isEmpty == true else {
                throw FileError.unwritable(file: url.path, action: "write into the existing folder", code: ENOTEMPTY)
            }
        }
        try Folder.make(parent)
        for name in (try? manager.contentsOfDirectory(atPath: parent.path)) ?? [] where name.hasPrefix(stem) {
            try? manager.removeItem(at: parent.appendingPathComponent(name))
        }
        let staging = parent.appendingPathComponent("\(stem)\(getpid())")
        try Folder.make(staging)
        do {
            try fill(staging)
            guard rename(staging.path, url.standardizedFileURL.path) == 0 else {
                throw FileError.unwritable(file: url.path, action: "create the folder", code: errno)
            }
        } catch {
            try? manager.removeItem(at: staging)
            throw error
        }
    }
}
