/// What one head is to predict for a batch, and how its row losses count.
package struct HeadTargets: Sendable {
    package enum Values: Sendable, Equatable {
        /// Class of each row; −1 where it is missing.
        case classes([Int32])
        /// [rows, classes], a distribution for each row; NaN where it is missing.
        case distributions([Float], classes: Int)
        /// [rows, width]; NaN where a number is missing.
        case numbers([Float], width: Int)
        /// [rows, width], such as a place and a label; −1 where one is missing.
        case indices([Int32], width: Int)
        /// For each row, a token, what it is in its window; a window is a run of rows, and its target is a first and a last row.
        case spans([SpanToken])
        /// For each row, a word, what it is in its document, and the mentions that begin with it.
        case mentions([MentionWord])
        /// What each row is to the queries of its batch; a query's documents follow it.
        case contrasts([Contrast])
    }

    /// What a row is where queries are compared with documents. Equal documents have equal numbers.
    package enum Contrast: Sendable, Equatable {
        case query
        /// To the query before it.
        case relevant(document: Int32)
        case irrelevant(document: Int32)
    }

    /// What a token is in its window.
    package struct SpanToken: OptionSet, Sendable, Equatable {
        package let rawValue: UInt8

        package init(rawValue: UInt8) { self.rawValue = rawValue }

        /// A new window begins.
        package static let first = SpanToken(rawValue: 1)
        /// The target's first token.
        package static let start = SpanToken(rawValue: 2)
        /// The target's last token.
        package static let end = SpanToken(rawValue: 4)
    }

    /// In the order of the head's rows.
    package var values: Values
    /// Which tokens of the batch are the head's rows, ascending; nil: it has a row for each sequence.
    package var marks: [Int32]?
    /// Whether the marks stand for whole sequences, each by its first row.
    package var marksSequences = false
    /// Numbers of neighboring rows that belong together, such as the choices of one question; nil: each stands for itself.
    package var groups: [Int]?
    /// What each row's loss counts for, 0 or more; nil: 1.
    package var weights: [Float]?
    /// [rows, width]: what a teacher says of each row, at the loss's temperature; NaN where it says nothing; nil: there is no
    /// teacher. The width is that of the head's output.
    package var teacher: [Float]?
    /// What the sum of the weighted row losses is divided by: the sum of the weights of all rows with a target, each times
    /// the weight of its class; with a teacher, the sum of the weights of all rows with a target or a teacher. A head without
    /// any has 0, and no loss.
    package var normalizer: Double
    /// The head's share in the loss of the batch.
    package var coefficient: Double

    /// - Parameters:
    ///   - groups: numbers of neighboring rows that belong together.
    ///   - weights: of the rows; nil: all 1.
    ///   - classWeights: of the classes in the head's loss; nil: all 1.
    ///   - teacher: [rows, width]
    package init(
        _ values: Values, marks: [Int32]? = nil, groups: [Int]? = nil, weights: [Float]? = nil,
        classWeights: [Float]? = nil,
        teacher: [Float]? = nil, coefficient: Double = 1
    ) {
        precondition(weights.map { $0.count == values.rows } ?? true, "one weight a row")
        self.values = values
        self.marks = marks
        self.groups = groups
        self.weights = weights
        self.teacher = teacher
        if let teacher, values.rows > 0 {
            let (width, isPresent) = (teacher.count / values.rows, values.isPresent)
            normalizer = values.runs(groups).reduce(0) { sum, run in
                let target = run.first { isPresent[$0] }
                guard let row = target ?? (teacher[run.lowerBound * width].isNaN ? nil : run.lowerBound) else {
                    return sum
                }
                return sum + (weights.map { Double($0[row]) } ?? 1)
            }
        } else {
            normalizer = values.mass(weights, classWeights)
        }
        self.coefficient = coefficient
    }

    /// What a row loss is multiplied by beside its weight, so that the sum over the batch is the head's mean loss times its
    /// coefficient.
    var factor: Double { normalizer > 0 ? coefficient / normalizer : 0 }
}

