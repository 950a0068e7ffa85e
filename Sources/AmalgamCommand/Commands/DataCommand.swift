import ArgumentParser
import Corpora
import Files
import Foundation
import Reporting

struct DataCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "data", abstract: "Create tasks from real text in several languages.", subcommands: [Debian.self])

    struct Debian: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract:
                "Create tasks from Debian's package descriptions, their translations and debtags. Does not need root.")

        @Option(help: "Languages, separated by commas.") var languages = "en,da,it,fr,de,ja"
        @Option(help: "The folder to write: tasks/TASK.yaml and LANGUAGE/TASK/*.jsonl.") var out: String
        @Option(help: "A folder with your own Packages and Translation files, to use instead of apt.") var lists:
            String?
        @Option(help: "Maximum training examples per task (stratified sample).") var maxTrain: Int?
        @Option(help: "Maximum test examples per task (stratified sample).") var maxTest: Int?
        @OptionGroup var common: CommonOptions

        func run() throws {
            try guarded {
                var options = DebianCorpus.Options(out: URL(fileURLWithPath: out))
                options.languages = languages.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
                options.lists = lists.map { URL(fileURLWithPath: $0) }
                options.maxTrain = maxTrain
                options.maxTest = maxTest
                options.seed = UInt64(common.seed)
                try Folder.make(options.out)
                let lock = try OutputLock(options.out, who: "data debian")
                defer { withExtendedLifetime(lock) {} }
                let summary = try DebianCorpus.build(
                    options, writeFile: { try AtomicFile.replace($0, with: $1) },
                    progress: { if !common.quiet { Console.error($0) } })
                for warning in summary.warnings { Console.error("amalgam: \(warning)") }
                if common.json {
                    let encoder = JSONEncoder()
                    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
                    return Console.print(String(decoding: try encoder.encode(summary), as: UTF8.self))
                }
                for language in summary.languages {
                    var table = TextTable([
                        .init("task"), .init("labels", .trailing), .init("train", .trailing), .init("dev", .trailing),
                        .init("test", .trailing), .init("dropped from test", .trailing),
                    ])
                    for task in language.tasks {
                        table.append(
                            [.init(task.name)]
                                + [task.labels, task.train, task.dev, task.test, task.testInTraining].map {
                                    .init(Human.count($0))
                                })
                    }
                    Console.print("\n\(language.language): \(Human.count(language.texts, "description"))")
                    Console.print(table.text(.columns, on: Terminal.of(.output)))
                    if !language.leftOut.isEmpty {
                        Console.print("excluded: \(language.leftOut.joined(separator: "; "))")
                    }
                }
                Console.print("\nwritten: \(out)")
            }
        }
    }
}
