import ArgumentParser
import Corpora
import Foundation
import Reporting
import Training

/// What every command takes.
struct CommonOptions: ParsableArguments {
    @Flag(help: "Print one JSON object on stdout; progress goes to stderr.")
    var json = false

    @Option(help: ArgumentHelp("All randomness comes from it.", valueName: "n"))
    var seed = 0

    @Option(help: ArgumentHelp("Threads; results do not depend on it. (default: all processors)", valueName: "n"))
    var threads: Int?

    @Flag(help: "No progress on stderr.")
    var quiet = false

    func validate() throws {
        if seed < 0 { throw ValidationError("--seed: found \(seed), expected 0 or more") }
        if let threads, !(1...1024).contains(threads) {
            throw ValidationError("--threads: found \(threads), expected 1 to 1024")
        }
    }

    var threadCount: Int { threads ?? max(1, ProcessInfo.processInfo.activeProcessorCount) }

    var progress: ProgressReporter { .standardError(silent: quiet) }
}

/// Which model.
struct ModelOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "A Hugging Face folder (config.json, model.safetensors, tokenizer.json or vocab.txt), or a fetched model's name.",
            valueName: "folder or name"))
    var model: String

    func session(_ common: CommonOptions) throws -> Session {
        let store = ModelStore()
        return try Session(folder: store.resolve(model), threads: common.threadCount, cache: store.home)
    }
}