extension HeadTargets.Values {
    /// Whether each row has a target: a class, a distribution, at least one number or index, a span of the window that begins
    /// there, or a document whose clusters are known.
    package var isPresent: [Bool] {
        switch self {
        case .classes(let classes): classes.map { $0 >= 0 }
        case .distributions(let shares, let classes):
            stride(from: 0, to: shares.count, by: max(1, classes)).map { !shares[$0].isNaN }
        case .numbers(let numbers, let width):
            stride(from: 0, to: numbers.count, by: max(1, width)).map { row in
                numbers[row..<row + width].contains { !$0.isNaN }
            }
        case .indices(let indices, let width):
            stride(from: 0, to: indices.count, by: max(1, width)).map { row in
                indices[row..<row + width].contains { $0 >= 0 }
            }
        case .spans(let tokens): Self.windowsWithTarget(tokens)
        case .contrasts(let roles): roles.map { $0 == .query }
        case .mentions(let words): words.map(\.hasClusters)
        }
    }

    /// The window that begins in a row, which ends before the next one and before `limit`; rows are counted as `tokens` are.
    static func window(
        _ tokens: [HeadTargets.SpanToken], from first: Int, limit: Int
    ) -> (rows: Range<Int>, span: (start: Int, end: Int)?) {
        var (start, end): (Int?, Int?) = (nil, nil)
        var row = first
        repeat {
            if tokens[row].contains(.start) { start = row }
            if tokens[row].contains(.end) { end = row }
            row += 1
        } while row < limit && !tokens[row].contains(.first)
        guard let start, let end else { return (first..<row, nil) }
        return (first..<row, (start, end))
    }

    /// The rows that have one loss together: those of a group, of a window, or each row by itself.
    fileprivate func runs(_ groups: [Int]?) -> [Range<Int>] {
        var runs: [Range<Int>] = []
        var first = 0
        if let groups {
            for count in groups {
                runs.append(first..<first + count)
                first += count
            }
        } else if case .spans(let tokens) = self {
            while first < tokens.count {
                runs.append(Self.window(tokens, from: first, limit: tokens.count).rows)
                first = runs.last?.upperBound ?? tokens.count
            }
        } else {
            runs = (0..<rows).map { $0..<$0 + 1 }
        }
        return runs
    }

    /// A window's target is a target of its first row.
    private static func windowsWithTarget(_ tokens: [HeadTargets.SpanToken]) -> [Bool] {
        var isPresent = [Bool](repeating: false, count: tokens.count)
        var first = 0
        while first < tokens.count {
            let window = window(tokens, from: first, limit: tokens.count)
            isPresent[first] = window.span != nil
            first = window.rows.upperBound
        }
        return isPresent
    }

    /// Targets that are not missing.
    package var present: Int { isPresent.count { $0 } }

    /// The sum over all rows with a target of the row's weight times its class's, which for a distribution is the mean by
    /// its shares. So rows with a class and rows with all of a distribution on it count alike.
    fileprivate func mass(_ weights: [Float]?, _ classWeights: [Float]?) -> Double {
        isPresent.enumerated().reduce(0) { sum, row in
            guard row.element else { return sum }
            let weight = weights.map { Double($0[row.offset]) } ?? 1
            guard let classWeights else { return sum + weight }
            switch self {
            case .classes(let classes): return sum + weight * Double(classWeights[Int(classes[row.offset])])
            case .distributions(let shares, let classes):
                let own = shares[row.offset * classes..<(row.offset + 1) * classes]
                return sum + weight * zip(own, classWeights).reduce(0) { $0 + Double($1.0) * Double($1.1) }
            case .numbers, .indices, .spans, .contrasts, .mentions: return sum + weight
            }
        }
    }

    var rows: Int {
        switch self {
        case .classes(let classes): classes.count
        case .distributions(let shares, let classes): shares.count / max(1, classes)
        case .numbers(let numbers, let width): numbers.count / max(1, width)
        case .indices(let indices, let width): indices.count / max(1, width)
        case .spans(let tokens): tokens.count
        case .contrasts(let roles): roles.count
        case .mentions(let words): words.count
        }
    }
}
