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
    /// What the head predicts, in a word: classes, tags, numbers.
    package var form: String { head.head.form.name }
}

extension PredictionSettings {
    /// How the predictions of several heads are written. Settings of some forms act on the heads that have them.
    /// - Throws: `TrainingError.setting` for a setting that no head takes
    package func form(of heads: [NamedHead]) throws(TrainingError) -> any PredictionForm {
        EachForm(try forms(of: heads))
    }

    /// How the predictions of heads are written if each record has one of them.
    /// - Throws: `TrainingError.setting` for CSV, and for a setting that no head takes
    package func form(routing heads: [NamedHead]) throws(TrainingError) -> any PredictionForm {
        guard output == .jsonl else {
            throw .setting(
                name: "--output-format", found: output.rawValue,
                expected: "jsonl: heads of several tasks have different columns")
        }
        return RoutedForm(try forms(of: heads))
    }

    private func forms(of heads: [NamedHead]) throws(TrainingError) -> [(name: String, form: any PredictionForm)] {
        try check(heads.map(\.head.form))
        return heads.map { ($0.name, $0.head.form.writer(self)) }
    }

    /// How a head's predictions are written.
    /// - Throws: `TrainingError.setting` for a setting that the head does not take
    package func form(of head: any Head) throws(TrainingError) -> any PredictionForm {
        try check([head.form])
        return head.form.writer(self)
    }

    /// - Throws: `TrainingError.setting` for a setting that none of the forms takes
    private func check(_ forms: [any OutputForm]) throws(TrainingError) {
        for (setting, name, value, isDefault) in [
            (PredictionSetting.top, "--top-k", "\(top)", top == 1),
            (.threshold, "--threshold", "\(threshold)", threshold == 0),
        ] where !isDefault && !forms.contains(where: { $0.settings.contains(setting) }) {
            throw .setting(
                name: name, found: value,
                expected: "no such option, because this head predicts \(forms.first?.name ?? "nothing"), not classes")
        }
    }
}
