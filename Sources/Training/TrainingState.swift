import Adapters
import Numerics

/// Where a run stands between two steps, beside its numbers: with these, the next step is a function of the settings and
/// the data alone (order, dropout and learning rate all follow from the seed and the step).
struct TrainingState {
    /// Steps that are done.
    var step: Int { result.steps }
    /// Whether dev was scored for the epoch that the last step ended.
    var judged = false
    /// The epoch that is best on dev so far.
    var best: Best?
    var result = TrainingResult()
    /// Steps just now that came to no number, without one between them that did.
    var skippedInARow = 0

    struct Best: Equatable {
        var score: Double
        var loss: Double
        var epoch: Int
    }

    /// All but the losses, which stand as a tensor.
    var json: String {
        var map: [String: ConfigurationValue] = [
            "step": .init(step), "judged": .bool(judged), "epochs": .init(result.epochs),
            "tokens": .init(result.tokens), "seconds": .bits(result.seconds), "skipped": .init(result.skipped),
            "skipped_in_a_row": .init(skippedInARow),
        ]
        if let best {
            map["best"] = .map(["score": .bits(best.score), "loss": .bits(best.loss), "epoch": .init(best.epoch)])
        }
        map["dev"] = .map(
            result.dev.mapValues {
                .map([
                    "examples": .init($0.examples), "unknown_labels": .init($0.unknownLabels),
                    "metric": .string($0.metric), "metrics": .map($0.metrics.mapValues { .bits($0) }),
                    "loss": .bits($0.loss), "score": .bits($0.score),
                    "predictions": .list($0.predictions.map { .init($0) }),
                ])
            })
        return ConfigurationValue.map(map).json
    }

    init() {}

    /// Nil where the text is none of ours.
    init?(json: String, losses: [Double]) {
        guard let map = ConfigurationValue(json: json)?.fields, let step = map["step"]?.whole, step >= 0,
            case .bool(let judged)? = map["judged"], let epochs = map["epochs"]?.whole,
            let tokens = map["tokens"]?.whole, let seconds = map["seconds"]?.real,
            let skipped = map["skipped"]?.whole, let inARow = map["skipped_in_a_row"]?.whole,
            losses.count + skipped == step, let dev = map["dev"]?.fields
        else { return nil }
        self.judged = judged
        result.steps = step
        result.epochs = epochs
        result.tokens = tokens
        result.seconds = seconds
        result.skipped = skipped
        skippedInARow = inARow
        result.losses = losses
        if let fields = map["best"]?.fields {
            guard let score = fields["score"]?.real, let loss = fields["loss"]?.real, let epoch = fields["epoch"]?.whole
            else { return nil }
            best = Best(score: score, loss: loss, epoch: epoch)
        }
        for (task, value) in dev {
            guard let fields = value.fields, case .list(let predictions)? = fields["predictions"],
                case .string(let metric)? = fields["metric"], let metrics = fields["metrics"]?.fields
            else { return nil }
            var evaluation = Evaluation()
            evaluation.examples = fields["examples"]?.whole ?? 0
            evaluation.unknownLabels = fields["unknown_labels"]?.whole ?? 0
            evaluation.metric = metric
            evaluation.metrics = metrics.compactMapValues(\.real)
            evaluation.loss = fields["loss"]?.real ?? 0
            evaluation.score = fields["score"]?.real ?? 0
            evaluation.predictions = predictions.compactMap(\.whole)
            result.dev[task] = evaluation
        }
    }
}

extension ConfigurationValue {
    fileprivate var fields: [String: ConfigurationValue]? { if case .map(let map) = self { map } else { nil } }
    fileprivate var whole: Int? { if case .number(let number) = self { Int(exactly: number) } else { nil } }

    /// A number to its last bit, and one that is none too: JSON has no word for NaN.
    fileprivate static func bits(_ number: Double) -> ConfigurationValue {
        .string(String(number.bitPattern, radix: 16))
    }
    fileprivate var real: Double? {
        if case .string(let text) = self { UInt64(text, radix: 16).map { Double(bitPattern: $0) } } else { nil }
    }
}
