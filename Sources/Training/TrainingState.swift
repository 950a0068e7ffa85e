import Adapters
import Numerics
import Tasks

/// The state of a run between two steps, except for its tensors. Given both, the next step depends only on the settings and
/// the data, since dropout and learning rate follow from the seed and the step, and the order from `source`.
struct TrainingState {
    /// Number of finished steps.
    var step: Int { result.steps }
    /// Whether dev was scored for the epoch that ended with the last step.
    var judged = false
    /// The best epoch on dev so far.
    var best: Best?
    /// The same for each task by itself, with the dev scores of that epoch.
    var taskBest: [String: (best: Best, dev: [String: Evaluation])] = [:]
    var result = TrainingResult()
    /// Number of steps in a row, up to the last one, whose loss or gradient was not finite.
    var skippedInARow = 0
    /// What a scheduler may look at; its losses are the result's.
    var taskLosses: [String: Double] = [:]
    var devScores: [[String: Double]] = []
    /// Of the run's `StepSource`, with the scheduler's own.
    var source = ConfigurationValue.null

    var history: RunHistory { RunHistory(losses: result.losses, taskLosses: taskLosses, dev: devScores) }

    struct Best: Equatable {
        var score: Double
        var loss: Double
        var epoch: Int
    }

    /// Everything except the losses, which are stored as a tensor.
    var json: String {
        var map: [String: ConfigurationValue] = [
            "step": .init(step), "judged": .bool(judged), "epochs": .init(result.epochs),
            "tokens": .init(result.tokens), "seconds": .bits(result.seconds), "skipped": .init(result.skipped),
            "skipped_in_a_row": .init(skippedInARow), "task_losses": .bits(taskLosses),
            "dev_scores": .list(devScores.map { .bits($0) }), "source": source,
            "examples": .map(result.examples.mapValues { .init($0) }),
            "cosines": .list(
                result.cosines.map {
                    .map([
                        "step": .init($0.step), "tasks": .list($0.tasks.map { .string($0) }),
                        "values": .list($0.values.map { .list($0.map { .bits($0) }) }),
                    ])
                }),
        ]
        if let best { map["best"] = best.json }
        map["dev"] = .map(result.dev.mapValues(\.json))
        map["task_best"] = .map(
            taskBest.mapValues { .map(["best": $0.best.json, "dev": .map($0.dev.mapValues(\.json))]) })
        return ConfigurationValue.map(map).json
    }

    init() {}

    /// - Returns: nil if the text does not come from `json`
    init?(json: String, losses: [Double]) {
        guard let map = ConfigurationValue(json: json)?.fields, let step = map["step"]?.whole, step >= 0,
            case .bool(let judged)? = map["judged"], let epochs = map["epochs"]?.whole,
            let tokens = map["tokens"]?.whole, let seconds = map["seconds"]?.real,
            let skipped = map["skipped"]?.whole, let inARow = map["skipped_in_a_row"]?.whole,
            losses.count + skipped == step, let dev = map["dev"]?.fields, let source = map["source"],
            let taskLosses = map["task_losses"]?.reals, let examples = map["examples"]?.fields,
            case .list(let cosines)? = map["cosines"],
            case .list(let devScores)? = map["dev_scores"]
        else { return nil }
        self.taskLosses = taskLosses
        self.devScores = devScores.compactMap(\.reals)
        self.source = source
        self.judged = judged
        result.steps = step
        result.epochs = epochs
        result.tokens = tokens
        result.seconds = seconds
        result.skipped = skipped
        result.cosines = cosines.compactMap { GradientCosines($0) }
        result.examples = examples.compactMapValues(\.whole)
        skippedInARow = inARow
        result.losses = losses
        if let value = map["best"] {
            guard let best = Best(value) else { return nil }
            self.best = best
        }
        guard let scores = Self.evaluations(dev), let tasks = map["task_best"]?.fields else { return nil }
        result.dev = scores
        for (task, value) in tasks {
            guard let best = value.fields?["best"].flatMap({ Best($0) }),
                let dev = value.fields?["dev"]?.fields.flatMap({ Self.evaluations($0) })
            else { return nil }
            taskBest[task] = (best, dev)
        }
    }
}

