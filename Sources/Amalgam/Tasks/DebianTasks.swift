import Corpora
import Files
import Foundation

/// Tasks from real text: Debian's package descriptions, in English and in translations.
///
/// A text is a package's description; its label is the package's section, or the one value of a facet of debtags. All languages
/// have the same labels and the same splits.
public enum DebianTasks {
    /// What is made.
    public struct Options: Sendable, Equatable {
        /// Debian's names of languages, such as `de` and `pt_BR`; default English, Danish, Italian, French, German, Japanese.
        public var languages = ["en", "da", "it", "fr", "de", "ja"]
        /// A folder with Packages and Translation files; nil (default) for those that apt fetches, without root.
        public var lists: URL?
        /// Training examples of each task at most, as a stratified sample; nil (default) for all.
        public var maxTrain: Int?
        /// Examples in each of dev and test at most, as a stratified sample; nil (default) for all.
        public var maxTest: Int?
        /// Decides which examples are in a sample, never the splits; 0 or more; default 0.
        public var seed = 0

        /// Creates the defaults.
        public init() {}
    }

    /// What was made.
    public struct Summary: Sendable, Equatable {
        /// One task in one language.
        public struct Task: Sendable, Equatable {
            /// The task's name.
            public var name: String
            /// The path of its YAML, relative to the folder.
            public var definition: String
            /// Number of classes.
            public var labels: Int
            /// Examples in train.
            public var train: Int
            /// Examples in dev.
            public var dev: Int
            /// Examples in test.
            public var test: Int
            /// Texts that would be in dev, and are dropped because they are in train too, word for word.
            public var devInTraining: Int
            /// Texts that would be in test, and are dropped because they are in train too, word for word.
            public var testInTraining: Int
        }

        /// One language.
        public struct Language: Sendable, Equatable {
            /// Debian's name of the language.
            public var language: String
            /// Packages with a description in this language.
            public var texts: Int
            /// Lines of plain text, each text once.
            public var unlabelled: Int
            /// The tasks that were made.
            public var tasks: [Task]
            /// Tasks without enough examples, with the counts.
            public var leftOut: [String]
        }

        private let stored: DebianCorpus.Summary

        init(_ stored: DebianCorpus.Summary) { self.stored = stored }

        /// The languages in the order of the options.
        public var languages: [Language] {
            stored.languages.map { language in
                Language(
                    language: language.language, texts: language.texts, unlabelled: language.unlabelled,
                    tasks: language.tasks.map {
                        Task(
                            name: $0.name, definition: $0.definition, labels: $0.labels, train: $0.train, dev: $0.dev,
                            test: $0.test, devInTraining: $0.devInTraining, testInTraining: $0.testInTraining)
                    }, leftOut: language.leftOut)
            }
        }

        /// Different names of packages.
        public var packages: Int { stored.packages }

        /// Packages that were passed over because one of that name was there already.
        public var repeated: Int { stored.repeated }

        /// What a user should know.
        public var warnings: [Warning] { stored.warnings.map { .of(.data, $0) } }

        /// The summary as one line of JSON, with the lists and releases that it was made from: as SOURCE.json has it.
        public var json: String {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            return (try? encoder.encode(stored)).map { String(decoding: $0, as: UTF8.self) } ?? "{}"
        }
    }

    /// Makes the tasks and writes them.
    ///
    /// The folder gets `tasks/TASK.yaml` (`tasks/TASK.LANGUAGE.yaml` for languages other than English),
    /// `LANGUAGE/TASK/{train,dev,test}.jsonl`, `LANGUAGE/unlabelled/{train,dev,test}.txt` with a text a line, and `SOURCE.json`.
    /// Files of an earlier call that are not made again are removed. Nothing is written before all lists are read.
    /// - Parameters:
    ///   - folder: Made if needed.
    ///   - options: Languages and sizes.
    ///   - progress: Gets a line at each step, on another thread.
    /// - Returns: Counts, and what was left out.
    /// - Throws: ``AmalgamError/Kind/option``, ``AmalgamError/Kind/unavailable`` where apt or another program is missing,
    ///   ``AmalgamError/Kind/missingFile``, ``AmalgamError/Kind/invalidContent``, ``AmalgamError/Kind/noExamples``,
    ///   ``AmalgamError/Kind/unwritableFile``, ``AmalgamError/Kind/busy``; `CancellationError` before the work has begun.
    @discardableResult
    public static func write(
        to folder: URL, options: Options = Options(), progress: @escaping @Sendable (String) -> Void = { _ in }
    ) async throws -> Summary {
        try await Background.run {
            guard options.seed >= 0 else {
                throw CorporaError.option(name: "--seed", found: "\(options.seed)", expected: "0 or more")
            }
            var stored = DebianCorpus.Options(out: folder)
            stored.languages = options.languages
            stored.lists = options.lists
            stored.maxTrain = options.maxTrain
            stored.maxTest = options.maxTest
            stored.seed = UInt64(options.seed)
            try Folder.make(folder)
            let lock = try OutputLock(folder, who: "data debian")
            defer { withExtendedLifetime(lock) {} }
            return Summary(try DebianCorpus.build(stored, progress: progress))
        }
    }
}
