/// Scores of a bundle on a split as values; what a terminal shows and the page are made from it.
package struct EvaluationReport: Sendable, Equatable {
    package struct Score: Sendable, Equatable {
        package var name: String
        package var value: Double
        package var interval: Interval?
        /// Whether it is a share of one; the loss is not.
        package var isShare: Bool

        /// Whether a terminal's first line has it; the page and JSON have all.
        package var isHeadline: Bool

        package init(
            _ name: String, _ value: Double, _ interval: Interval?, isShare: Bool = true, isHeadline: Bool = true
        ) {
            self.isHeadline = isHeadline
            self.name = name
            self.value = value
            self.interval = interval
            self.isShare = isShare
        }

        var text: String { isShare ? Human.score(value) : Human.loss(value) }
        var ends: String {
            guard let interval else { return "" }
            return isShare ? interval.text : "[\(Human.loss(interval.low)), \(Human.loss(interval.high))]"
        }
    }

    package struct ClassRow: Sendable, Equatable {
        package var label: String
        package var precision: Double
        package var recall: Double
        package var f1: Double
        package var support: Int
        package var predicted: Int
        package var isKnown: Bool

        package init(
            label: String, precision: Double, recall: Double, f1: Double, support: Int, predicted: Int, isKnown: Bool
        ) {
            self.label = label
            self.precision = precision
            self.recall = recall
            self.f1 = f1
            self.support = support
            self.predicted = predicted
            self.isKnown = isKnown
        }
    }

    package struct Confusion: Sendable, Equatable {
        package var gold: String
        package var predicted: String
        package var count: Int

        package init(gold: String, predicted: String, count: Int) {
            self.gold = gold
            self.predicted = predicted
            self.count = count
        }
    }

    /// An example on which the head is wrong.
    package struct Mistake: Sendable, Equatable {
        package var line: Int
        package var gold: String
        package var predicted: String
        package var goldProbability: Double
        package var text: String

        package init(line: Int, gold: String, predicted: String, goldProbability: Double, text: String) {
            self.line = line
            self.gold = gold
            self.predicted = predicted
            self.goldProbability = goldProbability
            self.text = text
        }
    }

    package var task: String
    package var split: String
    package var examples: Int
    package var unknownLabels: Int
    /// Rows that could not be scored, by reason.
    package var skipped: [Setting]
    /// The task's own metric first.
    package var scores: [Score]
    package var classes: [ClassRow]
    /// The confusion matrix, over the most confused classes where there are many.
    package var matrix: HeatMap
    /// The most frequent confusions.
    package var confusions: [Confusion]
    /// The largest errors.
    package var mistakes: [Mistake]
    package var settings: [Setting]

    package init(
        task: String, split: String, examples: Int, unknownLabels: Int, skipped: [Setting], scores: [Score],
        classes: [ClassRow], matrix: HeatMap, confusions: [Confusion], mistakes: [Mistake], settings: [Setting]
    ) {
        self.task = task
        self.split = split
        self.examples = examples
        self.unknownLabels = unknownLabels
        self.skipped = skipped
        self.scores = scores
        self.classes = classes
        self.matrix = matrix
        self.confusions = confusions
        self.mistakes = mistakes
        self.settings = settings
    }

    /// Classes that a table or a picture shows in full; of more, the worst.
    package static let mostClasses = 25

    var isWhole: Bool { matrix.labels.count == classes.count }

    /// What readers must know before they believe the scores.
    var remarks: [Verdict] {
        var remarks: [Verdict] = []
        if unknownLabels > 0 {
            remarks.append(
                Verdict(
                    .worse,
                    "\(Human.count(unknownLabels)) of \(Human.count(examples)) rows have a label that the head does not know. "
                        + "They count as wrong; the loss does not cover them."))
        }
        for reason in skipped {
            remarks.append(Verdict(.worse, "\(reason.value) rows were skipped and are not scored: \(reason.name)."))
        }
        return remarks
    }
}
