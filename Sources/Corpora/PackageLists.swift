import Foundation

/// The package lists from which tasks are made: where they lie and what they are.
struct PackageLists: Equatable {
    /// What a Release file says of a suite; nil for what it does not say.
    struct Release: Codable, Equatable, Sendable {
        var file: String
        var origin: String?
        var suite: String?
        var codename: String?
        var version: String?
        var date: String?
    }

    var packages: [URL] = []
    /// By language.
    var translations: [String: [URL]] = [:]
    var releases: [Release] = []
    /// What the user should know.
    var warnings: [String] = []

    /// Finds the lists that a user has brought: files in `folder` and below whose names are, or end with `_` and,
    /// Packages or Translation-xx, plain or compressed. Of a plain and a compressed one the plain one counts.
    static func brought(in folder: URL) throws(CorporaError) -> PackageLists {
        var lists = PackageLists()
        var seen: Set<String> = []
        var releases: [URL] = []
        // Shorter names first, so that 'Packages' comes before 'Packages.xz'.
        for file in try files(below: folder).sorted(by: { ($0.path.count, $0.path) < ($1.path.count, $1.path) }) {
            let plain = Compression.plainName(file.lastPathComponent)
            let plainPath = file.deletingLastPathComponent().appendingPathComponent(plain).path
            guard let kind = plain.split(separator: "_").last.map(String.init) else { continue }
            // apt writes '_' in a file's name as %5f: Translation-pt%5fBR; mirrors do not: Translation-pt_BR
            let words = plain.replacingOccurrences(of: "%5f", with: "_", options: .caseInsensitive)
            if kind == "Packages", seen.insert(plainPath).inserted {
                lists.packages.append(file)
            } else if let mark = words.range(of: "Translation-", options: .backwards),
                mark.lowerBound == words.startIndex || words[..<mark.lowerBound].hasSuffix("_")
            {
                let language = String(words[mark.upperBound...])
                guard Language.isValid(language), seen.insert(plainPath).inserted else { continue }
                lists.translations[language, default: []].append(file)
            } else if kind == "InRelease" || kind == "Release" {
                releases.append(file)
            }
        }
        guard !lists.packages.isEmpty else {
            throw .missing(
                path: folder.path, expected: "files named Packages (or …_Packages, .gz, .xz, .lz4) in this folder",
                fix: "copy Packages and Translation-xx of a Debian suite there, or omit --lists to use apt")
        }
        lists.releases = readReleases(releases)
        return lists
    }

    private static func files(below folder: URL) throws(CorporaError) -> [URL] {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: folder.path, isDirectory: &isFolder), isFolder.boolValue else {
            throw .missing(path: folder.path, expected: "a folder with package lists", fix: "give --lists a folder")
        }
        // The errors of single folders are passed over: apt's own 'partial' is closed to all but apt.
        guard
            let walk = FileManager.default.enumerator(
                at: folder.resolvingSymlinksInPath(), includingPropertiesForKeys: [.isDirectoryKey],
                errorHandler: { _, _ in true })
        else { throw .unreadable(path: folder.path, reason: "its contents cannot be listed") }
        var found: [URL] = []
        while let file = walk.nextObject() as? URL {
            if file.lastPathComponent == "partial" { walk.skipDescendants() }
            let isFolder = (try? file.resourceValues(forKeys: [.isDirectoryKey]).isDirectory) ?? false
            if !isFolder { found.append(file) }
        }
        return found
    }

    /// Reads the heads of Release files; signed ones too. Of the same suite's InRelease and Release one is kept.
    static func readReleases(_ files: [URL]) -> [Release] {
        var found: [Release] = []
        for file in files.sorted(by: { $0.lastPathComponent < $1.lastPathComponent }) {
            guard let handle = try? FileHandle(forReadingFrom: file) else { continue }
            let head = (try? handle.read(upToCount: 8_192)) ?? Data()
            try? handle.close()
            var release = Release(file: file.lastPathComponent)
            for line in String(decoding: head, as: UTF8.self).split(whereSeparator: \.isNewline) {
                guard let colon = line.firstIndex(of: ":") else { continue }
                let value = line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
                switch line[..<colon] {
                case "Origin": release.origin = value
                case "Suite": release.suite = value
                case "Codename": release.codename = value
                case "Version": release.version = value
                case "Date": release.date = value
                default: break
                }
            }
            let isKnown = found.contains { earlier in
                var same = earlier
                same.file = release.file
                return same == release
            }
            if !isKnown, release.date != nil { found.append(release) }
        }
        return found
    }
}

/// A language's name as Debian's lists write it: `de`, `pt_BR`, `sr@latin`.
enum Language {
    /// Whether the text is such a name: it becomes part of paths and of apt's options.
    static func isValid(_ text: String) -> Bool {
        text.wholeMatch(of: /[a-z]{2,3}([_@][A-Za-z]{2,12})*/) != nil
    }
}
