import Files
import Foundation

/// A data file's text, whatever it is packed in: the bytes as UTF-8.
package struct DataBytes {
    /// The text, without byte order mark; its lines' encoding is checked by the format's reader.
    package let text: ArraySlice<UInt8>
    /// What is doubtful, each in one line.
    package private(set) var warnings: [String] = []

    /// - Parameters:
    ///   - bytes: the whole file
    ///   - file: the name, which tells with `.gz` that it is compressed
    ///   - limit: of the decompressed size
    /// - Throws: `TaskError` for what is no text, with what it is
    package init(
        _ bytes: [UInt8], file: String, encoding: TextEncoding? = nil, limit: Int = DataBytes.sizeLimit
    ) throws(TaskError) {
        var bytes = bytes
        if file.lowercased().hasSuffix(".gz") {
            bytes = try Self.unpacked(bytes, file: file, limit: limit)
        } else if Gzip.isGzip(bytes) {
            throw .otherContent(
                file: file, found: "gzip data", fix: "add .gz to the name, or decompress it with gunzip")
        }
        if let content = FileContent(of: bytes) {
            throw .otherContent(file: file, found: content.found, fix: content.fix)
        }
        let encoding =
            encoding ?? (bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF]) ? .utf16 : .utf8)
        if encoding == .utf8, let order = Self.utf16WithoutMark(bytes) {
            throw .otherContent(
                file: file, found: "UTF-16 without a byte order mark",
                fix: "save the file as UTF-8, or set encoding: \(order.rawValue) in a task YAML")
        }
        text = try encoding.utf8(bytes, file: file)
        if encoding == .latin1 || encoding == .windows1252, bytes.contains(where: { $0 >= 0x80 }),
            validText(bytes) != nil
        {
            warnings.append(
                "\(file) is valid UTF-8, but encoding is \(encoding.rawValue): characters outside ASCII may be wrong")
        }
    }

    /// - Throws: `TaskError` for a file that cannot be read, too
    package init(contentsOf url: URL) throws(TaskError) {
        try self.init(try fileBytes(url), file: shownPath(url))
    }

    /// Half of the machine's memory: what comes out of an archive is read as a whole.
    package static let sizeLimit = Int(clamping: ProcessInfo.processInfo.physicalMemory / 2)

    private static func unpacked(_ bytes: [UInt8], file: String, limit: Int) throws(TaskError) -> [UInt8] {
        do { return try Gzip.read(bytes, limit: limit) } catch {
            switch error {
            case .otherFormat:
                let content = FileContent(of: bytes)
                throw .otherContent(
                    file: file, found: content?.found ?? "not gzip data, although the name ends with .gz",
                    fix: content?.fix ?? "remove .gz from the name, or compress the file with gzip")
            case .cutOff:
                throw .otherContent(
                    file: file, found: "truncated gzip data", fix: "download or create the file again")
            case .damaged:
                throw .otherContent(file: file, found: "damaged gzip data", fix: "download or create the file again")
            case .tooLarge(let limit):
                throw .otherContent(
                    file: file, found: "gzip data of more than \(limit) bytes, half of this machine's memory",
                    fix: "split the file, or sample its rows")
            }
        }
    }

    /// Text in UTF-16 has a zero in most of its characters, always on the same side.
    private static func utf16WithoutMark(_ bytes: [UInt8]) -> TextEncoding? {
        let pairs = min(bytes.count, 1024) / 2
        guard pairs >= 2 else { return nil }
        let (even, odd) = (0..<pairs).reduce((0, 0)) { counts, i in
            (counts.0 + (bytes[2 * i] == 0 ? 1 : 0), counts.1 + (bytes[2 * i + 1] == 0 ? 1 : 0))
        }
        if odd * 10 >= pairs * 7, even == 0 { return .utf16LittleEndian }
        if even * 10 >= pairs * 7, odd == 0 { return .utf16BigEndian }
        return nil
    }
}
