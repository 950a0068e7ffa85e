import ArgumentParser
import Corpora
import Foundation

struct ModelCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "model", abstract: "Download pretrained models.", subcommands: [Fetch.self])

    struct Fetch: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Download a model to the cache folder (AMALGAM_HOME) and print its path.")

        @Argument(help: "The model's name: \(KnownModel.all.map(\.name).joined(separator: " or ")).") var name: String
        @OptionGroup var common: CommonOptions

        func run() throws {
            try guarded {
                let folder = try ModelStore().fetch(name) { if !common.quiet { Console.error($0) } }
                guard common.json else { return Console.print(folder.path) }
                Console.print(json: ["model": .string(name), "folder": .string(folder.path)])
            }
        }
    }
}
