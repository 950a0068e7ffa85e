import Amalgam
import ArgumentParser
import Foundation

struct TuneCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tune",
        abstract: "Train a decoder's adapter on answers to prompts (supervised fine-tuning); the model stays frozen.",
        discussion: """
            The data are rows with the fields "prompt" and "answer": .jsonl, .json, .csv or .tsv. The loss counts the tokens of the \
            answers, and the one that ends a text. Texts of a batch are packed and do not see each other. Where a prompt and its \
            answer are longer than --max-length, the prompt loses its beginning.
              amalgam tune --model smollm2 --data train.jsonl --out adapters/support.h5 --chat
              amalgam generate --model smollm2 --bundle adapters/support.h5 --chat --prompt "My screen is black."
            """)

    @OptionGroup var model: ModelOptions
    @Option(help: ArgumentHelp("The rows to train on.", valueName: "file")) var data: String
    @Option(help: ArgumentHelp("Rows to score with. (default: every twentieth of --data)", valueName: "file"))
    var heldOut: String?
    @Flag(
        help:
            "Make each prompt a user's message, by the model's chat template; use the bundle with chat or generate --chat."
    )
    var chat = false
    @Option(help: ArgumentHelp("What the assistant is told before each prompt; needs --chat.", valueName: "text"))
    var system: String?
    @Option(help: "The bundle to write.") var out: String
    @Option(
        help: "An adapter configuration: \(AdapterConfiguration.presetNames.joined(separator: ", ")), or a YAML file.")
    var config = "lora"
    @Option(
        name: .customLong("set"), parsing: .singleValue,
        help: "Override a field of the configuration: field=value; a list as targets=query,value.")
    var overrides: [String] = []
    @OptionGroup var training: TrainingFlags
    @OptionGroup var common: CommonOptions

    func validate() throws {
        guard system == nil || chat else { throw ValidationError("--system: needs --chat") }
    }

    func run() async throws {
        try await guarded {
            try training.checkForLanguages("answers")
            let run = TrainingRun(common: common, out: out)
            let configuration = try AdapterConfiguration(config, overrides: overrides)
            let options = try training.options(seed: common.seed, output: run.output)
            let prompts = try AnsweredPrompts(
                contentsOf: URL(fileURLWithPath: data), heldOut: heldOut.map { URL(fileURLWithPath: $0) })
            let model = try model.model(common)
            try await run.run(label: options.name ?? prompts.name) {
                model.trainAnswers(
                    configuration, on: prompts, chat: chat ? GenerationOptions.Chat(system: system) : nil,
                    options: options)
            }
        }
    }
}
