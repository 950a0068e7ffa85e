import Foundation

extension ComparisonReport {
    /// The score that a table shows.
    package enum Score: Sendable, Equatable {
        /// Each task's own metric.
        case own
        /// One metric, for the tasks that have it.
        case named(String)

        func of(_ row: Row) -> NamedScore? {
            switch self {
            case .own: row.scores.first
            case .named(let name): row[name]
            }
        }
    }

    /// The tasks' own metric comes first, then the other metrics that the rows have.
    var shownScores: [Score] {
        let own = Set(rows.map(\.metric))
        var names: [String] = []
        for name in rows.flatMap({ $0.scores.map(\.name) }) where !names.contains(name) && own != [name] {
            names.append(name)
        }
        return [.own]
            + names.filter { name in rows.contains { $0.metric != name && $0[name] != nil } }.map { .named($0) }
    }

    /// The name of a score over all tasks, or on one.
    func name(of score: Score, on task: Task? = nil) -> String {
        switch score {
        case .named(let name): return "Test \(name.metricWords)"
        case .own:
            let metrics = Set(rows.filter { task == nil || $0.task == task?.id }.map(\.metric))
            guard metrics.count == 1, let metric = metrics.first else {
                return metrics.isEmpty ? "Test score" : "Test score (each task in its own metric)"
            }
            return "Test \(metric.metricWords)"
        }
    }

    /// How an interval is shown next to its score.
    enum IntervalStyle {
        case ends, half
    }

    /// Tasks down, arms across: one score of each, and below them the mean over the tasks.
    /// - Parameter size: the tasks of one training size; nil: of all texts
    func matrix(_ score: Score, _ style: IntervalStyle, size: Int? = nil) -> TextTable {
        var table = TextTable([.init("task", shrinking: .shorten)] + arms.map { .init($0.label, .trailing) })
        for task in tasks where task.size == size {
            let cells = arms.map { arm in row(task: task.id, arm: arm.id).map { cell($0, score, style) } ?? "" }
            table.append([.init(task.label, detail: style == .ends ? task.note : "")] + cells)
        }
        let means = self.means.filter { $0.size == size }
        if score == .own, !means.isEmpty {
            table.append(
                [.init("mean", .strong)]
                    + arms.map { arm in
                        means.first { $0.arm == arm.id }.map { mean in
                            let interval = mean.estimate.interval
                            return .init(
                                Human.score(mean.estimate.value),
                                detail: (style == .ends ? interval?.shortText : interval?.halfText) ?? "", .strong)
                        } ?? ""
                    })
        }
        return table
    }

    /// "200 training texts" where there are several sizes.
    func words(size: Int?) -> String { size.map { Human.count($0, "training text") } ?? "" }

    /// The comparisons, one a line.
    func comparisonTable() -> TextTable {
        var table = TextTable(
            [.init("compared")] + (sizes.count > 1 ? [.init("texts", .trailing)] : []) + [
                .init("difference", .trailing), .init("p", .trailing), .init("p after Holm", .trailing),
                .init("seeds", .trailing),
            ])
        for one in comparisons {
            table.append(
                [.init("\(label(one.a)) − \(label(one.b))")]
                    + (sizes.count > 1 ? [.init(one.size.map { Human.count($0) } ?? Human.missing)] : []) + [
                        .init(one.text, one.isFound ? .strong : .plain), .init(Self.p(one.p)),
                        .init(Self.p(one.adjusted)), .init(Human.count(one.seeds)),
                    ])
        }
        return table
    }

    private static func p(_ value: Double) -> String {
        guard value.isFinite else { return Human.missing }
        return value < 0.001 ? "< .001" : Human.score(value)
    }

    /// Arms down: the costs of each; where tasks differ, from least to most.
    func costs() -> TextTable {
        var table = TextTable([
            .init("arm", shrinking: .shorten), .init("trainable parameters", .trailing),
            .init("bytes per extra task", .trailing), .init("training tokens/s", .trailing),
            .init("training tokens, own", .trailing), .init("training tokens, cumulative", .trailing),
        ])
        for arm in arms {
            let mine = rows.filter { $0.arm == arm.id }
            let isTrained = mine.contains { $0.trainableParameters > 0 }
            let sizes = mine.compactMap(\.bytesPerExtraTask)
            let own = span(mine.map(\.trainingTokens), Human.compact)
            let whole = span(mine.map(\.cumulativeTokens), Human.compact)
            let untrained = Human.missing
            table.append([
                .init(arm.label),
                .init(isTrained ? span(mine.map(\.trainableParameters), Human.compact) : untrained),
                // Without a size of its own a further task means training all tasks again.
                .init(
                    sizes.isEmpty ? (isTrained && arm.isShared ? "retrain all" : untrained) : span(sizes, Human.bytes)),
                .init(median(mine.compactMap(\.tokensPerSecond)).map { Human.count($0) } ?? untrained),
                .init(isTrained ? own : untrained), .init(isTrained ? whole : untrained),
            ])
        }
        return table
    }

