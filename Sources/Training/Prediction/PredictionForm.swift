import Bundles
import Files
import Models
import Tasks

/// How predictions of one form are written. There is one for each form of a head's output.
package protocol PredictionForm: Sendable {
    /// Columns of CSV after `line`.
    var columns: [String] { get }
    /// Names of the JSON fields after `line`.
    var fields: [String] { get }
    /// The cells of `columns`.
    func cells(_ prediction: Prediction, _ example: Example) -> [String]
    /// The JSON fields with their values, without braces.
    func json(_ prediction: Prediction, _ example: Example) -> String
    /// What truncation does to predictions of this form, for a warning; nil if nothing is missing in them.
    var truncation: String? { get }
}

extension PredictionForm {
    package var truncation: String? { nil }
}

/// Classes: the most likely one, all probabilities, and whether the head abstained.
package struct ClassForm: PredictionForm {
    private let labels: [String]
    private let jsonNames: [String]
    private let top: Int
    private let threshold: Double

    /// - Parameters:
    ///   - labels: the head's
    ///   - top: number of classes to list
    ///   - threshold: a prediction whose probability is below it is marked as abstained
    package init(labels: [String], top: Int = 1, threshold: Double = 0) {
        self.labels = labels
        self.top = min(top, labels.count)
        self.threshold = threshold
        jsonNames = labels.map { JSONText.quoted($0) + ":" }
    }

    package let fields = ["label", "probabilities", "top", "abstained"]

    package var columns: [String] {
        ["label", "probability", "abstained"]
            + (1..<max(1, top)).flatMap { ["top_\($0 + 1)", "top_\($0 + 1)_probability"] }
            + labels.map { "probability_\($0)" }
    }

    package func cells(_ prediction: Prediction, _ example: Example) -> [String] {
        let (probabilities, order, abstained) = parts(prediction)
        var cells: [String] = []
        for (i, c) in order.enumerated() {
            cells += [labels[c], JSONText.number(probabilities[c])]
            if i == 0 { cells.append("\(abstained)") }
        }
        return cells + probabilities.map { JSONText.number($0) }
    }

    package func json(_ prediction: Prediction, _ example: Example) -> String {
        let (probabilities, order, abstained) = parts(prediction)
        var text = "\"label\":\(JSONText.quoted(labels[order.first ?? 0])),\"probabilities\":{"
        for c in labels.indices {
            if c > 0 { text += "," }
            text += jsonNames[c]
            text += JSONText.number(probabilities[c])
        }
        text += "},\"top\":["
        for (i, c) in order.enumerated() {
            text += i > 0 ? ",{\"label\":" : "{\"label\":"
            text += JSONText.quoted(labels[c])
            text += ",\"probability\":\(JSONText.number(probabilities[c]))}"
        }
        return text + "],\"abstained\":\(abstained)"
    }

    private func parts(_ prediction: Prediction) -> (probabilities: [Float], order: [Int], abstained: Bool) {
        guard case .classes(let probabilities) = prediction, probabilities.count == labels.count else {
            preconditionFailure("probabilities of \(labels.count) classes")
        }
        let order = Self.largest(top, of: probabilities)
        return (probabilities, order, Double(probabilities[order.first ?? 0]) < threshold)
    }

    /// Indices of the largest values; of equal ones the first comes first.
    private static func largest(_ count: Int, of values: [Float]) -> [Int] {
        if count == 1 { return [Evaluator.best(values)] }
        return Array(values.indices.sorted { (-values[$0], $0) < (-values[$1], $1) }.prefix(count))
    }
}

/// A tag for each word: two lists, as JSON also in the cells of CSV, since words and tags may contain any character. A word
/// without a prediction has null.
package struct TagForm: PredictionForm {
    package init() {}

    package let truncation: String? = "words beyond it have the tag O, or null if the head has no O"
    package let fields = ["tokens", "tags"]
    package let columns = ["tokens", "tags"]

    package func cells(_ prediction: Prediction, _ example: Example) -> [String] {
        [JSONText.list(TargetColumn.words(example)), tags(prediction)]
    }

    package func json(_ prediction: Prediction, _ example: Example) -> String {
        "\"tokens\":\(JSONText.list(TargetColumn.words(example))),\"tags\":\(tags(prediction))"
    }

    private func tags(_ prediction: Prediction) -> String {
        guard case .tags(let tags) = prediction else { return "[]" }
        return JSONText.list(tags.map { $0.isEmpty ? nil : $0 })
    }
}

/// One or several numbers: `score` is a number or a list in JSON; `score`, or `score_1`, `score_2`, … in CSV.
package struct NumberForm: PredictionForm {
    private let outputs: Int

    package init(outputs: Int) { self.outputs = outputs }

    package let fields = ["score"]
    package var columns: [String] { NumberText.names("score", outputs) }

    package func cells(_ prediction: Prediction, _ example: Example) -> [String] {
        NumberText.cells(numbers(prediction))
    }

    package func json(_ prediction: Prediction, _ example: Example) -> String {
        "\"score\":\(NumberText.json(numbers(prediction)))"
    }

    private func numbers(_ prediction: Prediction) -> [Float] {
        if case .numbers(let numbers) = prediction { numbers } else { [] }
    }
}

