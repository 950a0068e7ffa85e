import Files
import Models
import Tasks

/// What only a head's loss reads of a split, beside the column of targets that scores read too.
package struct LossTargets: Sendable {
    /// [examples, classes]: a distribution for each example, the one-hot vector for one with a class, NaN where it has
    /// none; nil: no example has a distribution.
    private(set) var distributions: [Float]?
    /// What each example counts for; nil: 1.
    private(set) var weights: [Float]?
    /// [rows, width]: what a teacher says, at the loss's temperature; NaN where it says nothing; nil: there is none. Rows are as
    /// the column of targets counts them (`OutputForm.lesson`).
    private(set) var teacher: [Float]?
    private var teacherWidth = 1
    private let classes: Int

    /// - Parameter head: whose targets the examples have.
    init(_ examples: [Example], for head: any Head) {
        classes = head.labels.count
        if examples.contains(where: { $0.weight != 1 }) { weights = examples.map { Float($0.weight) } }
        guard case .classes = head.output, head.input != .marked,
            examples.contains(where: { $0.labelProbabilities != nil })
        else { return }
        distributions = examples.flatMap { example in
            if let own = example.labelProbabilities { return own }
            guard let label = example.label else { return [Float](repeating: .nan, count: classes) }
            return (0..<classes).map { $0 == label ? 1 : 0 }
        }
    }

    /// The distributions of some examples, [examples, classes]; nil where none has one.
    func distributions(_ indices: [Int]) -> [Float]? {
        distributions.map { all in indices.flatMap { all[$0 * classes..<($0 + 1) * classes] } }
    }

    mutating func teach(_ rows: [Float], width: Int) {
        precondition(width > 0 && rows.count % width == 0, "\(rows.count) values of a teacher")
        teacher = rows
        teacherWidth = width
    }

    /// Whether the teacher says something of a row.
    func isTaught(_ row: Int) -> Bool { teacher.map { !$0[row * teacherWidth].isNaN } ?? false }

    /// What the teacher says of some rows, [rows, width]; nil where there is no teacher.
    /// - Parameter rows: as `teach` counts them; nil: a row of which it says nothing.
    func teacher(_ rows: [Int?]) -> [Float]? {
        teacher.map { all in
            rows.flatMap { row in
                row.map { all[$0 * teacherWidth..<($0 + 1) * teacherWidth] }
                    ?? ArraySlice(repeating: .nan, count: teacherWidth)
            }
        }
    }

    /// The weights of rows by the examples that they belong to; nil: all 1.
    func weights(ofRows examples: [Int]) -> [Float]? { weights.map { all in examples.map { all[$0] } } }

    /// Adds what there is; nothing where every example has a class and the weight 1.
    func hash(into digest: inout Digest.Incremental) {
        for part in [distributions, weights, teacher].compactMap({ $0 }) { part.withUnsafeBytes { digest.update($0) } }
    }
}
