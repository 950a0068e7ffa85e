import Reporting
import Tasks

/// The numbers that a comparison's conclusions rest on: means over the tasks, comparisons of arms, and what training on all
/// tasks changes on each. Each is computed once.
final class AblationFindings {
    let plan: AblationPlan
    let columns: [AblationColumn]
    let results: [Arm: [ArmResult]]
    /// Of each arm in each column.
    let scores: PairedScores<Arm>

    init(
        plan: AblationPlan, columns: [AblationColumn], results: [Arm: [ArmResult]], scores: PairedScores<Arm>
    ) {
        (self.plan, self.columns, self.results, self.scores) = (plan, columns, results, scores)
    }

    /// Seeds from which on a difference is called a finding.
    static let seedsOfAClaim = 5

    var tasks: [ExperimentTask] { columns.map(\.task) }

    /// The columns of a size that can tell a difference from noise.
    func compared(_ size: Int?) -> [Int] {
        columns.indices.filter { columns[$0].size == size && scores.hasEnoughUnits($0) }
    }

    var sizes: [Int?] { plan.columns.filter { !compared($0).isEmpty } }

    /// Arms with a score on every task of a size.
    func scored(_ size: Int?) -> [Arm] {
        let columns = compared(size)
        return plan.arms.filter { arm in columns.allSatisfy { scores.isDefined(arm, $0) } }
    }

    /// a − b, mean over the tasks; positive if a is better.
    func difference(_ a: Arm, _ b: Arm, _ size: Int?) -> PointsDifference? {
        let scored = scored(size)
        guard scored.contains(a), scored.contains(b) else { return nil }
        return scores.difference(a, b, over: compared(size))
    }

    /// The metric of all tasks of a size; nil if they differ.
    func metric(_ size: Int?) -> (any Metric.Type)? {
        let metrics = compared(size).map { columns[$0].task.metric }
        return Set(metrics.map { $0.name }).count == 1 ? metrics.first : nil
    }

    /// The arms' means, where all tasks have one metric or all have shares.
    private(set) lazy var means: [ComparisonReport.Mean] = {
        plan.columns.flatMap { size -> [ComparisonReport.Mean] in
            let compared = compared(size)
            guard compared.count > 1,
                metric(size) != nil || compared.allSatisfy({ columns[$0].task.metric.isShare })
            else { return [] }
            let isError = metric(size)?.isLowerBetter ?? false
            return scored(size).compactMap { arm in
                scores.mean(arm, over: compared).map { mean in
                    var estimate = Estimate(mean)
                    if isError {
                        estimate = Estimate(
                            -estimate.value, estimate.interval.map { Reporting.Interval(-$0.high, -$0.low) })
                    }
                    return ComparisonReport.Mean(arm: arm.id, size: size, estimate, seconds: seconds(arm, compared))
                }
            }
        }
    }()

    /// Seconds of training for a task and seed.
    private func seconds(_ arm: Arm, _ columns: [Int]) -> Double? {
        guard arm.isTrained, let results = results[arm] else { return nil }
        let all = columns.map { results[$0].cumulativeSeconds / Double(max(1, results[$0].answers.count)) }
        // One model for all tasks was trained once
        let trainings = Double(arm.isShared ? columns.count * columns.count : columns.count)
        return all.reduce(0, +) / trainings
    }

    /// The arms that the plan has of a kind; the first is that of the kind's name.
    private func arm(ofKind name: String) -> Arm? {
        plan.arms.first { $0.id == name } ?? plan.arms.first { $0.kind.name == name }
    }

    /// A question that the plan's arms can answer, at one size.
    struct Answer {
        var question: ArmQuestion
        var arm: Arm
        var rival: Arm
        var size: Int?
        var difference: PointsDifference
        /// After Holm.
        var adjusted = Double.nan

        var isFound: Bool { adjusted < 0.05 }
    }

    /// All questions of the arms, with p-values adjusted over all of them.
    private(set) lazy var answers: [Answer] = {
        var answers = sizes.flatMap { size in
            plan.arms.flatMap { arm -> [Answer] in
                // Beside an arm of the same kind with other options, that one is the rival
                let sibling = arm.id == arm.kind.name ? nil : self.arm(ofKind: arm.kind.name)
                let questions =
                    sibling.map {
                        [
                            ArmQuestion(
                                against: $0.id, yes: "\(arm.label(tasks)) beats \($0.label(tasks))",
                                no: "\(arm.label(tasks)) does not beat \($0.label(tasks))")
                        ]
                    } ?? arm.kind.questions
                return questions.compactMap { question in
                    guard let rival = self.arm(ofKind: question.rival), rival != arm,
                        let difference = difference(arm, rival, size)
                    else { return nil }
                    return Answer(question: question, arm: arm, rival: rival, size: size, difference: difference)
                }
            }
        }
        let adjusted = Holm.adjusted(answers.map { $0.difference.p.isNaN ? 1 : $0.difference.p })
        for i in answers.indices { answers[i].adjusted = adjusted[i] }
        return answers
    }()

    var comparisons: [ComparisonReport.Comparison] {
        answers.map {
            ComparisonReport.Comparison(
                $0.arm.id, $0.rival.id, size: $0.size, $0.difference.estimate, text: $0.difference.text,
                p: $0.difference.p, adjusted: $0.adjusted, seeds: $0.difference.runs)
        }
    }

    private(set) lazy var gains: [ComparisonReport.Gain] = {
        plan.arms.flatMap { arm -> [ComparisonReport.Gain] in
            guard let single = arm.trained?.single.flatMap(self.arm(ofKind:)) else { return [] }
            return columns.indices.compactMap { column in
                scores.difference(arm, single, over: [column]).map {
                    ComparisonReport.Gain(
                        task: columns[column].id, shared: arm.id, single: single.id, $0.estimate, text: $0.text)
                }
            }
        }
    }()
}
