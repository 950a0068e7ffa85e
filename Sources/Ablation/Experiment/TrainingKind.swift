import Foundation
import Training

/// What a training's time for a token depends on.
struct TrainingKind: Hashable {
    private let session: ObjectIdentifier
    private let training: String
    private let settings: String

    init(_ cell: Cell) {
        session = ObjectIdentifier(cell.session)
        training = cell.training.kind
        var settings = cell.settings
        (settings.learningRate, settings.epochs) = (1e-3, 1)
        self.settings = settings.json
    }
}

/// How fast trainings of one kind are here.
struct TrainingSpeed {
    /// Seconds of a token: the first time, and when frozen layers need not be computed again.
    struct Rate {
        var first = 0.0
        var later = 0.0
    }

    /// Seconds of a training beside its tokens.
    var overhead = 0.0
    var train = Rate()
    var dev = Rate()
    /// Of texts that are scored at the end.
    var scored = Rate()
    /// Seconds of scoring beside its tokens.
    var scoring = 0.0
    /// Whether it reads each text once, whatever the epochs.
    var isFit = false
    /// Whether further trainings of the same texts find what frozen layers give.
    var shares = false

    /// Seconds of a training.
    /// - Parameters:
    ///   - scored: tokens that are scored at the end
    ///   - isRepeated: whether a training of the same texts came before
    func seconds(_ amount: TrainingAmount, _ settings: TrainingSettings, scored tokens: Int, isRepeated: Bool) -> Double
    {
        let (first, scoring) = (isRepeated && shares, tokens > 0 ? scoring : 0)
        func total(_ rate: Rate, _ tokens: Int, times: Int) -> Double {
            Double(tokens) * ((first ? rate.later : rate.first) + Double(times - 1) * rate.later)
        }
        let end = scoring + total(scored, tokens, times: 1)
        guard !isFit else {
            return overhead + amount.encoding + total(train, amount.train + amount.dev, times: 1) + end
        }
        return overhead + amount.encoding + total(train, amount.train, times: settings.epochs)
            + total(dev, amount.dev, times: settings.keep == .best ? settings.epochs : 1) + end
    }
}

/// The times of a training's steps and scores, by its events.
final class TrainingClock {
    struct Epoch {
        var steps: [(tokens: Int, seconds: Double)] = []
        /// Of dev; nil: it was not scored.
        var dev: Double?

        /// Seconds of a token; nil: there is none.
        /// - Parameter skipped: steps that do not count
        static func rate(_ epochs: ArraySlice<Epoch>, skipping skipped: Int) -> Double? {
            let all = epochs.flatMap(\.steps)
            let steps = all.count > skipped ? all.dropFirst(skipped) : all[...]
            let tokens = steps.reduce(0) { $0 + $1.tokens }
            return tokens > 0 ? steps.reduce(0) { $0 + $1.seconds } / Double(tokens) : nil
        }
    }

    private(set) var epochs: [Epoch] = [Epoch()]
    private var last = DispatchTime.now().uptimeNanoseconds
    private var tokens = 0

    private func lap() -> Double {
        let now = DispatchTime.now().uptimeNanoseconds
        defer { last = now }
        return Double(now - last) / 1e9
    }

    func hear(_ event: TrainingEvent) {
        switch event {
        case .started: _ = lap()
        case .step(_, _, _, let sum):
            epochs[epochs.count - 1].steps.append((sum - tokens, lap()))
            tokens = sum
        case .epoch:
            epochs[epochs.count - 1].dev = lap()
            epochs.append(Epoch())
        default: break
        }
    }
}
