import ArgumentParser
import Foundation

/// `amalgam`: parses, calls the library, prints.
@main
struct AmalgamTool: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "amalgam",
        abstract: "Adapters, their fusion, and an honest comparison with fine-tuning, on one pretrained encoder.",
        discussion: """
            First steps:
              amalgam model fetch minilm
              amalgam data debian --languages en --out data
              amalgam train-adapter --model minilm --task data/tasks/game.yaml --out adapters/game.h5
            Exit codes: 0 done, 64 usage, 65 bad data, 66 no input, 69 something is missing on this machine, 74 I/O,
            75 another process writes that output, 130 and 143 stopped by Ctrl-C and SIGTERM (--resume goes on).
            """,
        version: "amalgam 0.1",
        subcommands: [
            TrainAdapterCommand.self, TrainLanguageCommand.self, FuseCommand.self, FinetuneCommand.self,
            TrainMultitaskCommand.self,
            EvaluateCommand.self, PredictCommand.self, InspectCommand.self, ImportCommand.self, ExportCommand.self,
            AblateCommand.self, TransferCommand.self, ModelCommand.self, DataCommand.self,
        ])

    static func main() {
        Console.holdStreams()
        main(nil)
    }
}
