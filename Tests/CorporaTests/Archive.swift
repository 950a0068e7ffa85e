import Foundation

@testable import Corpora

/// A folder that goes when the test ends.
final class Folder: Sendable {
    let url: URL

    init() throws {
        url = FileManager.default.temporaryDirectory.appendingPathComponent("corpora-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: url) }

    subscript(path: String) -> URL { url.appendingPathComponent(path) }

    func write(_ path: String, _ text: String) throws {
        try FileManager.default.createDirectory(
            at: self[path].deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: self[path])
    }

    /// All files below, by path, with their bytes.
    func contents() throws -> [String: Data] {
        var all: [String: Data] = [:]
        for path in try FileManager.default.subpathsOfDirectory(atPath: url.path) {
            var isFolder: ObjCBool = false
            if FileManager.default.fileExists(atPath: self[path].path, isDirectory: &isFolder), !isFolder.boolValue {
                all[path] = try Data(contentsOf: self[path])
            }
        }
        return all
    }
}

/// A made-up archive of 600 packages: two large sections, one of 19 packages, and the facet `role`.
struct Archive {
    struct Entry {
        var name: String
        var source: String?
        var section: String
        var tags: String
        var english: String
        var german: String?

        /// A stand-in for the MD5: 32 hexadecimal digits that differ where the text does.
        var hash: String {
            let half = StableHash.of(english)
            return [half, StableHash.of(english, seed: 1)].map { number in
                let digits = String(number, radix: 16)
                return String(repeating: "0", count: 16 - digits.count) + digits
            }.joined()
        }
    }

    var entries: [Entry] = (0..<600).map { number in
        let isLibrary = number % 2 == 0
        return Entry(
            name: "pack\(number)", source: number % 5 == 0 ? "family\(number / 20) (1.\(number))" : nil,
            section: number < 19 ? "rare" : isLibrary ? "contrib/libs" : "net",
            tags: number == 21
                ? "role::{program, shared-lib}"
                : number == 23
                    ? "role::program, role::TODO"
                    : number == 25 ? "role::TODO" : isLibrary ? "implemented-in::c, role::shared-lib" : "role::program",
            english: "thing \(number)\n It does \(isLibrary ? "calls" : "nets") number \(number).",
            german: number < 560 ? "Ding \(number)\n Es tut \(isLibrary ? "Rufe" : "Netze") \(number)." : nil)
    }

    var packages: String {
        entries.map { entry in
            let source = entry.source.map { "Source: \($0)\n" } ?? ""
            return "Package: \(entry.name)\n\(source)Section: \(entry.section)\nTag: \(entry.tags)\n"
                + "Description: \(entry.english.prefix { $0 != "\n" })\nDescription-md5: \(entry.hash)\n"
        }.joined(separator: "\n")
    }

    func translation(_ language: String) -> String {
        entries.compactMap { entry in
            (language == "en" ? entry.english : entry.german).map {
                "Package: \(entry.name)\nDescription-md5: \(entry.hash)\nDescription-\(language): \($0)\n"
            }
        }.joined(separator: "\n")
    }

    func write(to folder: Folder) throws {
        try folder.write("lists/Packages", packages)
        try folder.write("lists/Translation-en", translation("en"))
        try folder.write("lists/mirror_i18n_Translation-de", translation("de"))
    }
}

/// A row of a task's file.
struct Row: Decodable, Equatable {
    var text: String
    var label: String
    var package: String
    var source: String

    static func read(_ url: URL) throws -> [Row] {
        try String(contentsOf: url, encoding: .utf8).split(separator: "\n").map {
            try JSONDecoder().decode(Row.self, from: Data($0.utf8))
        }
    }
}

@discardableResult
func build(
    _ folder: Folder, languages: [String] = ["en", "de"], out: String = "out",
    change: (inout DebianCorpus.Options) -> Void = { _ in }, writeFile: ((URL, Data) throws -> Void)? = nil
) throws -> DebianCorpus.Summary {
    var options = DebianCorpus.Options(out: folder[out])
    options.languages = languages
    options.lists = folder["lists"]
    change(&options)
    guard let writeFile else { return try DebianCorpus.build(options) { _ in } }
    return try DebianCorpus.build(options, writeFile: writeFile) { _ in }
}
