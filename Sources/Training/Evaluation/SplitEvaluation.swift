import Tasks

/// A split's scores with their intervals, and the details that a report shows for this form of answers.
package struct SplitEvaluation: Sendable {
    /// What a report shows of answers of one form.
    package enum Details: Sendable {
        case classes(ClassDetails)
        case tags(TagDetails)
        case numbers(NumberDetails)
    }

    package let predicted: SplitPredictions
    package let scores: Evaluation
    /// 95 % intervals of each metric and of `loss`. NaN if the metric is undefined, or if `hasIntervals` is false.
    package let intervals: [String: Interval]
    /// Whether enough units were scored for intervals.
    package let hasIntervals: Bool
    package let details: Details

    /// - Parameters:
    ///   - metric: the task's own
    ///   - seed: of the intervals
    package init(_ predicted: SplitPredictions, metric: any Metric.Type, seed: UInt64) {
        self.predicted = predicted
        scores = predicted.evaluation(metric: metric)
        // Groups are resampled whole; without them this is the bootstrap over examples
        let groups = predicted.scored.map { predicted.examples[$0].group }
        let bootstrap = ClusteredBootstrap([groups], seed: seed)
        hasIntervals = Bootstrap.hasEnough(groups)
        var intervals: [String: Interval] = [:]
        if !predicted.scored.isEmpty {
            let metrics = Metrics.standard.fitting(predicted.answers)
            for (each, cells) in zip(metrics, bootstrap.scores(metrics, [predicted.answers])) {
                intervals[each.name] = cells[0].interval()
            }
            let losses = predicted.scored.map { predicted.losses[$0] }
            if losses.contains(where: { $0.count > 0 }) { intervals["loss"] = bootstrap.mean(losses).interval() }
        }
        self.intervals =
            hasIntervals
            ? intervals : intervals.mapValues { Interval(value: $0.value, low: .nan, high: .nan) }
        details =
            switch predicted.answers {
            case let answers as TagAnswers: .tags(TagDetails(predicted, answers))
            case let answers as NumberAnswers: .numbers(NumberDetails(predicted, answers))
            default: .classes(ClassDetails(predicted))
            }
    }

    /// The scored examples with their true and predicted answers.
    package var rows: any EvaluatedRows {
        switch details {
        case .classes(let details): details
        case .tags(let details): details
        case .numbers(let details): details
        }
    }
}

/// The scored examples with their true and predicted answers, as files list them.
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
}

extension EvaluatedRows {
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
