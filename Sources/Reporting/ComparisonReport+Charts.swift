import Foundation

extension ComparisonReport {
    /// The mean of all arms over the tasks of a size.
    func plot(ofMeansAt size: Int?) -> DotPlot {
        let means = self.means.filter { $0.size == size }
        let best = means.map(\.estimate.value).max()
        let rows = arms.compactMap { arm -> DotPlot.Row? in
            guard let mean = means.first(where: { $0.arm == arm.id }) else { return nil }
            return DotPlot.Row(
                arm.label, mean.estimate.value, interval: mean.estimate.interval, colour: Self.colour(arm.family),
                open: arm.isShared, mean.estimate.value == best ? .strong : .plain)
        }
        let title = ["mean over tasks", words(size: size)].filter { !$0.isEmpty }.joined(separator: ", ")
        return DotPlot(groups: [.init(title, rows: rows)], x: name(of: .own).replacing("Test ", with: "test "))
    }

    /// One plot for each pair of arms and size: a dot for each task.
    func gainPlots() -> [DotPlot] {
        var plots: [DotPlot] = []
        for size in sizes {
            let here = tasks.filter { $0.size == size }
            var pairs: [Gain] = []
            for gain in gains where !pairs.contains(where: { $0.shared == gain.shared && $0.single == gain.single }) {
                pairs.append(gain)
            }
            for pair in pairs {
                let rows = here.compactMap { task -> DotPlot.Row? in
                    let found = gains.first {
                        $0.task == task.id && $0.shared == pair.shared && $0.single == pair.single
                    }
                    guard let found else { return nil }
                    let difference = found.difference
                    return DotPlot.Row(
                        task.label, difference.value, interval: difference.interval,
                        colour: difference.isAbove ? 2 : difference.isBelow ? 3 : 7)
                }
                let title = ["\(label(pair.shared)) − \(label(pair.single))", words(size: size)]
                    .filter { !$0.isEmpty }.joined(separator: ", ")
                if !rows.isEmpty {
                    plots.append(
                        DotPlot(
                            groups: [.init(title, rows: rows)], x: "difference in the task's metric", bounds: nil))
                }
            }
        }
        return plots
    }

    /// Means over the number of training texts.
    func learningCurve() -> LineChart {
        LineChart(
            title: "Learning curves", x: "training texts of a task", y: "mean test score",
            series: arms.compactMap { arm in
                let mine = means.filter { $0.arm == arm.id && $0.size != nil }
                guard mine.count > 1 else { return nil }
                return LineChart.Series(
                    arm.label, points: mine.map { .init(Double($0.size ?? 0), $0.estimate.value) }, dots: true,
                    intervals: mine.map(\.estimate.interval))
            })
    }

    /// Seconds of training against the mean score.
    func costChart(_ size: Int?) -> LineChart {
        LineChart(
            title: ["Cost against accuracy", words(size: size)].filter { !$0.isEmpty }.joined(separator: ", "),
            x: "seconds of training a task and seed, with what an arm builds on", y: "mean test score",
            series: arms.compactMap { arm in
                guard let mean = means.first(where: { $0.arm == arm.id && $0.size == size }),
                    let seconds = mean.seconds
                else { return nil }
                return LineChart.Series(
                    arm.label, points: [.init(seconds, mean.estimate.value)], dots: true,
                    intervals: [mean.estimate.interval])
            })
    }

    private static func percent(_ share: Double) -> String { String(format: "%.1f %%", share * 100) }

    /// What equal arms say of the statistics.
    func section(_ calibration: Calibration) -> ReportPage.Section {
        let rate = "\(Self.percent(calibration.rate)) of \(Human.count(calibration.comparisons, "comparison"))"
        let ends = "[\(Self.percent(calibration.interval.low)), \(Self.percent(calibration.interval.high))]"
        var table = TextTable(
            (sizes.count > 1 ? [.init("training texts", .trailing)] : []) + [
                .init("on one task", .trailing), .init("mean over the tasks", .trailing),
            ])
        for one in calibration.detectable {
            table.append(
                (sizes.count > 1 ? [.init(one.size.map { Human.count($0) } ?? Human.missing)] : []) + [
                    .init("\(Human.score(one.task))"), .init("\(Human.score(one.mean))"),
                ])
        }
        return .init(
            "What this comparison can find",
            [
                .paragraph(
                    "Before any arms were compared, arms were compared with themselves under other seeds. The intervals "
                        + "excluded 0 in \(rate), 95 % interval \(ends); 5 % is what a 95 % interval promises. "
                        + (calibration.isSound
                            ? "So the intervals of this report mean what they say."
                            : calibration.interval.low > 0.05
                                ? "So the intervals of this report are too narrow: read findings with care."
                                : "So the intervals of this report are wider than they need to be.")),
                .table(table, caption: "The smallest difference that is found in four of five cases, as a share"),
            ])
    }
}
