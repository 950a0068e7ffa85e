import Foundation

/// Folders that are made for output.
package enum Folder {
    /// Makes a folder and those above it, where they are missing, and checks that files can be made in it.
    /// - Throws: `FileError.unwritable`, `.notAFolder` where something else has its name
    package static func make(_ url: URL) throws(FileError) {
        var isFolder: ObjCBool = false
        if FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder), !isFolder.boolValue {
            throw FileError.notAFolder(file: url.path)
        }
        do {
            try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        } catch {
            throw FileError.unwritable(
                file: url.path, action: "create the folder", code: FileError.errno(beneath: error))
        }
        guard access(url.path, W_OK | X_OK) == 0 else {
            throw FileError.unwritable(file: url.path, action: "create files in", code: errno)
        }
    }
}
