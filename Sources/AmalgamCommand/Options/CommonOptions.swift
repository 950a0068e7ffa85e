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

    @Option(
        help: ArgumentHelp(
            "Hold the layers' matrices in 4 bits: nf4, from a model in float numbers; or none: a GGUF file's blocks are unpacked to float32. (default: as the model's file has them)",
            valueName: "nf4 or none"))
    var quantize: String?

    func validate() throws { _ = try storage() }

    private func storage() throws -> Model.Storage {
        switch quantize {
        case nil: return .stored
        case "nf4"?: return .nf4
        case "none"?: return .float32
        case let other?: throw ValidationError("--quantize: found \(other), expected nf4 or none")
        }
    }

    func model(_ common: CommonOptions) throws -> Model {
        try Model(named: model, threads: common.threads, storage: storage())
    }
}
