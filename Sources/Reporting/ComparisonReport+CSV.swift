import Files

extension ComparisonReport {
    /// Every score as one line, for spreadsheets: task, size, arm, metric, score, the ends of its interval, and the arm's costs.
    package func csv() -> String {
        var lines = [
            "task,size,arm,metric,score,low,high,standing,seeds,test_examples,trainable_parameters,bytes_per_extra_task,"
                + "training_tokens,cumulative_tokens,learning_rate"
        ]
        let names = Dictionary(tasks.map { ($0.id, $0.label) }) { first, _ in first }
        func number(_ value: Double?) -> String { value.flatMap { $0.isFinite ? "\($0)" : nil } ?? "" }
        func number(_ value: Int?) -> String { value.map { "\($0)" } ?? "" }
        for row in rows {
            for score in row.scores {
                let fields = [
                    names[row.task] ?? row.task, number(row.size), row.arm, score.name,
                    number(score.estimate.value), number(score.estimate.interval?.low),
                    number(score.estimate.interval?.high), score.standing?.rawValue ?? "", number(row.seeds),
                    number(row.examples), number(row.trainableParameters), number(row.bytesPerExtraTask),
                    number(row.trainingTokens), number(row.cumulativeTokens), number(row.learningRate),
                ]
                lines.append(CSVText.row(fields))
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }
}
