import Amalgam
import ArgumentParser
import Foundation

/// What every command takes.
struct CommonOptions: ParsableArguments {
    @Flag(help: "Print the result as one JSON object on stdout; progress goes to stderr.")
    var json = false

    @Option(help: ArgumentHelp("Seed for all random numbers.", valueName: "n"))
    var seed = 0

    @Option(
        help: ArgumentHelp(
            "Number of threads; it does not change the results. (default: all processors)", valueName: "n"))
    var threads: Int?

    @Flag(help: "Print no progress on stderr.")
    var quiet = false

    func validate() throws {
        if seed < 0 { throw ValidationError("--seed: found \(seed), expected 0 or more") }
        if let threads, !(1...1024).contains(threads) {
            throw ValidationError("--threads: found \(threads), expected 1 to 1024")
        }
    }

    var progress: ProgressDisplay { ProgressDisplay(isSilent: quiet) }
}

/// Which model.
struct ModelOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "A Hugging Face folder (config.json, model.safetensors and a tokenizer) or the name of a fetched model.",
            valueName: "folder or name"))
    var model: String

    func model(_ common: CommonOptions) throws -> Model { try Model(named: model, threads: common.threads) }
}