    /// All arms on one task, with everything that was measured.
    func details(of task: Task) -> TextTable {
        let scores = shownScores
        var table = TextTable(
            [
                .init("arm")
            ] + scores.map { .init(String(name(of: $0, on: task).dropFirst("Test ".count)), .trailing) } + [
                .init("learning rate", .trailing), .init("trainable parameters", .trailing),
                .init("bytes per extra task", .trailing), .init("tokens/s", .trailing), .init("tokens, own", .trailing),
                .init("tokens, all", .trailing), .init("seeds", .trailing),
            ])
        for arm in arms {
            guard let row = row(task: task.id, arm: arm.id) else { continue }
            table.append(
                [
                    .init(arm.label)
                ] + scores.map { cell(row, $0, .ends) } + [
                    .init(row.learningRate.map(Self.rate) ?? Human.missing),
                    .init(row.trainableParameters > 0 ? Human.count(row.trainableParameters) : Human.missing),
                    .init(row.bytesPerExtraTask.map(Human.bytes) ?? Human.missing),
                    .init(row.tokensPerSecond.map { Human.count($0) } ?? Human.missing),
                    .init(row.trainingTokens > 0 ? Human.compact(row.trainingTokens) : Human.missing),
                    .init(row.cumulativeTokens > 0 ? Human.compact(row.cumulativeTokens) : Human.missing),
                    .init(Human.count(row.seeds)),
                ])
        }
        return table
    }

    /// All arms on one task, as a picture.
    package func plot(of task: Task, _ score: Score = .own) -> DotPlot {
        let dots = arms.compactMap { arm -> DotPlot.Row? in
            guard let found = row(task: task.id, arm: arm.id).flatMap({ score.of($0) }) else { return nil }
            return DotPlot.Row(
                arm.label, found.estimate.value, interval: found.estimate.interval, colour: Self.colour(arm.family),
                open: arm.isShared, emphasis(found.standing))
        }
        let title = task.note.isEmpty ? task.label : "\(task.label) (\(task.note))"
        return DotPlot(
            groups: [.init(title, rows: dots)], x: name(of: score, on: task).replacing("Test ", with: "test "))
    }

    /// How to read emphasis and intervals.
    func legend(_ style: IntervalStyle) -> String {
        var sentences: [String] = []
        if rows.contains(where: { $0.scores.contains { $0.standing != nil } }) {
            sentences.append(
                "*: best of the task; ~: within the noise of the best; no mark: clearly below the best (the 95 % interval of the difference excludes 0)."
            )
        }
        if style == .half { sentences.append("±: half the width of the 95 % interval.") }
        if !method.isEmpty { sentences.append(method) }
        return sentences.joined(separator: " ")
    }

    private func cell(_ row: Row, _ score: Score, _ style: IntervalStyle) -> TextTable.Cell {
        guard let found = score.of(row) else { return "" }
        guard !found.estimate.value.isNaN else { return .init(Human.undefined, .dim) }
        let detail = found.estimate.interval.map { style == .ends ? $0.shortText : $0.halfText } ?? ""
        return .init(
            Human.score(found.estimate.value), detail: detail, mark: mark(found.standing), emphasis(found.standing))
    }

    private func mark(_ standing: Standing?) -> String {
        switch standing {
        case .best: "*"
        case .withinNoise: "~"
        case .below: " "
        case nil: ""
        }
    }

    private func emphasis(_ standing: Standing?) -> Emphasis {
        switch standing {
        case .best: .strong
        case .below: .dim
        case .withinNoise, nil: .plain
        }
    }

    static func colour(_ family: Arm.Family) -> Int {
        switch family {
        case .baseline: 7
        case .head: 4
        case .adapter: 0
        case .fusion: 1
        case .full: 3
        }
    }

    private static func rate(_ value: Double) -> String {
        // 1e-04 as people write it: 1e-4.
        String(format: "%.0e", value).replacingOccurrences(of: "e-0", with: "e-").replacingOccurrences(
            of: "e+0", with: "e")
    }

    private func span(_ values: [Int], _ text: (Int) -> String) -> String {
        guard let least = values.min(), let most = values.max() else { return Human.missing }
        let (low, high) = (text(least), text(most))
        if low == high { return low }
        // "894–897 k" in place of "894 k–897 k".
        let (lowParts, highParts) = (low.split(separator: " "), high.split(separator: " "))
        let sameUnit = lowParts.count == 2 && highParts.count == 2 && lowParts[1] == highParts[1]
        return "\(sameUnit ? String(lowParts[0]) : low)–\(high)"
    }

    private func median(_ values: [Double]) -> Double? {
        let sorted = values.filter(\.isFinite).sorted()
        guard !sorted.isEmpty else { return nil }
        let middle = sorted.count / 2
        return sorted.count.isMultiple(of: 2) ? (sorted[middle - 1] + sorted[middle]) / 2 : sorted[middle]
    }
}
