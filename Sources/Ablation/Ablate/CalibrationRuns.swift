import Reporting
import Tasks
import Training

/// The cells of a calibration, and what came of it: an arm's runs are compared with other runs of the same arm, as the
/// comparison itself compares arms. Each comparison has seeds of its own, on both sides as many as the arm has.
struct CalibrationRuns {
    private let plan: AblationPlan
    private let benches: ArmBenches

    /// One comparison of an arm with itself on one task at one size.
    private struct Pair {
        var arm: Arm
        var size: Int?
        var task: Int
        /// Its place among the arm's comparisons on this task.
        var number: Int
        var seeds: [[Int]]
    }

    init(_ plan: AblationPlan, benches: ArmBenches) {
        self.plan = plan
        self.benches = benches
    }

    private var pairs: [Pair] {
        plan.calibrations.flatMap { calibration -> [Pair] in
            guard let arm = plan.arms.first(where: { $0.id == calibration.arm }), arm.isTrained, !arm.isShared else {
                return []
            }
            let sizes = plan.columns.filter { size in
                arm.has(size: size) && (size.map { calibration.sizes?.contains($0) ?? true } ?? true)
            }
            let able = benches.tasks.indices.filter { arm.trained?.hindrance(benches.tasks[$0]) == nil }
            let columns = sizes.count * able.count
            guard columns > 0 else { return [] }
            let runs = plan.seeds(arm).count
            let first = (plan.seeds.max() ?? 0) + 1
            return (0..<(calibration.comparisons + columns - 1) / columns).flatMap { number in
                let seeds = (0..<2).map { side in
                    (0..<runs).map { first + (2 * number + side) * runs + $0 }
                }
                return sizes.flatMap { size in
                    able.map { Pair(arm: arm, size: size, task: $0, number: number, seeds: seeds) }
                }
            }
        }
    }

    /// The trainings that it takes.
    func cells() throws -> [Cell] {
        try pairs.flatMap { pair in
            try pair.seeds.joined().map { try benches.bench(seed: $0, size: pair.size).cell(pair.arm, [pair.task]) }
        }
    }

    /// - Returns: nil where the plan has no calibration
    func outcome(_ results: ExperimentResults) throws -> ComparisonReport.Calibration? {
        let pairs = pairs
        guard !pairs.isEmpty else { return nil }
        var rejected = 0
        var counted = 0
        var halves: [Int?: [Double]] = [:]
        var meanHalves: [Int?: [Double]] = [:]
        let rounds = Dictionary(grouping: pairs) { "\($0.arm.id) \($0.size ?? 0) \($0.number)" }
        for (_, round) in rounds.sorted(by: { $0.key < $1.key }) {
            let scores = PairedScores(
                try round.map { pair in
                    let task = benches.tasks[pair.task]
                    var answers: [Int: [any Answers]] = [:]
                    for (side, seeds) in pair.seeds.enumerated() {
                        answers[side] = try seeds.compactMap {
                            results[try benches.bench(seed: $0, size: pair.size).cell(pair.arm, [pair.task])]?
                                .result[task.name]
                        }
                    }
                    return .init(groups: task.testGroups, metrics: [task.metric], answers: answers)
                }, systems: [0, 1], .apart)
            for column in round.indices {
                guard let d = scores.difference(0, 1, over: [column]), let half = d.half else { continue }
                counted += 1
                if d.isAbove || d.isBelow { rejected += 1 }
                if d.isShare { halves[round[0].size, default: []].append(half) }
            }
            if let all = scores.difference(0, 1, over: Array(round.indices)), all.isShare, let half = all.half {
                meanHalves[round[0].size, default: []].append(half)
            }
        }
        guard counted > 0 else { return nil }
        let share = ClopperPearson.interval(rejected, of: counted)
        return ComparisonReport.Calibration(
            comparisons: counted, rejected: rejected, interval: Interval(share.low, share.high),
            detectable: plan.columns.compactMap { size in
                guard let one = Self.median(halves[size] ?? []), let mean = Self.median(meanHalves[size] ?? []) else {
                    return nil
                }
                return .init(size: size, task: Self.power * one, mean: Self.power * mean)
            })
    }

    /// What a difference must be, in halves of its 95 % interval, to be found in four of five cases: (1.96 + 0.84) / 1.96.
    private static let power = (1.959964 + 0.841621) / 1.959964

    private static func median(_ values: [Double]) -> Double? {
        let sorted = values.filter(\.isFinite).sorted()
        return sorted.isEmpty ? nil : Bootstrap.quantile(sorted, 0.5)
    }
}
