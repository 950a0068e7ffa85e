import Reporting
import Tasks
import Training

extension Evaluation {
    /// The scores as a report: a page with intervals, classes, confusions and the largest errors, and a short text for a
    /// terminal.
    public var report: Report { Report(page) }

    private var page: EvaluationReport {
        let scores = stored.scores
        let shown = scores.shown
        var list = (shown + scores.scores.map(\.name).filter { isMeaningful($0) && !shown.contains($0) }).map { name in
            EvaluationReport.Score(
                name, scores[name], ends(name), isShare: Metrics.standard[name]?.isShare ?? true,
                isHeadline: shown.contains(name))
        }
        // Nothing that is scored has one where a loss compares the texts of a batch
        if !scores.loss.isNaN { list.append(.init("loss", scores.loss, ends("loss"), isShare: false)) }
        let counts = rowsSkipped.counts
        var report = EvaluationReport(
            task: task, split: split.rawValue, examples: examples, unknownLabels: unknownLabels,
            skipped: SkipReason.allCases.compactMap { reason in counts[reason].map { .init(reason.rawValue, $0) } },
            scores: list, classes: [], mistakes: [],
            settings: [
                Setting("bundle", bundle), Setting("model", model), Setting("task", definition.source),
                Setting("kind", definition.kind), Setting("metric", metric),
            ])
        if examples > 0, !stored.hasIntervals { report.withoutIntervals = Bootstrap.tooFewWords }
        report.attention = attention?.map
        if let robustness { report.robustness = robustness.rows(isShare: Metrics.standard[metric]?.isShare ?? true) }
        report.add(stored.rows, truncated: truncated)
        return report
    }

    private func isMeaningful(_ name: String) -> Bool {
        Metrics.standard[name]?.isMeaningful(forAny: stored.predicted.answers) ?? false
    }

    private func ends(_ name: String) -> Reporting.Interval? {
        stored.intervals[name].map { .init($0.low, $0.high) }
    }
}

extension Robustness {
    /// The rows of the report's table, those that do not apply last.
    fileprivate func rows(isShare: Bool) -> [EvaluationReport.Robustness] {
        changes.map { change in
            EvaluationReport.Robustness(
                name: change.name,
                drop: EvaluationReport.Score(
                    metric, change.drop, change.interval.map { .init($0.low, $0.high) }, isShare: isShare),
                unchanged: change.unchanged)
        } + skipped.map { EvaluationReport.Robustness(name: $0.name, reason: $0.reason) }
    }
}

extension AttentionMap {
    /// Places down, adapters across. The block and the site are named where there are several.
    fileprivate var map: ShareMap {
        let (blocks, sites) = (Set(places.map(\.block)).count, Set(places.map(\.site)).count)
        return ShareMap(
            "Mean attention",
            rows: places.map { place in
                let site =
                    ["afterAttention": "attention", "afterFeedForward": "feed-forward"][place.site] ?? place.site
                return (blocks > 1 ? "\(place.block), " : "") + "layer \(place.layer)" + (sites > 1 ? ", \(site)" : "")
            }, columns: adapters, shares: places.map { place in adapters.map { place.shares[$0] ?? 0 } })
    }
}

extension EvaluationReport {
    /// Errors that a report lists at most.
    private static let mostMistakes = 30

    fileprivate mutating func add(_ rows: any EvaluatedRows, truncated: Int) {
        if let groups = rows.groups {
            classes = groups.scores.rows
            classNoun = groups.noun
        }
        if let confusion = rows.confusion {
            matrix = Self.matrix(confusion)
            confusions = confusion.confusions(most: 20).map {
                .init(gold: $0.gold, predicted: $0.predicted, count: $0.count)
            }
        }
        if rows.tellsTruncation { self.truncated = truncated }
        lossUnits = rows.lossUnits
        mistakeMeasure = rows.mistakeMeasure
        mistakeOrder = rows.mistakeOrder
        let number: (Double?) -> String = { $0.map { Human.score($0) } ?? Human.missing }
        mistakes = rows.worstFirst.lazy.compactMap { place in
            rows.mistake(place, number: number).map {
                .init(
                    line: rows.line(place), gold: $0.gold, predicted: $0.predicted, measure: $0.measure, text: $0.text)
            }
        }.prefix(Self.mostMistakes).map { $0 }
    }

    /// All classes if a picture can show them, else those with the most errors.
    private static func matrix(_ confusion: ConfusionMatrix) -> HeatMap {
        var chosen = Array(confusion.labels.indices)
        if chosen.count > EvaluationReport.mostClasses {
            var errors = [Int](repeating: 0, count: chosen.count)
            for (g, row) in confusion.counts.enumerated() {
                for (p, count) in row.enumerated() where p != g {
                    errors[g] += count
                    errors[p] += count
                }
            }
            chosen = chosen.sorted { (-errors[$0], $0) < (-errors[$1], $1) }
                .prefix(EvaluationReport.mostClasses).sorted()
        }
        let (labels, counts) = confusion.part(chosen)
        return HeatMap("True and predicted classes", labels: labels, counts: counts)
    }
}

extension [Tasks.ClassScore] {
    fileprivate var rows: [EvaluationReport.ClassRow] {
        map {
            .init(
                label: $0.label, precision: $0.precision, recall: $0.recall, f1: $0.f1, support: $0.support,
                predicted: $0.predicted, isKnown: $0.isKnown)
        }
    }
}
