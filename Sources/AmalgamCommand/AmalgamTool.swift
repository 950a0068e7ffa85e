import ArgumentParser
import Foundation

/// `amalgam`: parses, calls the library, prints.
@main
struct AmalgamTool: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "amalgam",
        abstract: "Train small adapters on a frozen transformer, fuse them, and compare them with full fine-tuning.",
        discussion: """
            First steps:
              amalgam model fetch minilm
              amalgam data debian --languages en --out data
              amalgam train-adapter --model minilm --task data/tasks/game.yaml --out adapters/game.h5
            Exit codes: 0 success, 64 usage, 65 bad data, 66 missing input, 69 missing program or not enough memory,
            74 I/O error, 75 another process is writing the output, 130 stopped by Ctrl-C, 143 stopped by SIGTERM
            (continue with --resume).
            """,
        version: "amalgam 0.1",
        subcommands: [
            TrainAdapterCommand.self, TrainLanguageCommand.self, FuseCommand.self, FinetuneCommand.self,
            TrainMultitaskCommand.self, DistillCommand.self, TuneCommand.self,
            EvaluateCommand.self, PredictCommand.self, GenerateCommand.self, ChatCommand.self, RetrieveCommand.self,
            ComposeCommand.self,
            MergeCommand.self,
            PruneCommand.self,
            CollapseCommand.self, InspectCommand.self,
            ImportCommand.self, ExportCommand.self,
            AblateCommand.self, TransferCommand.self, AdviseCommand.self, EstimateCommand.self, MethodsCommand.self,
            ModelCommand.self,
            DataCommand.self,
        ])

    static func main() async {
        Console.holdStreams()
        await main(NumberList.joined(Array(CommandLine.arguments.dropFirst()), option: "--weights"))
    }
}
