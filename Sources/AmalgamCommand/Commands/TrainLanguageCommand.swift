import Adapters
import ArgumentParser
import Bundles
import Files
import Foundation
import Reporting
import Tasks
import Training

struct TrainLanguageCommand: ParsableCommand {
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
    @Option(help: "An adapter configuration: \(AdapterMethods.presetNames.joined(separator: ", ")), or a YAML file.")
    var config = "seq_bn_inv"
    @Option(
        name: .customLong("set"), parsing: .singleValue, help: "Override a field of the configuration: field=value.")
    var overrides: [String] = []
    @OptionGroup var training: TrainingOptions
    @OptionGroup var common: CommonOptions

    func validate() throws {
        if let tokens, tokens < 1 { throw ValidationError("--tokens: found \(tokens), expected 1 or more") }
        if !heldOut.isEmpty, heldOut.count != text.count {
            throw ValidationError(
                "--held-out: found \(counted(heldOut.count, "file")), expected \(text.count), one for each --text file")
        }
        if headOnly, mlmHead != nil {
            throw ValidationError("--mlm-head: cannot be combined with --head-only, which writes the head to --out")
        }
    }

    func run() throws {
        try guarded {
            try training.checkForLanguages()
            let texts = try text.enumerated().map { i, path in
                try TextCorpus(
                    file: URL(fileURLWithPath: path),
                    heldOut: heldOut.isEmpty ? nil : URL(fileURLWithPath: heldOut[i]))
            }
            let session = try model.session(common)
            if headOnly { return try train(.head, on: texts, session: session, out: out, name: training.name ?? "mlm") }
            let configuration = try AdapterConfiguration.resolve(config, overrides: overrides)
            let head = try head(texts, session: session)
            try train(
                .adapter(configuration, head: head), on: texts, session: session, out: out,
                name: training.name ?? Self.name(text))
        }
    }

    /// By the text, not by the bundle's file: the same training gives the same bytes wherever it is written.
    private static func name(_ files: [String]) -> String {
        files.map { URL(fileURLWithPath: $0).deletingPathExtension().lastPathComponent }.joined(separator: "+")
    }

    private func head(_ texts: [TextCorpus], session: Session) throws -> AdapterBundle {
        let path =
            mlmHead
            ?? URL(fileURLWithPath: out).deletingLastPathComponent()
            .appendingPathComponent("mlm-\(Session.safeName(session.model.name)).h5").path
        if mlmHead == nil, !FileManager.default.fileExists(atPath: path) {
            Console.error(
                "amalgam: \(path): no head that predicts masked tokens yet; training one on this text first. To compare "
                    + "languages, train one head on text of all of them (--head-only)")
            try train(.head, on: texts, session: session, out: path, name: "mlm", isFirst: true)
        }
        return try .read(path, for: session)
    }

    /// - Parameter isFirst: another training follows, whose result is the command's
    private func train(
        _ recipe: LanguageRecipe, on texts: [TextCorpus], session: Session, out: String, name: String,
        isFirst: Bool = false
    ) throws {
        try TrainingRun(common: common, options: training, out: out, isQuiet: isFirst)
            .run(
                who: "a language", kind: recipe.kind, subject: Session.safeName(name), label: name, rate: 4e-3
            ) { setting in
                let trained = try session.trainLanguage(
                    recipe, on: texts, name: name, tokens: tokens, settings: setting.settings,
                    keeping: setting.keeping, memoryLimit: setting.memoryLimit, observe: setting.observe)
                let scores = trained.language
                return TrainingRun.Outcome(
                    trained: trained,
                    fields: [
                        "perplexity_before": scores?.before.map { .number($0.value) } ?? .null,
                        "perplexity": scores?.after.map { .number($0.value) } ?? .null,
                        "masked_pieces": .init(scores?.after?.scored ?? 0), "pieces": .init(scores?.pieces ?? 0),
                    ],
                    scores: Self.words(name, scores),
                    remarks: tokens.map {
                        [
                            "an epoch reads at most \(Human.count($0, "token")): lines drawn by seed \(common.seed), an equal share of each file"
                        ]
                    } ?? [])
            }
    }

    private static func words(_ name: String, _ scores: LanguageScores?) -> [String] {
        guard let scores, let after = scores.after else { return [] }
        let before = scores.before.map { "from \(Human.loss($0.value)) to " } ?? ""
        return [
            "\(name): perplexity \(before)\(Human.loss(after.value)) on \(Human.count(after.scored, "masked token")) of "
                + "held-out text, over the \(Human.count(scores.pieces, "distinct token")) that the text uses"
        ]
    }
}
