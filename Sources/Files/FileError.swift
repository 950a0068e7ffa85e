import Foundation

/// What can go wrong with a file: every case names the file and carries the facts; `description` makes the one line.
package enum FileError: Error, Equatable, Sendable {
    /// The operating system refused: `action` is what was tried ("write to"), `code` the errno.
    case system(file: String, action: String, code: Int32)
    /// The same where a file was to be written: nothing is lost, the old file is as it was.
    case unwritable(file: String, action: String, code: Int32)
    /// Another process is writing this output now.
    case locked(file: String, holder: String)
    /// The path is not an ordinary file ("a folder", "a device or socket", "not a file: URL").
    case notAFile(file: String, found: String)
    /// A folder is to be written, and something else has its name.
    case notAFolder(file: String)
    /// A field of the file breaks its format's rules.
    case malformed(file: String, field: String, found: String, expected: String, fix: String)
    /// Valid for its format, but a feature that this reader refuses on purpose.
    case unsupported(file: String, field: String, found: String, expected: String, fix: String)
    /// Something is larger than the limit it is held to.
    case tooLarge(file: String, field: String, found: Int, limit: Int)
    /// A tensor, group or attribute that the caller asked for is missing.
    case missing(file: String, name: String, present: [String])
    /// A sealed file's length or hash is not the one that was written into it.
    case changed(file: String, found: String, expected: String)
    /// What was to be written cannot be written in this format.
    case notWritable(field: String, found: String, expected: String)
    /// A call of the HDF5 library failed; `detail` is the innermost line of its error stack.
    case library(field: String, call: String, detail: String)
}

extension FileError: CustomStringConvertible {
    package var description: String { oneLine(text) }

    private var text: String {
        switch self {
        case .system(let file, let action, let code), .unwritable(let file, let action, let code):
            return "\(file): cannot \(action) it: \(FileError.text(errno: code))"
                + FileError.fix(errno: code, file: file, action: action)
        case .locked(let file, let holder):
            return "\(file): \(holder) is writing it; wait until that ends, or give another --out"
        case .notAFile(let file, let found):
            return "\(file): found \(found), expected a regular file; give the path of a file"
        case .notAFolder(let file):
            return "\(file): found a file, expected a folder; remove the file, or give another --out"
        case .malformed(let file, let field, let found, let expected, let fix),
            .unsupported(let file, let field, let found, let expected, let fix):
            return "\(file): \(field): \(found), expected \(expected); \(fix)"
        case .tooLarge(let file, let field, let found, let limit):
            return "\(file): \(field): \(found), expected at most \(limit); split the content into smaller files"
        case .missing(let file, let name, let present):
            return "\(file): \(name): missing, expected one of \(FileError.list(present)); check the name"
        case .changed(let file, let found, let expected):
            return "\(file): changed after it was written; \(found), expected \(expected); "
                + "create it again, or add --allow-changed to inspect, evaluate or predict if you trust the change"
        case .notWritable(let field, let found, let expected):
            return "\(field): cannot write \(found), expected \(expected)"
        case .library(let field, let call, let detail):
            return "\(field): \(call) failed: \(detail)"
        }
    }

    /// The C library's text for an errno, through strerror_r, as strerror is not safe between threads.
    package static func text(errno code: Int32) -> String {
        String(describing: POSIXErrorText(code: code))
    }

    /// The errno beneath an error of Foundation's; EIO where there is none.
    package static func errno(beneath error: any Error) -> Int32 {
        let error = error as NSError
        if error.domain == NSPOSIXErrorDomain { return Int32(error.code) }
        if let beneath = error.userInfo[NSUnderlyingErrorKey] as? any Error { return errno(beneath: beneath) }
        return (error as? CocoaError)?.code == .fileWriteFileExists ? ENOTDIR : EIO
    }

    /// What is done to a file that must exist.
    private static let reading: Set<String> = ["open", "look at", "read", "map"]

    private static func fix(errno code: Int32, file: String, action: String) -> String {
        switch code {
        case ENOENT where reading.contains(action):
            guard let near = nearestFile(to: file) else { return "; check the path" }
            return "; did you mean '\(near)'?"
        case ENOENT, ENOTDIR: return "; check the path, or create the folder first"
        case ENOSPC, EDQUOT: return "; free some space"
        case EACCES, EPERM, EROFS: return "; use another folder, or change the permissions"
        default: return ""
        }
    }

    /// The file or folder beside a missing one whose name is nearest to its; nil: none is close.
    private static func nearestFile(to path: String) -> String? {
        let url = URL(fileURLWithPath: path)
        let names = try? FileManager.default.contentsOfDirectory(atPath: url.deletingLastPathComponent().path)
        return nearestName(to: url.lastPathComponent, among: (names ?? []).sorted())
    }

    private static func list(_ names: [String]) -> String {
        let shown = names.prefix(8).joined(separator: ", ")
        if names.isEmpty { return "nothing (the file is empty)" }
        return names.count > 8 ? "\(shown), … (\(names.count) in all)" : shown
    }
}

private struct POSIXErrorText: CustomStringConvertible {
    let code: Int32

    var description: String {
        var text = [CChar](repeating: 0, count: 256)
        // POSIX's strerror_r, not GNU's, is what Foundation's clang headers give Swift.
        guard strerror_r(code, &text, text.count) == 0 else { return "error \(code)" }
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

extension FileError {
    /// The name messages give a file: its path as the user sees it.
    static func name(of url: URL) -> String {
        url.isFileURL ? url.path : url.absoluteString
    }
}
