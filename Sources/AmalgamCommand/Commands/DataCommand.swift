import Amalgam
import ArgumentParser
import Foundation

struct DataCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "data", abstract: "Create tasks from real text in several languages; check a task's data.",
        subcommands: [Debian.self, DataCheckCommand.self, DataDifficultyCommand.self])

    struct Debian: AsyncParsableCommand {
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

        func run() async throws {
            try await guarded {
                var options = DebianTasks.Options()
                options.languages = languages.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
                options.lists = lists.map { URL(fileURLWithPath: $0) }
                options.maxTrain = maxTrain
                options.maxTest = maxTest
                options.seed = common.seed
                let isQuiet = common.quiet
                let summary = try await DebianTasks.write(to: URL(fileURLWithPath: out), options: options) {
                    if !isQuiet { Console.error($0) }
                }
                for warning in summary.warnings { Console.error("amalgam: \(warning.commandLineText)") }
                if common.json { return Console.print(summary.json) }
                Console.write(summary.report.terminalText)
                Console.print("\nwritten: \(out)")
            }
        }
    }
}
