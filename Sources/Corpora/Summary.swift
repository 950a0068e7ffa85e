extension DebianCorpus {
    /// What was made, from what, and what was dropped: what SOURCE.json holds.
    package struct Summary: Codable, Equatable, Sendable {
        package struct List: Codable, Equatable, Sendable {
            package var file: String
            /// Decompressed.
            package var bytes: Int
        }

        /// One task in one language.
        package struct Task: Codable, Equatable, Sendable {
            package var name: String
            /// The definition's path, relative to the output folder.
            package var definition: String
            package var labels: Int
            package var train: Int
            package var dev: Int
            package var test: Int
            /// Dev and test texts that also stand in training, word for word.
            package var devInTraining: Int
            package var testInTraining: Int
        }

        package struct Language: Codable, Equatable, Sendable {
            package var language: String
            /// Packages with a description in this language.
            package var texts: Int
            /// Lines of unlabelled text: each text once.
            package var unlabelled: Int
            package var tasks: [Task]
            /// Tasks without enough examples, with the counts.
            package var leftOut: [String]
        }

        package var languages: [Language]
        /// Different names of packages.
        package var packages: Int
        /// Stanzas passed over because a package of that name was there already.
        package var repeated: Int
        package var seed: UInt64
        var releases: [PackageLists.Release]
        package var lists: [List]
        /// What the user should know.
        package var warnings: [String]
    }
}
