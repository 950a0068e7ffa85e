import Files
import Foundation
import Tasks

/// The tasks and the unlabelled text of one language.
struct LanguageCorpus {
    let language: String
    let packages: [Package]
    let texts: [String?]
    /// Indices of all packages in the order in which examples are written.
    let order: [Int]
    let options: DebianCorpus.Options
    /// Equal texts have equal numbers, so that they are compared only once.
    private let textNumber: [Int]
    /// The tasks that have enough examples.
    private(set) var plans: [Plan] = []
    /// The others, in words.
    private(set) var leftOut: [String] = []

    /// A task's packages (as indices) in each split.
    struct Plan {
        var task: Int
        var labels: [String]
        var rows: [[Int]]
        /// In each split, how many went because their text stands in training.
        var dropped: [Int]
    }

    init(
        language: String, packages: [Package], texts: [String?], order: [Int], labels: [[String]],
        options: DebianCorpus.Options
    ) {
        self.language = language
        self.packages = packages
        self.texts = texts
        self.order = order
        self.options = options
        var numbers: [String: Int] = [:]
        textNumber = texts.map { text in
            guard let text else { return -1 }
            let number = numbers[text] ?? numbers.count
            numbers[text] = number
            return number
        }
        plan(labels: labels)
    }

    /// All files that `write` and `writeDefinitions` make.
    var paths: [String] {
        plans.flatMap { plan in Split.allCases.map { dataPath(plan, $0) } + [definitionPath(plan)] }
            + Split.allCases.map { unlabelledPath($0) }
    }

    /// Writes the planned tasks' examples and the unlabelled text.
    func write(to writer: inout CorpusWriter) throws(CorporaError) -> DebianCorpus.Summary.Language {
        var summary = DebianCorpus.Summary.Language(
            language: language, texts: texts.count { $0 != nil }, unlabelled: try writeUnlabelled(to: &writer),
            tasks: [], leftOut: leftOut)
        for plan in plans {
            for split in Split.allCases {
                try writer.write(dataPath(plan, split), jsonLines(plan.rows[split.rawValue], task: plan.task))
            }
            summary.tasks.append(
                DebianCorpus.Summary.Task(
                    name: DebianTask.all[plan.task].name, definition: definitionPath(plan), labels: plan.labels.count,
                    train: plan.rows[0].count, dev: plan.rows[1].count, test: plan.rows[2].count,
                    devInTraining: plan.dropped[1], testInTraining: plan.dropped[2]))
        }
        return summary
    }

    /// Writes the tasks' definitions, which make them usable.
    func writeDefinitions(to writer: inout CorpusWriter) throws(CorporaError) {
        for plan in plans {
            let yaml = TaskFile.yaml(DebianTask.all[plan.task], language: language, labels: plan.labels)
            try writer.write(definitionPath(plan), yaml)
        }
    }

    private func dataPath(_ plan: Plan, _ split: Split) -> String {
        "\(language)/\(DebianTask.all[plan.task].name)/\(split.name).jsonl"
    }

    private func definitionPath(_ plan: Plan) -> String {
        "tasks/\(DebianTask.all[plan.task].name)\(language == "en" ? "" : ".\(language)").yaml"
    }

    private func unlabelledPath(_ split: Split) -> String { "\(language)/unlabelled/\(split.name).txt" }

    /// Picks the tasks that have enough examples.
    /// - Parameter labels: of each of `DebianTask.all`, the same for every language
    private mutating func plan(labels: [[String]]) {
        for (index, task) in DebianTask.all.enumerated() {
            let examples = examples(of: index, labels: Set(labels[index]))
            let counts = examples.rows.map(\.count)
            let classes = Set(examples.rows[Split.train.rawValue].map { packages[$0].labels[index] }).count
            let isEnough = Split.allCases.allSatisfy { counts[$0.rawValue] >= DebianCorpus.enough[$0.name] ?? 0 }
            guard isEnough, classes >= 2 else {
                leftOut.append(
                    "\(task.name): \(counts[0]) training, \(counts[1]) dev, \(counts[2]) test examples of "
                        + counted(classes, "class", "classes"))
                continue
            }
            let rows = Split.allCases.map { split in
                sample(examples.rows[split.rawValue], task: index, labels: labels[index], limit: limit(of: split))
            }
            plans.append(Plan(task: index, labels: labels[index], rows: rows, dropped: examples.dropped))
        }
    }

    /// A sample that keeps the labels' shares; the rows stay in their order, which is a hash's.
    private func sample(_ rows: [Int], task: Int, labels: [String], limit: Int) -> [Int] {
        let classes = rows.map { packages[$0].labels[task].flatMap(labels.firstIndex(of:)) ?? -1 }
        return StratifiedSample.chosen(Array(rows.indices), stratum: { classes[$0] }, limit: limit).map { rows[$0] }
    }

    private func limit(of split: Split) -> Int {
        (split == .train ? options.maxTrain : options.maxTest) ?? Int.max
    }

    /// The packages of each split, and how many were dropped because their text stands in training.
    private func examples(of task: Int, labels: Set<String>) -> (rows: [[Int]], dropped: [Int]) {
        var rows: [[Int]] = [[], [], []]
        for index in order where texts[index] != nil {
            if let label = packages[index].labels[task], labels.contains(label) {
                rows[packages[index].split.rawValue].append(index)
            }
        }
        // All of training, not only what stays under the limit: the test set is then the same for every limit.
        let trained = Set(rows[Split.train.rawValue].map { textNumber[$0] })
        var dropped = [0, 0, 0]
        for split in [Split.dev.rawValue, Split.test.rawValue] {
            let kept = rows[split].filter { !trained.contains(textNumber[$0]) }
            dropped[split] = rows[split].count - kept.count
            rows[split] = kept
        }
        return (rows, dropped)
    }

    private func jsonLines(_ rows: [Int], task: Int) -> Data {
        var bytes: [UInt8] = []
        for index in rows {
            guard let text = texts[index], let label = packages[index].labels[task] else { continue }
            bytes += "{\"text\":".utf8
            JSONText.append(text, to: &bytes)
            bytes += ",\"label\":".utf8
            JSONText.append(label, to: &bytes)
            bytes += ",\"package\":".utf8
            JSONText.append(packages[index].name, to: &bytes)
            bytes += ",\"source\":".utf8
            JSONText.append(packages[index].source, to: &bytes)
            bytes += "}\n".utf8
        }
        return Data(bytes)
    }

    /// One text a line, each only once and on the side of its first package: what stands in dev or test does not
    /// stand in training. Packages without tags are in it too.
    private func writeUnlabelled(to writer: inout CorpusWriter) throws(CorporaError) -> Int {
        var count = 0
        var seen: Set<Int> = []
        for split in Split.allCases {
            var bytes: [UInt8] = []
            for index in order where packages[index].split == split {
                guard let text = texts[index], seen.insert(textNumber[index]).inserted else { continue }
                for byte in text.utf8 { bytes.append(byte < 32 ? 32 : byte) }
                bytes.append(10)
                count += 1
            }
            try writer.write(unlabelledPath(split), Data(bytes))
        }
        return count
    }
}
