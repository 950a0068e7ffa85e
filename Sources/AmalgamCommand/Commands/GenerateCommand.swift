import Amalgam
import ArgumentParser
import Foundation

struct GenerateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "generate",
        abstract: "Continue texts with a decoder, one result per line.",
        discussion: """
            Prompts are given with --prompt, or as records of --input or of standard input: JSON Lines with the field "prompt" \
            (or "text"), plain text with a prompt on each line, CSV or TSV. Special tokens are put around a prompt as the model's \
            tokenizer does. With --chat, a prompt is what a user says, and the model's chat template is applied.

            A result is one line of JSON: line (where the record starts; not with --prompt), text, tokens (their ids), \
            finish_reason (stop: the model or a stop string ended the text; length: --max-tokens or the model's positions), \
            prompt_tokens, with --logprobs the natural logarithm of each token's probability by the model's own logits, and the \
            fields that --keep copies. With --stream, the text itself is written while it is made, and no JSON.

            By default, the most likely token is taken each time. With --temperature, tokens are drawn; what may be drawn is \
            limited by --top-k, --top-p and --min-p, in this order. What a prompt becomes depends on the prompt, the options, \
            --seed and the number of its record, and not on the other prompts.
            """)

    @OptionGroup var model: ModelOptions
    @Option(help: ArgumentHelp("A bundle with an adapter of this model, from tune.", valueName: "file"))
    var bundle: String?
    @Option(help: ArgumentHelp("A text to continue.", valueName: "text")) var prompt: String?
    @Option(help: ArgumentHelp("A file with prompts. (default: standard input)", valueName: "file")) var input: String?
    @Option(help: "The input's format: text, jsonl, json, csv or tsv. (default: from the extension or the first line)")
    var format: String?
    @Option(help: "The field that contains the prompt. (default: prompt, else text)") var textColumn: String?
    @Option(help: "Input fields to copy to the output, separated by commas, or all.") var keep: String?
    @Option(help: "Action at a malformed line: stop, or skip it and print its error instead of a result.") var onError =
        "stop"
    @Option(help: ArgumentHelp("Tokens to make at most.", valueName: "n")) var maxTokens = 128
    @Option(help: ArgumentHelp("What logits are divided by; 0 takes the most likely token.", valueName: "number"))
    var temperature = 0.0
    @Option(help: ArgumentHelp("Draw from so many of the most likely tokens; 0 for all.", valueName: "n")) var topK = 0
    @Option(
        help: ArgumentHelp(
            "Draw from the most likely tokens whose probabilities together reach this.", valueName: "number"))
    var topP = 1.0
    @Option(
        help: ArgumentHelp(
            "Draw from tokens at least so likely as this times the most likely one.", valueName: "number"))
    var minP = 0.0
    @Option(
        help: ArgumentHelp(
            "Divide positive logits of tokens that the text has by this, and multiply negative ones.",
            valueName: "number"))
    var repetitionPenalty = 1.0
    @Option(help: ArgumentHelp("End a text before this string; may be given several times.", valueName: "text"))
    var stop: [String] = []
    @Flag(help: "Answer each prompt as a message of a user: applies the model's chat template.") var chat = false
    @Option(help: ArgumentHelp("What the assistant is told before the prompt; needs --chat.", valueName: "text"))
    var system: String?
    @Flag(help: "Write each token's log-probability.") var logprobs = false
    @Flag(help: "Write the text while it is made, without JSON; needs --prompt.") var stream = false
    @Option(help: ArgumentHelp("Prompts that are continued at once; it does not change the results.", valueName: "n"))
    var slots = 16
    @Flag(help: "Allow a bundle that was trained on a different model, if all shapes match.") var force = false
    @OptionGroup var precision: PrecisionOption
    @OptionGroup var common: CommonOptions

    func validate() throws {
        guard prompt == nil || input == nil else { throw ValidationError("--prompt, --input: give one of the two") }
        guard system == nil || chat else { throw ValidationError("--system: needs --chat") }
        if stream, prompt == nil { throw ValidationError("--stream: needs --prompt") }
    }

    func run() async throws {
        try await guarded {
            let records = try records()
            // The source first: loading a model takes longer than finding that a file does not exist
            let source = prompt == nil ? try self.source() : nil
            var options = GeneratorOptions()
            options.precision = try precision.value()
            options.slots = slots
            options.allowsOtherModel = force
            let bundle = try bundle.map { try AdapterBundle(contentsOf: URL(fileURLWithPath: $0)) }
            let generator = try TextGenerator(model.model(common), bundle, options: options)
            Console.warn(generator.warnings)
            if let source {
                let summary = try await generator.generate(source, options: self.options, records: records) { lines in
                    Console.write(lines)
                    return !Console.hasFailed
                }
                Console.warn(summary.warnings)
            } else if stream {
                for try await event in generator.stream(prompt ?? "", options: self.options) {
                    if case .piece(let text) = event { Console.write(text) }
                    if Console.hasFailed { break }
                }
                Console.write("\n")
            } else {
                Console.print(try await generator.generate(prompt ?? "", options: self.options).json)
            }
        }
    }

    private var options: GenerationOptions {
        var options = GenerationOptions()
        options.maxTokens = maxTokens
        options.temperature = temperature
        options.topK = topK
        options.topP = topP
        options.minP = minP
        options.repetitionPenalty = repetitionPenalty
        options.stops = stop
        options.seed = common.seed
        options.logProbabilities = logprobs
        options.chat = chat ? GenerationOptions.Chat(system: system) : nil
        return options
    }

    private func source() throws -> RecordSource {
        let formats: [RecordSource.Format] = [.text, .jsonLines, .json, .csv, .tsv]
        let chosen = try format.map { word in
            guard let format = formats.first(where: { $0.rawValue == word }) else {
                throw wrongOption(
                    "--format", found: word, expected: formats.map(\.rawValue).joined(separator: ", "))
            }
            return format
        }
        guard let input else { return try RecordSource(.standardInput, format: chosen) }
        return try RecordSource(contentsOf: URL(fileURLWithPath: input), format: chosen)
    }

    private func records() throws -> RecordOptions {
        var records = RecordOptions()
        records.textColumn = textColumn
        records.keeps =
            switch keep {
            case nil, "": .none
            case "all": .all
            case .some(let names): .named(names.split(separator: ",").map(String.init))
            }
        guard let policy = RecordOptions.ErrorPolicy(rawValue: onError) else {
            throw wrongOption("--on-error", found: onError, expected: "stop, skip")
        }
        records.onError = policy
        return records
    }
}
