/// What one head is to predict for a batch, and how its row losses count.
package struct HeadTargets: Sendable {
    package enum Values: Sendable, Equatable {
        /// Class of each row; −1 where it is missing.
        case classes([Int32])
        /// [rows, width]; NaN where a number is missing.
        case numbers([Float], width: Int)
    }

    /// In the order of the head's rows.
    package var values: Values
    /// Which tokens of the batch are the head's rows, ascending; nil: it has a row for each sequence.
    package var marks: [Int32]?
    /// Whether the marks stand for whole sequences, each by its first row.
    package var marksSequences = false
    /// What the sum of the row losses is divided by: the number of targets, or the sum of their classes' weights. A head
    /// without any target has 0, and no loss.
    package var normalizer: Double
    /// The head's share in the loss of the batch.
    package var coefficient: Double

    /// - Parameter normalizer: nil: the number of targets that are not missing.
    package init(_ values: Values, marks: [Int32]? = nil, normalizer: Double? = nil, coefficient: Double = 1) {
        self.values = values
        self.marks = marks
        self.normalizer = normalizer ?? Double(values.present)
        self.coefficient = coefficient
    }

    /// What a row loss is multiplied by, so that the sum over the batch is the head's mean loss times its coefficient.
    var factor: Double { normalizer > 0 ? coefficient / normalizer : 0 }
}

extension HeadTargets.Values {
    /// Targets that are not missing: rows with a class, or rows with at least one number.
    package var present: Int {
        switch self {
        case .classes(let classes): classes.count { $0 >= 0 }
        case .numbers(let numbers, let width):
            stride(from: 0, to: numbers.count, by: max(1, width)).count { row in
                numbers[row..<row + width].contains { !$0.isNaN }
            }
        }
    }

    var rows: Int {
        switch self {
        case .classes(let classes): classes.count
        case .numbers(let numbers, let width): numbers.count / max(1, width)
        }
    }
}
