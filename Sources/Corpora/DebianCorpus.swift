import Files
import Foundation

/// Makes classification tasks from what Debian's archive says of its packages.
///
/// The text is a package's description, short and long; the label its section or the one value of a debtags facet.
/// All languages have the same labels and the same split. What comes out hangs on the lists and the options alone.
package enum DebianCorpus {
    package struct Options: Sendable {
        /// Debian's names of languages: `de`, `pt_BR`.
        package var languages = ["en", "da", "it", "fr", "de", "ja"]
        /// The folder to write into; made if it is missing.
        package var out: URL
        /// A folder with Packages and Translation-xx files; nil: apt fetches them.
        package var lists: URL?
        /// At most so many training examples a task, as a stratified sample; nil: all. A smaller set is part of every
        /// larger one.
        package var maxTrain: Int?
        /// At most so many examples in each of dev and test, as a stratified sample; nil: all.
        package var maxTest: Int?
        /// Decides the order of the examples, so which ones stay under the limits; never the splits.
        package var seed: UInt64 = 0

        package init(out: URL) { self.out = out }
    }

    /// A task in a language needs so many examples (before any limit), and two classes in training.
    package static let enough: [String: Int] = ["train": 200, "dev": 25, "test": 50]

    /// Makes the tasks and writes them: `tasks/TASK.yaml` (`TASK.LANG.yaml` for languages other than English),
    /// `LANG/TASK/{train,dev,test}.jsonl` with `text`, `label`, `package` and `source`,
    /// `LANG/unlabelled/{train,dev,test}.txt` with one text a line, and at the end `SOURCE.json`. Files of an earlier run that are not made again go.
    /// - Parameters:
    ///   - environment: PATH, and where the cache folder is
    ///   - writeFile: writes a file so that a killed run leaves the old one or the new one
    ///   - progress: gets a line now and then
    /// - Throws: `CorporaError`; before the first file is written, unless writing itself fails
    package static func build(
        _ options: Options, environment: [String: String] = ProcessInfo.processInfo.environment,
        writeFile: @escaping (URL, Data) throws -> Void = { try AtomicFile.replace($0, with: $1) },
        progress: (String) -> Void
    ) throws(CorporaError) -> Summary {
        let languages = try checked(options)
        let lists: PackageLists
        if let folder = options.lists {
            lists = try PackageLists.brought(in: folder)
        } else {
            let apt = Apt(
                folder: CacheFolder.url(environment: environment).appendingPathComponent("apt").absoluteURL,
                environment: environment, writeFile: writeFile)
            lists = try apt.lists(languages: languages, progress: progress)
        }
        var warnings = lists.warnings
        var read: [Summary.List] = []
        func load(_ files: [URL]) throws(CorporaError) -> [LoadedList] {
            var loaded: [LoadedList] = []
            for file in files {
                let list = try LoadedList(file, environment: environment)
                read.append(Summary.List(file: file.lastPathComponent, bytes: list.data.count))
                loaded.append(list)
            }
            return loaded
        }

        progress("reading packages")
        let index = try PackageIndex(lists: try load(lists.packages))
        let english = try index.texts(language: "en", translations: try load(lists.translations["en"] ?? []))
        let labels = DebianTask.labels(of: index.packages, english: english)
        let place = options.lists?.path ?? "apt's lists"
        guard english.contains(where: { $0 != nil }) else {
            throw .nothing(
                path: place, found: "no long English description of any of \(counted(index.packages.count, "package"))",
                expected: "a Translation-en file of the same suite", fix: "copy it to the same folder")
        }
        let order = index.packages.indices.sorted {
            let left = index.packages[$0].name
            let right = index.packages[$1].name
            let hashes = (StableHash.of(left, seed: options.seed), StableHash.of(right, seed: options.seed))
            return (hashes.0, left) < (hashes.1, right)
        }

        // Everything is read and counted before anything is written: a bad list leaves the folder as it was.
        var corpora: [LanguageCorpus] = []
        for language in languages {
            var texts = english
            if language != "en" {
                guard let files = lists.translations[language] else {
                    warnings.append("\(language): excluded, there is no Translation-\(language)")
                    continue
                }
                progress("reading \(language)")
                texts = try index.texts(language: language, translations: try load(files))
            }
            corpora.append(
                LanguageCorpus(
                    language: language, packages: index.packages, texts: texts, order: order, labels: labels,
                    options: options))
        }
        guard corpora.contains(where: { !$0.plans.isEmpty }) else {
            throw .nothing(
                path: place, found: "no task with enough examples in \(languages.joined(separator: ", "))",
                expected: "at least 200 training, 25 dev and 50 test examples of two classes",
                fix: "use the lists of a complete Debian suite")
        }
        var summary = Summary(
            languages: [], packages: index.packages.count, repeated: index.repeated, seed: options.seed,
            releases: lists.releases, lists: read.sorted { ($0.file, $0.bytes) < ($1.file, $1.bytes) },
            warnings: warnings)
        var writer = CorpusWriter(folder: options.out, writeFile: writeFile)
        try writer.begin(planned: corpora.flatMap(\.paths))
        for corpus in corpora {
            let made = try corpus.write(to: &writer)
            progress("\(made.language): \(counted(made.texts, "text")), \(counted(made.tasks.count, "task"))")
            summary.languages.append(made)
        }
        for corpus in corpora { try corpus.writeDefinitions(to: &writer) }
        try writer.finish(summary)
        return summary
    }

    /// The languages, each once, in the given order.
    private static func checked(_ options: Options) throws(CorporaError) -> [String] {
        var languages: [String] = []
        for language in options.languages {
            guard Language.isValid(language) else {
                throw .option(
                    name: "--languages", found: language,
                    expected: "names as in Translation-xx, for example en, de, pt_BR")
            }
            if !languages.contains(language) { languages.append(language) }
        }
        guard !languages.isEmpty else {
            throw .option(name: "--languages", found: "", expected: "at least one language, such as en")
        }
        for (name, limit) in [("--max-train", options.maxTrain), ("--max-test", options.maxTest)] {
            if let limit, limit < 1 { throw .option(name: name, found: "\(limit)", expected: "1 or more") }
        }
        return languages
    }
}
