@testable import Reporting

/// A comparison with made-up numbers, shaped like a real one.
enum ExampleReport {
    static func make(hostile: Bool = false) -> ComparisonReport {
        let arms: [ComparisonReport.Arm] = [
            .init("majority", label: "majority class", family: .baseline),
            .init("tfidf", label: "TF-IDF + logistic", family: .baseline),
            .init("head", label: "head only", family: .head),
            .init("adapter", label: "adapter", family: .adapter),
            .init("fusion", label: "fusion", family: .fusion),
            .init("multi-adapter", label: "multi-task adapter", family: .adapter, isShared: true),
            .init("full", label: "full fine-tuning", family: .full),
            .init("multi-full", label: "multi-task full", family: .full, isShared: true),
        ]
        let scores: [(String, String, [Double])] = [
            ("uitoolkit", "1,318 texts, 7 classes", [0.384, 0.735, 0.742, 0.786, 0.801, 0.779, 0.792, 0.781]),
            ("works-with", "2,113 texts, 19 classes", [0.217, 0.725, 0.731, 0.787, 0.785, 0.770, 0.803, 0.776]),
            ("field", "604 texts, 11 classes", [0.214, 0.774, 0.752, 0.801, 0.812, 0.790, 0.789, 0.795]),
            ("game", "716 texts, 9 classes", [0.277, 0.723, 0.701, 0.722, 0.744, 0.731, 0.718, 0.739]),
        ]
        let parameters = [0, 0, 2_695, 894_528, 2_366_983, 902_016, 22_716_000, 22_730_000]
        let bytes: [Int?] = [nil, 1_400_000, 11_000, 3_580_000, 9_470_000, nil, 90_900_000, nil]
        let rates: [Double?] = [nil, nil, 21_400, 9_830, 6_120, 9_790, 7_240, 7_190]
        let rest: [Double?] = [nil, nil, 3e-3, 1e-3, 5e-5, 1e-3, 1e-4, 1e-4]
        var rows: [ComparisonReport.Row] = []
        for (task, _, values) in scores {
            let best = values.max() ?? 0
            for (index, value) in values.enumerated() {
                let half = index == 0 ? 0.026 : 0.021
                let standing: ComparisonReport.Standing =
                    value == best ? .best : best - value < 0.025 ? .withinNoise : .below
                rows.append(
                    .init(
                        task: task, arm: arms[index].id,
                        scores: [
                            .init("accuracy", .init(value, Interval(value - half, value + half * 0.93)), standing),
                            .init(
                                "macro_f1",
                                .init(value * 0.83 - 0.02, Interval(value * 0.83 - 0.05, value * 0.83 + 0.008)),
                                standing),
                        ],
                        trainableParameters: parameters[index], bytesPerExtraTask: bytes[index],
                        tokensPerSecond: rates[index], trainingTokens: index < 2 ? 0 : 612_000,
                        cumulativeTokens: index < 2 ? 0 : index == 4 ? 3_060_000 : 612_000, learningRate: rest[index],
                        seeds: index < 2 ? 1 : 3))
            }
        }
        let curve = { (name: String, start: Double, end: Double) in
            LineChart.Series(
                name,
                points: (0..<400).map { step in
                    let share = Double(step) / 400
                    let noise = Double((step * 7919) % 101) / 101 - 0.5
                    return .init(Double(step) * 1530, end + (start - end) / (1 + 9 * share) + noise * 0.12)
                })
        }
        var report = ComparisonReport(
            title: "Four Debian tasks on MiniLM: adapters, fusion and fine-tuning",
            summary: [
                "Eight ways to classify package descriptions, each given the same 612,000 training tokens a task and a "
                    + "learning rate of its own chosen on dev. Made-up numbers, for the look of it."
            ],
            arms: arms, tasks: scores.map { .init($0.0, note: $0.1) }, rows: rows,
            verdicts: [
                .init(
                    .same,
                    "Fusion does not beat the best single adapter: +.012 over four tasks, paired 95 % interval "
                        + "[-.004, +.027], at 5 times the training tokens."),
                .init(
                    .better,
                    "Single-task adapters beat TF-IDF + logistic regression by .035 [+.021, +.048], for 3.6 MB a task."),
                .init(.worse, "The multi-task adapter falls behind single-task adapters on works-with (-.017)."),
                .init(
                    .note,
                    "Cheapest within the noise of the best: the single-task adapter, 25 times smaller a task than full "
                        + "fine-tuning."),
            ],
            facts: [
                .init("model", "MiniLM-L6"), .init("tasks", "4"), .init("seeds", "3"), .init("training", "12 min 40 s"),
                .init("peak memory", "641 MB"),
            ],
            settings: [
                .init("seed", "1, 2, 3"), .init("epochs", "5, patience 2"), .init("batch", "2,048 tokens"),
                .init("learning rates tried", "adapter 3e-4, 1e-3, 3e-3 · fusion 5e-5, 2e-4 · full 3e-5, 1e-4"),
                .init("pooling", "mean"), .init("max length", "128"),
            ],
            provenance: [
                .init("model", "sha256 1f3c…9a20"), .init("data", "Debian bookworm main amd64, sha256 77ab…01fe"),
                .init("kernels", "OpenBLAS 0.3.21 SkylakeX, 2 threads"), .init("program", "amalgam 0.1.0"),
            ],
            method: "Intervals: 2,000 bootstrap draws of test texts, over all seeds; standings by paired draws.",
            curves: [
                LineChart(
                    title: "Training loss, works-with", x: "training tokens", y: "cross-entropy",
                    series: [
                        curve("adapter", 2.9, 0.62), curve("fusion", 1.1, 0.55), curve("full fine-tuning", 2.9, 0.41),
                    ]),
                LineChart(
                    title: "Dev accuracy, works-with", x: "epoch", y: "accuracy",
                    series: [
                        .init(
                            "adapter", points: [.init(1, 0.61), .init(2, 0.72), .init(3, 0.765), .init(4, 0.78)],
                            dots: true),
                        .init(
                            "fusion", points: [.init(1, 0.74), .init(2, 0.77), .init(3, 0.781), .init(4, 0.779)],
                            dots: true),
                    ]),
            ])
        if hostile {
            let bad = "<script>alert('x')</script>|`*_\u{1B}[31m\u{202E}&\"\n#"
            report.title = bad
            report.arms[3].label = bad
            report.tasks[0].label = bad
            report.verdicts[0].text = bad
            report.settings.append(.init(bad, bad))
            report.curves[0].title = bad
            report.curves[0].series[0].name = bad
            report.curves[0].series[1].points = [.init(.nan, 1), .init(1, .infinity)]
            report.rows[0].scores[0].estimate = .init(.nan, Interval(.nan, .infinity))
            report.rows[1].tokensPerSecond = .infinity
        }
        return report
    }
}
