import Amalgam
import ArgumentParser
import Foundation

struct PredictCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "predict",
        abstract:
            "Predict classes, tags, numbers, sets of labels or choices for texts from a file or standard input, one result per line.",
        discussion: """
            The whole input has one format. The file's extension determines it. On standard input, the first line \
            does: JSON Lines if it starts with an opening brace, otherwise plain text. In plain text, every line is \
            a text, even an empty line. In JSON Lines, CSV and TSV, the text is in the field "text"; a head for \
            pairs reads "text_a" and "text_b", a head for tags reads the list "tokens", or splits "text" at white \
            space, and a head for choices reads "question", the list "choices" and, if there are any, "context" and \
            "asks". Blank lines are skipped. A .json file contains one JSON array, or SQuAD's JSON, in which each \
            question is a record; in .conll, .conllu, .conll2012 and .deb822 files, each sentence or paragraph is one. These, \
            and .gz files, which are decompressed, are read as a whole.

            A result has line (where the record starts, from 1), the prediction, and the fields that --keep copies. A \
            head for classes gives label, probabilities, top (the most likely classes) and abstained (the largest \
            probability is below --threshold); a head for tags gives tokens and tags, where words beyond the maximum \
            length get the tag O, or null if the head has no O; in CSV, tokens and tags are JSON lists; a head for numbers gives score, a number or a list; a head for \
            sets of labels gives labels (those whose probability reaches the threshold that was chosen on dev, or \
            --threshold) and probabilities; a head for choices gives answer (the position of the most likely one, from \
            0) and probabilities. If a copied field has the same \
            name as a field of the result, it is renamed to input_NAME.

            Parallel adapters, as in --compose 'parallel(a.h5, b.h5)', read each text once, and every head answers: heads \
            is an object with the result of each head under the head's name; CSV has columns NAME.label and so on. With \
            --head, only that head answers.

            In any other bundle with several heads, such as --compose 'multitask(a.h5, b.h5)', each record names its head \
            in the field "task" (--task-field). A result then has head, the name of the head that answered, before its \
            prediction.
            """)

    @OptionGroup var model: ModelOptions
    @OptionGroup var bundle: BundleOptions
    @Option(help: "The file to read. (default: standard input)") var input: String?
    @Option(
        help:
            "The input's format: text, jsonl, json, csv, tsv, conll, conllu, conll2012 or deb822. (default: from the extension or the first line)"
    )
    var format: String?
    @Option(help: "The field that contains the text; for pairs, two fields separated by a comma.") var textColumn:
        String?
    @Option(
        help: ArgumentHelp(
            "The field that names the head of each record, if a bundle has several heads. (default: task)",
            valueName: "field"))
    var taskField: String?
    @Option(help: "Quoting in CSV and TSV: standard, or none to treat quotes as plain characters.") var quoting =
        "standard"
    @Option(help: "Input fields to copy to the output, separated by commas, or all.")
    var keep: String?
    @Option(help: "Number of most likely classes to list under top.") var topK = 1
    @Option(
        help: ArgumentHelp(
            "Mark a class as abstained if its probability is below this value. Of sets of labels: predict the labels whose "
                + "probability reaches it. (default: 0; for sets of labels what was chosen on dev)"))
    var threshold = 0.0
    @Option(help: "The output's format: jsonl or csv.") var outputFormat = "jsonl"
    @Option(help: "Action at a malformed line: stop, or skip it and print its error instead of a result.") var onError =
        "stop"
    @OptionGroup var common: CommonOptions

    func validate() throws {
        guard taskField == nil || bundle.head == nil else {
            throw ValidationError("--task-field, --head: give one of the two")
        }
    }

    func run() async throws {
        try await guarded {
            let options = try options()
            let format = try Self.choice("--format", format, of: RecordSource.Format.self)
            guard let quoting = RecordSource.Quoting(rawValue: quoting) else {
                throw wrongOption("--quoting", found: quoting, expected: "standard or none")
            }
            // The source first: loading a model takes longer than finding that a file does not exist
            let source =
                if let input {
                    try RecordSource(contentsOf: URL(fileURLWithPath: input), format: format, quoting: quoting)
                } else {
                    try RecordSource(.standardInput, format: format, quoting: quoting)
                }
            let (bundle, model) = (try self.bundle.read(), try self.model.model(common))
            let write: @Sendable (String) -> Bool = { lines in
                Console.write(lines)
                return !Console.hasFailed
            }
            let summary =
                if let tasks = try self.bundle.taskPredictor(bundle, on: model, isAsked: taskField != nil) {
                    try await tasks.predict(source, taskField: taskField ?? "task", options: options, write: write)
                } else if let heads = try self.bundle.headsPredictor(bundle, on: model) {
                    try await heads.predict(source, options: options, write: write)
                } else {
                    try await self.bundle.predictor(bundle, on: model).predict(source, options: options, write: write)
                }
            Console.warn(summary.warnings)
        }
    }

    private func options() throws -> RecordOptions {
        var options = RecordOptions()
        options.textColumn = textColumn
        options.keeps =
            switch keep {
            case nil, "": .none
            case "all": .all
            case .some(let names): .named(names.split(separator: ",").map(String.init))
            }
        options.topK = topK
        options.threshold = threshold
        options.outputFormat =
            try Self.choice("--output-format", outputFormat, of: RecordOptions.OutputFormat.self) ?? .jsonLines
        options.onError = try Self.choice("--on-error", onError, of: RecordOptions.ErrorPolicy.self) ?? .stop
        try options.validate()
        return options
    }

    private static func choice<Choice: RawRepresentable<String> & CaseIterable>(
        _ name: String, _ text: String?, of type: Choice.Type
    ) throws -> Choice? {
        guard let text else { return nil }
        if let choice = Choice(rawValue: text) { return choice }
        throw wrongOption(
            name, found: text, expected: Choice.allCases.map(\.rawValue).joined(separator: ", "))
    }
}
