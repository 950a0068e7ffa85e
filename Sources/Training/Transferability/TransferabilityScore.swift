import Models
import Numerics
import Tasks

/// How well frozen features suit a task, computed without training. Larger is better; values compare features of the same
/// examples only. A new score is one file that conforms to this, one line in `TransferabilityScores.builtIn`, and its test.
package protocol TransferabilityScore: Sendable {
    /// As options and results name it.
    static var name: String { get }
    /// In a few words, for help.
    static var summary: String { get }
    /// - Returns: nil where it is not defined: for such targets, or without the source that it needs
    static func value(_ sample: TransferabilitySample) -> Double?
}

/// The scores that there are; the first is the default.
package enum TransferabilityScores {
    package static let builtIn: [any TransferabilityScore.Type] = [
        LogME.self, HScore.self, NearestCentroid.self, ProbeScore.self, LEEP.self,
    ]

    package static func named(_ name: String) -> (any TransferabilityScore.Type)? { builtIn.first { $0.name == name } }
    package static var names: [String] { builtIn.map { $0.name } }
}

/// Features of a task's examples with the task's targets.
package struct TransferabilitySample {
    package var features: Features
    /// Of the same examples.
    package var column: any TargetColumn
    /// Says what is predicted.
    package var head: any Head
    /// The task's own.
    package var metric: any Metric.Type
    /// Probabilities of a source's classes, [rows, sourceClasses]; empty where the source says no classes of these rows.
    package var source: [Float] = []
    package var sourceClasses = 0
    package var pool: ThreadPool

    /// Rows of words are thinned out to so many, evenly.
    static let mostRows = 4000

    /// Which of some classes each row has.
    struct ClassProblem {
        var rows: [Int]
        /// Of each row: its class's place among those that occur.
        var places: [Int]
        /// Classes that occur, 2 or more.
        var count: Int
    }

    /// Rows with a class, or a label of another form, with its place among those that occur; of choices, whether each is the right
    /// one. nil for numbers, and for sets of labels.
    func classes() -> ClassProblem? {
        let classes = column.classes(of: features)
        let labeled = Self.thinned(classes.indices.filter { classes[$0] >= 0 })
        let seen = Set(labeled.map { classes[$0] }).sorted()
        guard seen.count > 1 else { return nil }
        let place = Dictionary(uniqueKeysWithValues: seen.enumerated().map { ($1, $0) })
        return ClassProblem(rows: labeled, places: labeled.compactMap { place[classes[$0]] }, count: seen.count)
    }

    /// Of sets of labels: for each label whether a row has it (1) or not (0). Labels that all rows or none have are left out. All
    /// have the same rows; empty for other targets.
    func labels() -> [ClassProblem] {
        guard let column = column as? LabelSetColumn, column.width > 0 else { return [] }
        let rows = Self.thinned((0..<features.rows).filter { !column.values[$0 * column.width].isNaN })
        return (0..<column.width).compactMap { c in
            let places = rows.map { column.values[$0 * column.width + c] == 1 ? 1 : 0 }
            return Set(places).count > 1 ? ClassProblem(rows: rows, places: places, count: 2) : nil
        }
    }

    /// The score of classes; of sets of labels, the mean over the labels.
    func mean(_ score: (ClassProblem) -> Double?) -> Double? {
        if let classes = classes() { return score(classes) }
        let scores = labels().compactMap(score)
        return scores.isEmpty ? nil : scores.reduce(0, +) / Double(scores.count)
    }

    /// For each number that is predicted, its rows with their values.
    func numbers() -> [(rows: [Int], values: [Double])] {
        guard let column = column as? NumberColumn else { return [] }
        let (values, width) = (column.values, column.width)
        return (0..<width).map { c in
            let rows = Self.thinned((0..<values.count / width).filter { !values[$0 * width + c].isNaN })
            return (rows, rows.map { Double(values[$0 * width + c]) })
        }
    }

    private static func thinned(_ rows: [Int]) -> [Int] {
        guard rows.count > mostRows else { return rows }
        return (0..<mostRows).map { rows[$0 * rows.count / mostRows] }
    }

    /// [rows, width]
    func matrix(_ rows: [Int]) -> [Float] { rows.flatMap { features.row($0) } }
}