extension TrainingState {
    private static func evaluations(_ values: [String: ConfigurationValue]) -> [String: Evaluation]? {
        var evaluations: [String: Evaluation] = [:]
        for (task, value) in values {
            guard let evaluation = Evaluation(value) else { return nil }
            evaluations[task] = evaluation
        }
        return evaluations
    }
}

extension TrainingState.Best {
    fileprivate var json: ConfigurationValue {
        .map(["score": .bits(score), "loss": .bits(loss), "epoch": .init(epoch)])
    }

    /// - Returns: nil if the value does not come from `json`
    fileprivate init?(_ value: ConfigurationValue) {
        guard let fields = value.fields, let score = fields["score"]?.real, let loss = fields["loss"]?.real,
            let epoch = fields["epoch"]?.whole
        else { return nil }
        self.init(score: score, loss: loss, epoch: epoch)
    }

    /// Whether another epoch is better: of equal scores the smaller loss, then the earlier epoch.
    func isBeaten(score: Double, loss: Double) -> Bool {
        score > self.score || (score == self.score && loss < self.loss)
    }
}

extension GradientCosines {
    /// - Returns: nil if the value does not come from `TrainingState.json`
    fileprivate init?(_ value: ConfigurationValue) {
        guard let fields = value.fields, let step = fields["step"]?.whole, case .list(let tasks)? = fields["tasks"],
            case .list(let rows)? = fields["values"]
        else { return nil }
        self.step = step
        self.tasks = tasks.compactMap { if case .string(let name) = $0 { name } else { nil } }
        values = rows.compactMap { if case .list(let row) = $0 { row.compactMap(\.real) } else { nil } }
    }
}

extension Evaluation {
    fileprivate var json: ConfigurationValue {
        .map([
            "examples": .init(examples), "unknown_labels": .init(unknownLabels),
            "metrics": .list(scores.map { .list([.string($0.name), .bits($0.value)]) }), "loss": .bits(loss),
            "score": .bits(score), "answers": answers.map { .string(AnswerForms.text($0)) } ?? .null,
        ])
    }

    /// - Returns: nil if the value does not come from `TrainingState.json`
    fileprivate init?(_ value: ConfigurationValue) {
        guard let fields = value.fields, let examples = fields["examples"]?.whole,
            let unknownLabels = fields["unknown_labels"]?.whole, case .list(let metrics)? = fields["metrics"],
            let loss = fields["loss"]?.real, let score = fields["score"]?.real
        else { return nil }
        self.init()
        self.examples = examples
        self.unknownLabels = unknownLabels
        self.loss = loss
        self.score = score
        for metric in metrics {
            guard case .list(let pair) = metric, pair.count == 2, case .string(let name) = pair[0],
                let value = pair[1].real
            else { return nil }
            scores.append(Score(name, value))
        }
        if case .string(let text)? = fields["answers"] {
            guard let answers = AnswerForms.answers(text) else { return nil }
            self.answers = answers
        }
    }
}

extension ConfigurationValue {
    fileprivate var fields: [String: ConfigurationValue]? { if case .map(let map) = self { map } else { nil } }
    fileprivate var whole: Int? { if case .number(let number) = self { Int(exactly: number) } else { nil } }

    /// A number to its last bit, NaN included, which JSON cannot hold.
    fileprivate static func bits(_ number: Double) -> ConfigurationValue {
        .string(String(number.bitPattern, radix: 16))
    }
    fileprivate static func bits(_ numbers: [String: Double]) -> ConfigurationValue {
        .map(numbers.mapValues { .bits($0) })
    }

    fileprivate var reals: [String: Double]? { fields?.compactMapValues(\.real) }
    fileprivate var real: Double? {
        if case .string(let text) = self { UInt64(text, radix: 16).map { Double(bitPattern: $0) } } else { nil }
    }
}
