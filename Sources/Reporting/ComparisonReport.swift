/// The outcome of a comparison of arms (ways to train) over tasks, as values: who measures fills it in, and everything
/// that is shown is made from it.
package struct ComparisonReport: Sendable, Equatable, Codable {
    /// A way to get a classifier: a column of the table.
    package struct Arm: Sendable, Equatable, Codable {
        /// What it is about, which gives it its colour.
        package enum Family: String, Sendable, Codable {
            case baseline, head, adapter, fusion, full
        }

        package var id: String
        package var label: String
        package var family: Family
        /// One model for all tasks together.
        package var isShared: Bool

        package init(_ id: String, label: String, family: Family, isShared: Bool = false) {
            self.id = id
            self.label = label
            self.family = family
            self.isShared = isShared
        }
    }

    /// A task, at one training size where there are several: a row of the table.
    package struct Task: Sendable, Equatable, Codable {
        package var id: String
        package var label: String
        /// A few words on it: "2,113 training texts, 7 classes".
        package var note: String
        /// Training texts; nil: all of them.
        package var size: Int?

        package init(_ id: String, label: String? = nil, note: String = "", size: Int? = nil) {
            self.id = id
            self.label = label ?? id
            self.note = note
            self.size = size
        }
    }

    /// Where a row stands among the arms of its task, by the paired comparison that the caller made.
    package enum Standing: String, Sendable, Codable {
        /// The highest score.
        case best
        /// Not distinguishable from the best.
        case withinNoise = "within_noise"
        /// Below the best beyond the noise.
        case below
    }

    package var title: String
    /// Sentences at the top: what was compared on what.
    package var summary: [String]
    package var arms: [Arm]
    package var tasks: [Task]
    package var rows: [Row]
    /// Over the tasks that every arm has, in their own metric, where that is one.
    package var means: [Mean] = []
    /// The comparisons of arms that the report makes, over all tasks of a size.
    package var comparisons: [Comparison] = []
    /// What training on all tasks together changes, task by task.
    package var gains: [Gain] = []
    /// What fusions attend to.
    package var attention: [Attention] = []
    /// nil: no arm was compared with itself.
    package var calibration: Calibration?
    package var verdicts: [Verdict]
    /// Few numbers to see first: model, seeds, time taken.
    package var facts: [Setting]
    package var settings: [Setting]
    package var provenance: [Setting]
    /// How the intervals and standings were made, in a sentence.
    package var method: String
    /// Training curves; not part of the JSON.
    package var curves: [LineChart] = []

    enum CodingKeys: String, CodingKey {
        case title, summary, arms, tasks, rows, means, comparisons, gains, attention, calibration, verdicts, facts,
            settings
        case provenance, method
    }

    package init(
        title: String, summary: [String] = [], arms: [Arm], tasks: [Task], rows: [Row], verdicts: [Verdict] = [],
        facts: [Setting] = [], settings: [Setting] = [], provenance: [Setting] = [], method: String = "",
        curves: [LineChart] = []
    ) {
        self.title = title
        self.summary = summary
        self.arms = arms
        self.tasks = tasks
        self.rows = rows
        self.verdicts = verdicts
        self.facts = facts
        self.settings = settings
        self.provenance = provenance
        self.method = method
        self.curves = curves
    }

    /// The training sizes in their order; nil stands for all texts.
    package var sizes: [Int?] {
        tasks.map(\.size).reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
    }

    func label(_ arm: String) -> String { arms.first { $0.id == arm }?.label ?? arm }

    /// The row of a task and an arm, if it was measured.
    package func row(task: String, arm: String) -> Row? { rows.first { $0.task == task && $0.arm == arm } }
}
