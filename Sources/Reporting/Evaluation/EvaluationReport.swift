/// Scores of a bundle on a split, as values. The terminal's text and the page are made from it.
package struct EvaluationReport: Sendable, Equatable, Encodable {
    package struct Score: Sendable, Equatable {
        package var name: String
        package var value: Double
        package var interval: Interval?
        /// Whether it is a share of one. The loss is not.
        package var isShare: Bool
        /// Whether the terminal's first line shows it. The page shows all scores.
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

        var text: String {
            isShare ? Human.metric(value) : value.isNaN && name != "loss" ? Human.undefined : Human.loss(value)
        }
        var ends: String {
            guard let interval, !interval.low.isNaN else { return "" }
            return isShare ? interval.text : "[\(Human.loss(interval.low)), \(Human.loss(interval.high))]"
        }
    }

    package struct ClassRow: Sendable, Equatable, Encodable {
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

    package struct Confusion: Sendable, Equatable, Encodable {
        package var gold: String
        package var predicted: String
        package var count: Int

        package init(gold: String, predicted: String, count: Int) {
            self.gold = gold
            self.predicted = predicted
            self.count = count
        }
    }

    /// Rows that could not be scored, for one reason.
    package struct Skipped: Sendable, Equatable, Encodable {
        package var reason: String
        package var count: Int

        package init(_ reason: String, _ count: Int) {
            self.reason = reason
            self.count = count
        }
    }

    /// An example with a wrong prediction.
    package struct Mistake: Sendable, Equatable, Encodable {
        package var line: Int
        package var gold: String
        package var predicted: String
        /// The size of the error, or the probability of the true label: what `mistakeMeasure` says.
        package var measure: Double
        package var text: String

        package init(line: Int, gold: String, predicted: String, measure: Double, text: String) {
            self.line = line
            self.gold = gold
            self.predicted = predicted
            self.measure = measure
            self.text = text
        }
    }

    /// A change of the texts with what it does to the task's metric.
    package struct Robustness: Sendable, Equatable, Encodable {
        package var name: String
        /// How much worse the metric is; nil: the change does not apply.
        package var drop: Score?
        /// Examples whose texts stay as they are.
        package var unchanged = 0
        /// Why it does not apply.
        package var reason = ""

        package init(name: String, drop: Score, unchanged: Int) {
            (self.name, self.drop, self.unchanged) = (name, drop, unchanged)
        }

        package init(name: String, reason: String) { (self.name, self.reason) = (name, reason) }
    }

    package var task: String
    package var split: String
    package var examples: Int
    package var unknownLabels: Int
    package var skipped: [Skipped]
    /// The task's own metric first.
    package var scores: [Score]
    /// Empty for numbers.
    package var classes: [ClassRow]
    /// What `classes` are: "class", "entity type" or "tag".
    package var classNoun: String
    /// The confusion matrix, over the most confused classes if there are many; nil if there is none.
    package var matrix: HeatMap?
    /// What a fusion attends to; nil: it was not asked for.
    package var attention: ShareMap?
    /// What changes of the texts do; empty: it was not asked for.
    package var robustness: [Robustness] = []
    /// The most frequent confusions.
    package var confusions: [Confusion]
    /// The largest errors.
    package var mistakes: [Mistake]
    /// The name of what they are sorted by, such as "probability".
    package var mistakeMeasure: String
    /// The caption that says how they are sorted.
    package var mistakeOrder: String
    /// Examples that are longer than the maximum length; nil if this does not affect the scores.
    package var truncated: Int?
    /// A sentence on the units of the loss, where they are not those of the metrics.
    package var lossUnits: String?
    /// Why the scores have no intervals; nil if they have them.
    package var withoutIntervals: String?
    package var settings: [Setting]

    package init(
        task: String, split: String, examples: Int, unknownLabels: Int, skipped: [Skipped], scores: [Score],
        classes: [ClassRow], classNoun: String = "class", matrix: HeatMap? = nil, confusions: [Confusion] = [],
        mistakes: [Mistake], mistakeMeasure: String = "probability",
        mistakeOrder: String = "Lowest probability of the true label first", truncated: Int? = nil, settings: [Setting]
    ) {
        self.task = task
        self.split = split
        self.examples = examples
        self.unknownLabels = unknownLabels
        self.skipped = skipped
        self.scores = scores
        self.classes = classes
        self.classNoun = classNoun
        self.mistakeMeasure = mistakeMeasure
        self.mistakeOrder = mistakeOrder
        self.truncated = truncated
        self.matrix = matrix
        self.confusions = confusions
        self.mistakes = mistakes
        self.settings = settings
    }

    /// Up to this number, a table or picture shows all classes; otherwise it shows the worst.
    package static let mostClasses = 25

    var isWhole: Bool { matrix.map { $0.labels.count == classes.count } ?? true }

    /// "class", "classes".
    func classNoun(_ count: Int) -> String {
        count == 1 ? classNoun : classNoun + (classNoun.hasSuffix("s") ? "es" : "s")
    }

    /// What a reader must know to judge the scores.
    var remarks: [Verdict] {
        var remarks: [Verdict] = []
        if unknownLabels > 0 {
            remarks.append(
                Verdict(
                    .worse,
                    Human.count(unknownLabels, of: examples, "rows", "has", "have")
                        + " a label that the head does not know. "
                        + (unknownLabels == 1
                            ? "It counts as wrong; the loss does not cover it."
                            : "They count as wrong; the loss does not cover them.")))
        }
        if let truncated, truncated > 0 {
            remarks.append(
                Verdict(
                    .worse,
                    Human.count(truncated, of: examples, "texts", "is", "are")
                        + " longer than the maximum length. What is beyond it is not read (raise --max-length)."))
        }
        if let lossUnits { remarks.append(Verdict(.note, lossUnits)) }
        if let withoutIntervals { remarks.append(Verdict(.note, "No intervals: \(withoutIntervals).")) }
        for rows in skipped {
            remarks.append(
                Verdict(
                    .worse,
                    Human.count(rows.count, "row was skipped and is", "rows were skipped and are")
                        + " not scored: \(rows.reason)."))
        }
        return remarks
    }
}

extension EvaluationReport.Score: Encodable {
    private enum Field: String, CodingKey { case name, value, interval }

    /// JSON has no NaN: a score that is undefined has neither a value nor an interval.
    package func encode(to encoder: any Encoder) throws {
        var fields = encoder.container(keyedBy: Field.self)
        try fields.encode(name, forKey: .name)
        if value.isFinite { try fields.encode(value, forKey: .value) }
        if let interval, interval.low.isFinite, interval.high.isFinite {
            try fields.encode(interval, forKey: .interval)
        }
    }
}
