import Bundles
import Foundation
import Tasks
import Training

/// Measures how fast cells are, by a few steps of each kind on a part of their own texts.
final class SpeedProbe {
    private let environment: ExperimentEnvironment
    /// The bundle of a cell that has finished; nil: it has not.
    private let finished: (Cell) -> AdapterBundle?
    /// Of cells that others build on: as good as any for a measurement.
    private var stand: [ObjectIdentifier: AdapterBundle] = [:]

    private static let epochs = 2
    private static let scoredTexts = 64

    init(_ environment: ExperimentEnvironment, finished: @escaping (Cell) -> AdapterBundle?) {
        self.environment = environment
        self.finished = finished
    }

    /// - Parameter steps: of each of two epochs
    /// - Throws: what the training throws
    func speed(of cell: Cell, steps: Int) throws -> TrainingSpeed {
        let sharing = SharedActivations()
        let part = cell.training.part(steps: steps, cell.settings)
        let amount = try part.amount(cell.session, cell.settings)
        let inputs = try cell.training.inputs.map(bundle)
        let clock = TrainingClock()
        let started = Date()
        let trained = try train(part, cell, inputs, epochs: Self.epochs, sharing) { clock.hear($0) }
        let wall = Date().timeIntervalSince(started)
        stand[ObjectIdentifier(cell)] = trained.bundle

        var speed = TrainingSpeed()
        speed.isFit = trained.probe != nil
        speed.shares = trained.result.cached?.train != nil && (sharing?.bytes ?? 0) > 0
        if speed.isFit {
            let rate = wall / Double(max(1, amount.train + amount.dev))
            speed.train = TrainingSpeed.Rate(first: rate, later: rate)
        } else {
            measure(clock.epochs, trained, dev: amount.dev, &speed)
            var settings = cell.settings
            settings.epochs = Self.epochs
            speed.overhead = max(0, wall - speed.seconds(amount, settings, scored: 0, isRepeated: false))
        }
        if let scored = cell.scored.first { try measure(scored, of: cell, trained.bundle, &speed) }
        return speed
    }

    /// Steps and dev.
    private func measure(
        _ epochs: [TrainingClock.Epoch], _ trained: Session.Trained, dev tokens: Int, _ speed: inout TrainingSpeed
    ) {
        // The first step is slower than those that follow
        let all = TrainingClock.Epoch.rate(epochs[...], skipping: 1) ?? 0
        speed.train = TrainingSpeed.Rate(first: all, later: all)
        if trained.result.cached?.train != nil {
            speed.train.first = TrainingClock.Epoch.rate(epochs.prefix(1), skipping: 1) ?? all
            speed.train.later = TrainingClock.Epoch.rate(epochs.dropFirst(), skipping: 0) ?? all
        }
        let dev = epochs.compactMap(\.dev)
        guard tokens > 0, let first = dev.first, let last = dev.last else { return }
        let hasCache = trained.result.cached?.dev != nil
        speed.dev = TrainingSpeed.Rate(
            first: (hasCache ? first : last) / Double(tokens), later: last / Double(tokens))
    }

    /// What is scored at the end.
    private func measure(
        _ scored: Cell.Scored, of cell: Cell, _ bundle: AdapterBundle, _ speed: inout TrainingSpeed
    ) throws {
        let started = Date()
        let predictor = try Predictor(
            cell.session, bundle: bundle, language: scored.language.map { try LanguageAdapter(self.bundle($0)) },
            head: scored.head, precision: cell.settings.precision)
        speed.scoring = Date().timeIntervalSince(started)
        let part = scored.task.data.limited([scored.split: Self.scoredTexts], seed: cell.settings.seed)
        let tokens = Double(
            max(
                1,
                try ExperimentTask(part).tokens(scored.split, in: cell.session, maxLength: cell.settings.maxLength)))
        // The first time is slower
        let times = (0..<2).map { _ in
            let started = Date()
            _ = predictor.evaluate(part[scored.split], metric: scored.task.metric)
            return Date().timeIntervalSince(started)
        }
        speed.scored = TrainingSpeed.Rate(first: times[1] / tokens, later: times[1] / tokens)
    }

    private func train(
        _ training: any CellTraining, _ cell: Cell, _ inputs: [AdapterBundle], epochs: Int,
        _ sharing: SharedActivations?, observe: @escaping (TrainingEvent) -> Void
    ) throws -> Session.Trained {
        var settings = cell.settings
        (settings.epochs, settings.patience) = (epochs, 0)
        if case .grid(let rates) = cell.rates, let first = rates.first { settings.learningRate = first }
        return try training.train(
            on: inputs,
            CellRun(
                session: cell.session, settings: settings, keeping: CheckpointSettings(nil, stops: environment.stops),
                memoryLimit: environment.memoryLimit, sharing: sharing, observe: observe))
    }

    /// A bundle that a cell can build on, trained for a step where there is none yet.
    private func bundle(_ input: CellInput) throws -> AdapterBundle {
        guard case .cell(let cell) = input else {
            if case .bundle(let bundle) = input { return bundle }
            throw TrainingError.mismatch("an input without a bundle")
        }
        if let known = stand[ObjectIdentifier(cell)] ?? finished(cell) { return known }
        let bundle = try train(
            cell.training.part(steps: 1, cell.settings), cell, cell.training.inputs.map(self.bundle), epochs: 1, nil
        ) { _ in }.bundle
        stand[ObjectIdentifier(cell)] = bundle
        return bundle
    }
}
