import Foundation

/// A package list's contents, decompressed.
struct LoadedList {
    /// For error messages and for the order of reading.
    let path: String
    let data: Data

    /// Maps a plain file, decompresses another with the program for its suffix.
    /// - Parameter environment: PATH is where the programs are looked for
    init(_ file: URL, environment: [String: String]) throws(CorporaError) {
        path = file.path
        if let kind = Compression.of(file) {
            data = try kind.decompress(file, environment: environment)
        } else {
            data = try CorporaError.wrap({ .unreadable(path: file.path, reason: $0) }) {
                try Data(contentsOf: file, options: .alwaysMapped)
            }
        }
    }

    init(path: String, data: Data) {
        self.path = path
        self.data = data
    }
}

extension [LoadedList] {
    /// Longest first, then by name: an order that hangs on neither the mirror's name nor sources.list.
    var inReadingOrder: [LoadedList] {
        sorted { ($1.data.count, $0.path) < ($0.data.count, $1.path) }
    }
}

/// A way in which package lists are compressed.
struct Compression: Equatable {
    let suffix: String
    /// The program that turns it into plain text with `-dc FILE`, and the Debian package that has it.
    let tool: String
    let package: String

    static let all: [Compression] = [
        Compression(suffix: ".gz", tool: "gzip", package: "gzip"),
        Compression(suffix: ".xz", tool: "xz", package: "xz-utils"),
        Compression(suffix: ".lz4", tool: "lz4", package: "lz4"),
        Compression(suffix: ".bz2", tool: "bzip2", package: "bzip2"),
        Compression(suffix: ".zst", tool: "zstd", package: "zstd"),
    ]

    static func of(_ file: URL) -> Compression? {
        all.first { file.lastPathComponent.hasSuffix($0.suffix) }
    }

    /// The file's name without the suffix of a compression.
    static func plainName(_ name: String) -> String {
        all.first { name.hasSuffix($0.suffix) }.map { String(name.dropLast($0.suffix.count)) } ?? name
    }

    /// The file's plain bytes, at most 1 GiB.
    func decompress(_ file: URL, environment: [String: String]) throws(CorporaError) -> Data {
        guard FileManager.default.isReadableFile(atPath: file.path) else {
            throw .unreadable(path: file.path, reason: "no such file, or no permission")
        }
        guard let program = Shell.find(tool, environment: environment) else {
            throw .toolMissing(
                tool: tool, purpose: "to read \(file.path)",
                fix: "install the package \(package), or decompress the file yourself")
        }
        let result = try Shell.run(program, ["-dc", file.path], environment: environment)
        guard result.status == 0 else {
            throw .toolFailed(
                command: "\(tool) -dc \(file.path)", status: result.status, output: result.tail,
                fix: "the file is damaged; download it again")
        }
        return result.output
    }
}
