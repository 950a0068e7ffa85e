import Amalgam
import ArgumentParser
import Foundation

struct ChatCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "chat",
        abstract: "Talk with a decoder.",
        discussion: """
            Each line of standard input is a message, and the answer is written while it is made, with the conversation so far in \
            mind and in the form of the model's chat template. An empty line is skipped; /new begins a new conversation; /quit or \
            the end of the input ends. For answers to many prompts in a file, use generate --chat.
            """)

    @OptionGroup var model: ModelOptions
    @Option(help: ArgumentHelp("A bundle with an adapter of this model, from tune.", valueName: "file"))
    var bundle: String?
    @Option(help: ArgumentHelp("What the assistant is told at the beginning.", valueName: "text")) var system: String?
    @Option(help: ArgumentHelp("Tokens of an answer at most.", valueName: "n")) var maxTokens = 512
    @Option(help: ArgumentHelp("What logits are divided by; 0 takes the most likely token.", valueName: "number"))
    var temperature = 0.0
    @Option(
        help: ArgumentHelp(
            "Draw from the most likely tokens whose probabilities together reach this.", valueName: "number"))
    var topP = 1.0
    @Flag(help: "Allow a bundle that was trained on a different model, if all shapes match.") var force = false
    @OptionGroup var precision: PrecisionOption
    @OptionGroup var common: CommonOptions

    func run() async throws {
        try await guarded {
            var settings = GeneratorOptions()
            settings.precision = try precision.value()
            settings.allowsOtherModel = force
            var options = GenerationOptions()
            options.maxTokens = maxTokens
            options.temperature = temperature
            options.topP = topP
            options.seed = common.seed
            let bundle = try bundle.map { try AdapterBundle(contentsOf: URL(fileURLWithPath: $0)) }
            let generator = try TextGenerator(model.model(common), bundle, options: settings)
            Console.warn(generator.warnings)
            let first = system.map { [ChatMessage(.system, $0)] } ?? []
            var messages = first
            let isTerminal = isatty(STDIN_FILENO) == 1
            func ask() { if isTerminal { Console.write("> ") } }
            ask()
            while let line = readLine(), line != "/quit", !Console.hasFailed {
                defer { ask() }
                if line == "/new" { messages = first }
                guard line != "/new", !line.allSatisfy(\.isWhitespace) else { continue }
                messages.append(ChatMessage(.user, line))
                for try await event in generator.stream(replyTo: messages, options: options) {
                    switch event {
                    case .piece(let text): Console.write(text)
                    case .finished(let answer): messages.append(ChatMessage(.assistant, answer.text))
                    }
                }
                Console.write("\n")
            }
        }
    }
}
