import Amalgam
import ArgumentParser

struct ModelCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "model", abstract: "Download pretrained models.", subcommands: [Fetch.self])

    struct Fetch: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Download a model to the cache folder (AMALGAM_HOME) and print its path.")

        @Argument(help: "The model's name: \(Model.knownNames.joined(separator: " or ")).") var name: String
        @OptionGroup var common: CommonOptions

        func run() async throws {
            try await guarded {
                let isQuiet = common.quiet
                let folder = try await Model.fetch(name) { if !isQuiet { Console.error($0) } }
                guard common.json else { return Console.print(folder.path) }
                Console.print(json: ["model": .string(name), "folder": .string(folder.path)])
            }
        }
    }
}
