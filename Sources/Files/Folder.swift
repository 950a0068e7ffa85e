import Foundation

/// Folders that are made for output.
package enum Folder {
    /// Makes a folder and those above it, where they are not there, and checks that files can be made in it.
    /// - Throws: `FileError.unwritable`, `.notAFile` where something else has its name
    package static func make(_ url: URL) throws(FileError) {
        do {
            try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        } catch {
            throw FileError.unwritable(file: url.path, action: "make the folder", code: code(of: error))
        }
        guard access(url.path, W_OK | X_OK) == 0 else {
            throw FileError.unwritable(file: url.path, action: "make files in", code: errno)
        }
    }

    /// The errno beneath Foundation's error.
    private static func code(of error: any Error) -> Int32 {
        let error = error as NSError
        if error.domain == NSPOSIXErrorDomain { return Int32(error.code) }
        if let beneath = error.userInfo[NSUnderlyingErrorKey] as? any Error { return code(of: beneath) }
        return (error as? CocoaError)?.code == .fileWriteFileExists ? ENOTDIR : EIO
    }
}
