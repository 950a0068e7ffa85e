import Foundation

/// Fetches package lists with apt into a folder of our own: the system's lists, which need root and often lack
/// translations, stay untouched.
struct Apt {
    /// Where apt keeps its lists for us.
    let folder: URL
    let environment: [String: String]
    let writeFile: (URL, Data) throws -> Void

    /// Brings the lists up to date and finds them.
    ///
    /// If some source of the machine cannot be reached (a foreign one that is gone, or no network at all), lists that
    /// are there from an earlier run are good enough, with a warning, provided that none of the wanted is missing.
    /// - Parameter languages: Debian's names; English is always fetched too
    func lists(languages: [String], progress: (String) -> Void) throws(CorporaError) -> PackageLists {
        guard let program = Shell.find("apt-get", environment: environment) else {
            throw .toolMissing(
                tool: "apt-get", purpose: "to fetch Debian's package lists",
                fix:
                    "without apt, copy Packages and Translation-xx files to a folder and give it with --lists DIR"
            )
        }
        let wanted = ["en"] + languages.filter { $0 != "en" }
        let options = try prepare(languages: wanted)
        progress("fetching package lists with apt-get (\(wanted.joined(separator: ", ")))")
        let update = try Shell.run(program, options + ["update"], environment: plainEnvironment)
        let index = try Shell.run(
            program, options + ["indextargets", "--format", Apt.format], environment: plainEnvironment)
        let targets = Target.read(String(decoding: index.output, as: UTF8.self))
        var lists = PackageLists()
        let failure = CorporaError.toolFailed(
            command: "apt-get update", status: update.status, output: update.tail,
            fix:
                "check the network and /etc/apt/sources.list, or copy the files to a folder and give it with --lists DIR"
        )
        // Of several origins on one machine (the distribution, foreign archives) the distribution has by far the
        // most packages; the others would make every machine's tasks different.
        guard let origin = Target.largestOrigin(targets) else {
            if update.status != 0 { throw failure }
            throw .missing(
                path: folder.path, expected: "Packages lists after 'apt-get update'",
                fix:
                    "add a Debian suite to /etc/apt/sources.list, or copy the files to a folder and give it with --lists DIR"
            )
        }
        for target in targets where target.origin == origin {
            if target.kind == "Packages" {
                lists.packages.append(target.file)
            } else if wanted.contains(target.language) {
                lists.translations[target.language, default: []].append(target.file)
            }
        }
        if update.status != 0 {
            guard wanted.allSatisfy({ lists.translations[$0] != nil }) else { throw failure }
            lists.warnings.append("\(failure); using the lists of an earlier run")
        }
        let others = Set(targets.filter { $0.kind == "Packages" }.map(\.origin)).subtracting([origin]).sorted()
        if !others.isEmpty {
            lists.warnings.append("excluded the packages of \(others.joined(separator: ", ")): not from \(origin)")
        }
        let release = lists.packages.map { $0.lastPathComponent.components(separatedBy: "_dists_") }
        let names = (try? FileManager.default.contentsOfDirectory(atPath: listsFolder.path)) ?? []
        lists.releases = PackageLists.readReleases(
            names.filter { name in
                guard name.hasSuffix("_InRelease") || name.hasSuffix("_Release") else { return false }
                // HOST_PATH_dists_SUITE_InRelease belongs to HOST_PATH_dists_SUITE_main_binary-amd64_Packages
                let parts = name.components(separatedBy: "_dists_")
                let suite = parts.last?.replacingOccurrences(of: "InRelease", with: "")
                    .replacingOccurrences(of: "Release", with: "")
                return release.contains { $0.first == parts.first && $0.last?.hasPrefix(suite ?? "?") == true }
            }.map { listsFolder.appendingPathComponent($0) })
        return lists
    }

    private var listsFolder: URL { folder.appendingPathComponent("lists") }
    private var cacheFolder: URL { folder.appendingPathComponent("cache") }

    /// Messages in English, so that error texts are the same everywhere.
    private var plainEnvironment: [String: String] {
        environment.merging(["LC_ALL": "C", "LANGUAGE": "C"]) { $1 }
    }

    /// Makes the folders that apt wants to find, and gives apt's options.
    private func prepare(languages: [String]) throws(CorporaError) -> [String] {
        for path in [
            listsFolder.appendingPathComponent("partial"), cacheFolder.appendingPathComponent("archives/partial"),
        ] {
            try CorporaError.wrap({ .unwritable(path: path.path, reason: $0) }) {
                try FileManager.default.createDirectory(at: path, withIntermediateDirectories: true)
            }
        }
        // What the system does after its own updates (hooks for its software centre and so on) is not for ours, and
        // would fail without root.
        let configuration = folder.appendingPathComponent("amalgam-apt.conf")
        try CorporaError.wrap({ .unwritable(path: configuration.path, reason: $0) }) {
            try writeFile(
                configuration,
                Data(
                    """
                    #clear APT::Update::Pre-Invoke;
                    #clear APT::Update::Post-Invoke;
                    #clear APT::Update::Post-Invoke-Success;

                    """.utf8))
        }
        return [
            "-c", configuration.path,
            "-o", "Dir::State::Lists=\(listsFolder.path)",
            "-o", "Dir::Cache=\(cacheFolder.path)",
            // Images for containers set "none".
            "-o", "Acquire::Languages=\(languages.joined(separator: ","))",
            // Plain files, whatever the system prefers.
            "-o", "Acquire::GzipIndexes=false",
            // Without this an update without network ends with status 0.
            "-o", "APT::Update::Error-Mode=any",
            // Languages of earlier runs stay.
            "-o", "APT::Get::List-Cleanup=false",
        ]
    }

    private static let format = "$(CREATED_BY)\t$(ORIGIN)\t$(LANGUAGE)\t$(FILENAME)"

    /// A line of `apt-get indextargets`.
    struct Target: Equatable {
        var kind: String
        var origin: String
        var language: String
        var file: URL

        /// The lists that are there; lines of another form are passed over.
        static func read(_ text: String) -> [Target] {
            text.split(whereSeparator: \.isNewline).compactMap { line in
                let fields = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
                guard fields.count == 4, fields[0] == "Packages" || fields[0] == "Translations",
                    FileManager.default.fileExists(atPath: fields[3])
                else { return nil }
                return Target(
                    kind: fields[0], origin: fields[1], language: fields[2], file: URL(fileURLWithPath: fields[3]))
            }
        }

        static func largestOrigin(_ targets: [Target]) -> String? {
            var bytes: [String: Int] = [:]
            for target in targets where target.kind == "Packages" {
                let size = try? target.file.resourceValues(forKeys: [.fileSizeKey]).fileSize
                bytes[target.origin, default: 0] += size ?? 0
            }
            return bytes.max { ($0.value, $1.key) < ($1.value, $0.key) }?.key
        }
    }
}