/// The predictions of several heads: in JSON an object for each head under its name, in CSV columns that begin with it.
package struct EachForm: PredictionForm {
    private let heads: [(name: String, form: any PredictionForm)]

    package init(_ heads: [(name: String, form: any PredictionForm)]) { self.heads = heads }

    package let fields = ["heads"]
    package var columns: [String] { heads.flatMap { head in head.form.columns.map { "\(head.name).\($0)" } } }
    package var truncation: String? { heads.lazy.compactMap(\.form.truncation).first }

    package func cells(_ prediction: Prediction, _ example: Example) -> [String] {
        zip(heads, parts(prediction)).flatMap { $0.form.cells($1, example) }
    }

    package func json(_ prediction: Prediction, _ example: Example) -> String {
        let each = zip(heads, parts(prediction)).map { head, own in
            "\(JSONText.quoted(head.name)):{\(head.form.json(own, example))}"
        }
        return "\"heads\":{\(each.joined(separator: ","))}"
    }

    private func parts(_ prediction: Prediction) -> [Prediction] {
        guard case .each(let parts) = prediction, parts.count == heads.count else {
            preconditionFailure("predictions of \(heads.count) heads")
        }
        return parts
    }
}

/// The prediction of one of several heads: `head` is its name, then come the fields of its form. JSON alone, since forms differ.
package struct RoutedForm: PredictionForm {
    private let heads: [(name: String, form: any PredictionForm)]

    package init(_ heads: [(name: String, form: any PredictionForm)]) { self.heads = heads }

    package var fields: [String] { ["head"] + heads.flatMap(\.form.fields) }
    package var columns: [String] { ["head"] }
    package var truncation: String? { heads.lazy.compactMap(\.form.truncation).first }

    package func cells(_ prediction: Prediction, _ example: Example) -> [String] {
        [heads[parts(prediction).index].name]
    }

    package func json(_ prediction: Prediction, _ example: Example) -> String {
        let (index, own) = parts(prediction)
        return "\"head\":\(JSONText.quoted(heads[index].name)),\(heads[index].form.json(own, example))"
    }

    private func parts(_ prediction: Prediction) -> (index: Int, own: Prediction) {
        guard case .routed(let index, let own) = prediction else { preconditionFailure("a prediction of no head") }
        return (index, own)
    }
}

extension Predictor {
    /// What the head predicts, in a word: classes, tags or numbers.
    package var form: String {
        switch (head.head.input, head.head.output) {
        case (.marked, .classes): "tags"
        case (_, .classes): "classes"
        case (_, .numbers): "numbers"
        }
    }
}

extension PredictionSettings {
    /// How the predictions of several heads are written. Settings of classes act on the heads that predict classes.
    /// - Throws: `TrainingError.setting` for settings of classes, if no head predicts any
    package func form(of heads: [NamedHead]) throws(TrainingError) -> any PredictionForm {
        EachForm(try forms(of: heads))
    }

    /// How the predictions of heads are written if each record has one of them.
    /// - Throws: `TrainingError.setting` for CSV, and for settings of classes, if no head predicts any
    package func form(routing heads: [NamedHead]) throws(TrainingError) -> any PredictionForm {
        guard output == .jsonl else {
            throw .setting(
                name: "--output-format", found: output.rawValue,
                expected: "jsonl: heads of several tasks have different columns")
        }
        return RoutedForm(try forms(of: heads))
    }

    private func forms(of heads: [NamedHead]) throws(TrainingError) -> [(name: String, form: any PredictionForm)] {
        let hasClasses = heads.contains { $0.head.predictsClasses }
        var forms: [(name: String, form: any PredictionForm)] = []
        for head in heads {
            var own = self
            if hasClasses, !head.head.predictsClasses { (own.top, own.threshold) = (1, 0) }
            forms.append((head.name, try own.form(of: head.head)))
        }
        return forms
    }

    /// How a head's predictions are written.
    /// - Throws: `TrainingError.setting` for settings of classes, if the head predicts something else
    package func form(of head: any Head) throws(TrainingError) -> any PredictionForm {
        let found: String
        let form: any PredictionForm
        switch (head.input, head.output) {
        case (.marked, .classes): (form, found) = (TagForm(), "tags")
        case (_, .classes(let labels)): return ClassForm(labels: labels, top: top, threshold: threshold)
        case (_, .numbers(let numbers)): (form, found) = (NumberForm(outputs: numbers.count), "numbers")
        }
        for (name, value, isDefault) in [
            ("--top-k", "\(top)", top == 1), ("--threshold", "\(threshold)", threshold == 0),
        ] where !isDefault {
            throw .setting(
                name: name, found: value, expected: "no such option, because this head predicts \(found), not classes")
        }
        return form
    }
}

extension Head {
    /// Whether it predicts a class of each text.
    fileprivate var predictsClasses: Bool {
        if case .classes = output { input != .marked } else { false }
    }
}
