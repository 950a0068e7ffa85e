import Amalgam
import ArgumentParser
import Foundation

struct TrainLanguageCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "train-language",
        abstract: "Train a language adapter on plain text (masked language modeling); the model stays frozen.",
        discussion: """
            Training needs a head that predicts masked tokens. Train one head on text of all your languages, then use it \
            for each language, so that the results are comparable:
              amalgam train-language --model e5-small --head-only --text en.txt de.txt fr.txt --out adapters/mlm.h5
              amalgam train-language --model e5-small --text de.txt --mlm-head adapters/mlm.h5 --out adapters/lang-de.h5
            Without --mlm-head, the command uses mlm-MODEL.h5 beside --out. If that file is missing, it trains one on --text.
            """)

    @OptionGroup var model: ModelOptions
    @Option(parsing: .upToNextOption, help: "UTF-8 files of plain text, one text per line.") var text: [String]
    @Option(
        parsing: .upToNextOption,
        help:
            "Held-out text for the perplexity, one file per --text file. (default: about 1 line in 20, chosen by a hash of the line)"
    )
    var heldOut: [String] = []
    @Option(help: "The bundle to write.") var out: String
    @Option(help: "The head that predicts masked tokens. (default: mlm-MODEL.h5 beside --out)") var mlmHead: String?
    @Flag(help: "Train the head that predicts masked tokens, without an adapter.") var headOnly = false
    @Option(
        help: "Maximum tokens per epoch, split equally among the files; the seed selects the lines. (default: all)"
    ) var tokens: Int?
    @Option(
        help: "An adapter configuration: \(AdapterConfiguration.presetNames.joined(separator: ", ")), or a YAML file.")
    var config = "seq_bn_inv"
    @Option(
        name: .customLong("set"), parsing: .singleValue,
        help: "Override a field of the configuration: field=value; a list as targets=query,value.")
    var overrides: [String] = []
    @OptionGroup var training: TrainingFlags
    @OptionGroup var common: CommonOptions

    func validate() throws {
        if let tokens, tokens < 1 { throw ValidationError("--tokens: found \(tokens), expected 1 or more") }
        if !heldOut.isEmpty, heldOut.count != text.count {
            throw ValidationError(
                "--held-out: found \(heldOut.count == 1 ? "1 file" : "\(heldOut.count) files"), expected \(text.count), one for each --text file"
            )
        }
        if headOnly, mlmHead != nil {
            throw ValidationError("--mlm-head: cannot be combined with --head-only, which writes the head to --out")
        }
    }

    func run() async throws {
        try await guarded {
            try training.checkForLanguages()
            let texts = try text.enumerated().map { i, path in
                try TextCorpus(
                    contentsOf: URL(fileURLWithPath: path),
                    heldOut: heldOut.isEmpty ? nil : URL(fileURLWithPath: heldOut[i]))
            }
            let model = try model.model(common)
            if headOnly { return try await train(.head, on: texts, model: model, out: out) }
            let configuration = try AdapterConfiguration(config, overrides: overrides)
            let head = try await head(texts, model: model)
            try await train(.adapter(configuration, head: head), on: texts, model: model, out: out)
        }
    }

    private func head(_ texts: [TextCorpus], model: Model) async throws -> AdapterBundle {
        let path =
            mlmHead
            ?? URL(fileURLWithPath: out).deletingLastPathComponent()
            .appendingPathComponent("mlm-\(AdapterBundle.safeName(model.name)).h5").path
        if mlmHead == nil, !FileManager.default.fileExists(atPath: path) {
            Console.error(
                "amalgam: \(path): no head that predicts masked tokens yet; training one on this text first. To compare "
                    + "languages, train one head on text of all of them (--head-only)")
            try await train(.head, on: texts, model: model, out: path, name: "mlm", isFirst: true)
        }
        return try AdapterBundle(contentsOf: URL(fileURLWithPath: path))
    }

    /// - Parameters:
    ///   - name: nil: the option's, or the library's
    ///   - isFirst: another training follows, whose result is the command's
    private func train(
        _ recipe: LanguageRecipe, on texts: [TextCorpus], model: Model, out: String, name: String? = nil,
        isFirst: Bool = false
    ) async throws {
        let run = TrainingRun(common: common, out: out, isQuiet: isFirst)
        var options = try training.options(seed: common.seed, output: run.output)
        if let name { options.name = name }
        let remark = tokens.map {
            "an epoch reads at most \($0.formatted(.number.locale(Locale(identifier: "en_US")))) \($0 == 1 ? "token" : "tokens"): "
                + "lines drawn by seed \(common.seed), an equal share of each file"
        }
        try await run.run(label: options.name ?? recipe.name(texts), remark: remark) {
            model.trainLanguage(recipe, on: texts, tokens: tokens, options: options)
        }
    }
}
