import Files
import Tasks

/// The scored examples with their true and predicted answers, as reports show them and files list them.
package protocol EvaluatedRows: Sendable {
    /// Places among the scored examples, the largest error first.
    var worstFirst: [Int] { get }
    /// Columns of CSV after `line`.
    var columns: [String] { get }
    func cells(_ place: Int) -> [String]
    /// The fields of a JSON object after `line`, without braces.
    func json(_ place: Int) -> String
    /// Line of the example in its file.
    func line(_ place: Int) -> Int

    /// Scores of parts of the answers; nil: there are no parts.
    var groups: ScoreGroups? { get }
    /// How often each class was predicted for each true one; nil: there are no classes.
    var confusion: ConfusionMatrix? { get }
    /// Whether truncated texts lose answers, so that their number is told.
    var tellsTruncation: Bool { get }
    /// The units of the loss, as a sentence; nil: nats.
    var lossUnits: String? { get }
    /// What a mistake's measure is.
    var mistakeMeasure: String { get }
    /// In which order mistakes are listed.
    var mistakeOrder: String { get }
    /// What is wrong with a scored example; nil: nothing.
    /// - Parameter number: a number as reports show it
    func mistake(_ place: Int, number: (Double?) -> String) -> Mistake?
}

/// Scores of parts of the answers, each against all others.
package struct ScoreGroups: Sendable {
    /// The field that holds them in JSON.
    package var field: String
    /// What one part is.
    package var noun: String
    package var scores: [ClassScore]

    package init(field: String, noun: String, scores: [ClassScore]) {
        self.field = field
        self.noun = noun
        self.scores = scores
    }
}

/// A scored example with an error.
package struct Mistake: Sendable, Equatable {
    package var gold: String
    package var predicted: String
    /// The size of the error, or the probability of the true answer.
    package var measure: Double
    package var text: String

    package init(gold: String, predicted: String, measure: Double, text: String) {
        self.gold = gold
        self.predicted = predicted
        self.measure = measure
        self.text = text
    }
}

extension EvaluatedRows {
    package var groups: ScoreGroups? { nil }
    package var confusion: ConfusionMatrix? { nil }
    package var tellsTruncation: Bool { true }
    package var lossUnits: String? { nil }

    /// Writes every scored example, the largest error first.
    /// - Parameters:
    ///   - asCSV: false: as JSON Lines
    ///   - write: takes a line with its end
    package func write<Fault: Error>(asCSV: Bool, to write: (String) throws(Fault) -> Void) throws(Fault) {
        if asCSV { try write(CSVText.row(["line"] + columns) + "\n") }
        for place in worstFirst {
            try write(
                asCSV
                    ? CSVText.row(["\(line(place))"] + cells(place)) + "\n"
                    : "{\"line\":\(line(place)),\(json(place))}\n")
        }
    }
}
