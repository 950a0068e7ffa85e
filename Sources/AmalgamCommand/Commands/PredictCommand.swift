import Adapters
import ArgumentParser
import Bundles
import Foundation
import Tasks
import Training

struct PredictCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "predict",
        abstract: "Read texts on stdin, print a JSON line with label and probabilities for each, in order.",
        discussion: "A line is a text, or a JSON object with \"text\" or with \"text_a\" and \"text_b\".")

    @OptionGroup var model: ModelOptions
    @OptionGroup var bundle: BundleOptions
    @OptionGroup var common: CommonOptions

    /// Lines that are predicted together: memory stays flat however long the input is.
    private static let block = 4096

    func run() throws {
        try guarded {
            let stored = try bundle.read()
            let predictor = try bundle.predictor(stored, session: try model.session(common), task: nil)
            var examples: [Example] = []
            var number = 0
            while !Console.hasFailed, let line = readLine(strippingNewline: true) {
                number += 1
                examples.append(try Self.example(line, number: number))
                if examples.count == Self.block {
                    Self.show(examples, predictor)
                    examples = []
                }
            }
            Self.show(examples, predictor)
        }
    }

    private static func example(_ line: String, number: Int) throws -> Example {
        func make(_ text: String, _ pair: String? = nil) -> Example {
            Example(id: number - 1, text: text, pair: pair, label: nil, line: number)
        }
        guard line.first == "{", case .map(let fields)? = ConfigurationValue(json: line) else { return make(line) }
        if case .string(let text)? = fields["text"] { return make(text) }
        if case .string(let a)? = fields["text_a"], case .string(let b)? = fields["text_b"] { return make(a, b) }
        throw TrainingError.mismatch(
            "stdin:\(number): a JSON object without \"text\", or \"text_a\" and \"text_b\"; give one of these, or a plain line"
        )
    }

    private static func show(_ examples: [Example], _ predictor: Predictor) {
        let labels = predictor.head.head.labels
        for probabilities in predictor.probabilities(examples) {
            let best = probabilities.indices.max { probabilities[$0] < probabilities[$1] } ?? 0
            let pairs = zip(labels, probabilities).map { ($0, ConfigurationValue.number(Double($1))) }
            Console.print(json: [
                "label": .string(labels[best]), "probabilities": .map(Dictionary(pairs) { first, _ in first }),
            ])
        }
    }
}
