/// What a file is that is no text, recognized by its first bytes.
struct FileContent: Equatable {
    let found: String
    let fix: String

    /// nil where the bytes may be text.
    init?(of bytes: [UInt8]) {
        func starts(_ text: String) -> Bool { bytes.starts(with: text.utf8) }
        switch true {
        case starts("version https://git-lfs.github.com/"):
            self.init(
                found: "a git-lfs pointer, not the data",
                fix: "run 'git lfs pull' in its repository, or download the file itself")
        case bytes.starts(with: [0x50, 0x4B, 0x03, 0x04]), bytes.starts(with: [0x50, 0x4B, 0x05, 0x06]):
            self.init(
                found: "a zip archive or an Excel workbook", fix: "unzip it, or export the sheet as CSV")
        case starts("PAR1"):
            self.init(
                found: "a Parquet file",
                fix: "convert it to JSON Lines: pandas.read_parquet(FILE).to_json(OUT, orient='records', lines=True)")
        case starts("ARROW1"), bytes.starts(with: [0xFF, 0xFF, 0xFF, 0xFF]):
            self.init(
                found: "an Arrow file",
                fix: "convert it to JSON Lines, for example with to_json of the datasets library")
        case bytes.starts(with: [0xD0, 0xCF, 0x11, 0xE0]):
            self.init(found: "an old Excel or Word file", fix: "export the sheet as CSV")
        case bytes.starts(with: [0x28, 0xB5, 0x2F, 0xFD]):
            self.init(found: "zstd data", fix: "decompress it with unzstd; only .gz is read without decompression")
        case bytes.starts(with: [0xFD, 0x37, 0x7A, 0x58, 0x5A, 0x00]):
            self.init(found: "xz data", fix: "decompress it with unxz; only .gz is read without decompression")
        case starts("BZh") && bytes.count > 4 && bytes[4] == 0x31:
            self.init(found: "bzip2 data", fix: "decompress it with bunzip2; only .gz is read without decompression")
        case starts("SQLite format 3\0"):
            self.init(found: "an SQLite database", fix: "export the table as CSV")
        case starts("%PDF-"):
            self.init(found: "a PDF file", fix: "export its text as CSV or JSON Lines")
        case Self.isWebPage(bytes):
            self.init(
                found: "a web page (HTML), not the data",
                fix: "download the file itself; the address may be the one of its page, or need a login")
        default: return nil
        }
    }

    private init(found: String, fix: String) {
        self.found = found
        self.fix = fix
    }

    private static func isWebPage(_ bytes: [UInt8]) -> Bool {
        let mark = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
        let start = bytes.dropFirst(mark).drop { $0 == 0x20 || $0 == 0x0A || $0 == 0x0D || $0 == 0x09 }.prefix(16)
        let text = String(decoding: start, as: UTF8.self).lowercased()
        return ["<!doctype html", "<html", "<head>"].contains { text.hasPrefix($0) }
    }
}
