import Foundation
import Tasks
import Training

/// The time that the trainings of an experiment take in one process.
///
/// Each kind of training is measured by itself (`SpeedProbe`). What finishes while the experiment runs corrects the rest.
final class ExperimentEstimate {
    /// Of a kind of training, on texts of one length.
    private struct Measured {
        /// See `length(_:)`.
        let length: Double
        let speed: TrainingSpeed
    }

    /// A cell whose trainings have not all finished.
    private struct Part {
        let kind: TrainingKind
        /// Seconds of each training that is left, in order; empty if its kind could not be measured.
        var seconds: [Double]
    }

    private var parts: [ObjectIdentifier: Part] = [:]
    private var speeds: [TrainingKind: [Measured]] = [:]
    /// By kind: what finished trainings took, and what was expected of them.
    private var taken: [TrainingKind: (seconds: Double, expected: Double)] = [:]

    /// Seconds of all that was to be done at the beginning.
    private(set) var total = 0.0
    /// Trainings that were to be done at the beginning, and how many of them other processes have done.
    let trainings: Int
    private(set) var ofOthers = 0

    /// The share of the whole, and the seconds, that measurements may take beyond a first one of each kind.
    private static let share = 0.03
    private static let longest = 60.0
    /// Seconds of one of these measurements.
    private static let each = 1.5

    /// - Parameter cells: in their order, with how many of their trainings are left.
    /// - Throws: `TrainingError.stopped`
    init(_ cells: [(cell: Cell, left: Int)], _ probe: SpeedProbe, _ environment: ExperimentEnvironment) throws {
        trainings = cells.reduce(0) { $0 + $1.left }
        var firsts: [TrainingKind: Cell] = [:]
        let kinds = cells.compactMap { cell, _ -> Cell? in
            let kind = TrainingKind(cell)
            guard firsts[kind] == nil else { return nil }
            firsts[kind] = cell
            return cell
        }
        let started = Date()
        try environment.stage("measuring each kind of training", count: kinds.count, unit: "kinds") {
            try measure(kinds[$0], steps: 2, probe)
        }
        try expect(cells)
        // In a long experiment, what has the largest share is measured for longer, and on texts of its own length
        let room = min(Self.longest, Self.share * total)
        var refined: Set<[AnyHashable]> = []
        for (cell, _) in cells.sorted(by: { expected($0.cell) > expected($1.cell) }) {
            guard Date().timeIntervalSince(started) < room, let speed = try speed(of: cell) else { break }
            guard refined.insert([TrainingKind(cell), try length(cell).rounded()]).inserted else { continue }
            try measure(cell, steps: try steps(cell, speed), probe)
        }
        try expect(cells)
    }

    // MARK: - Measurements

    /// Twice the binary logarithm of the mean length of a cell's texts, on which the time for a token depends, too.
    private func length(_ cell: Cell) throws -> Double {
        let amount = try cell.training.amount(cell.session, cell.settings)
        return 2 * log2(Double(max(1, amount.train)) / Double(max(1, amount.texts)))
    }

    private func measure(_ cell: Cell, steps: Int, _ probe: SpeedProbe) throws {
        do {
            let measured = Measured(length: try length(cell), speed: try probe.speed(of: cell, steps: steps))
            let others = (speeds[TrainingKind(cell)] ?? []).filter { abs($0.length - measured.length) >= 0.5 }
            speeds[TrainingKind(cell)] = others + [measured]
        } catch let error as TrainingError {
            // A part of the texts may be too few for a training; what is wrong with all of them its own training tells
            if case .stopped = error { throw error }
        }
    }

    /// Steps of an epoch that make a measurement long enough.
    private func steps(_ cell: Cell, _ speed: TrainingSpeed) throws -> Int {
        let amount = try cell.training.amount(cell.session, cell.settings)
        let tokens =
            switch cell.settings.batch {
            case .examples(let count): Double(count * amount.train) / Double(max(1, amount.texts))
            case .tokens(let count): Double(count)
            }
        return min(32, max(2, Int(Self.each / max(1e-6, 2 * tokens * speed.train.first))))
    }

    /// Of the nearest length.
    private func speed(of cell: Cell) throws -> TrainingSpeed? {
        let length = try length(cell)
        return speeds[TrainingKind(cell)]?.min { abs($0.length - length) < abs($1.length - length) }?.speed
    }

    // MARK: - What is expected

    /// Fills `parts` and `total`.
    private func expect(_ cells: [(cell: Cell, left: Int)]) throws {
        (parts, total) = ([:], 0)
        var known: Set<[AnyHashable]> = []
        for (cell, left) in cells where left > 0 {
            let kind = TrainingKind(cell)
            guard let speed = try speed(of: cell) else { continue }
            let amount = try cell.training.amount(cell.session, cell.settings)
            var (scored, encoding) = (0, 0.0)
            for each in cell.scored {
                let own = try each.task.encoding(each.split, in: cell.session, maxLength: cell.settings.maxLength)
                (scored, encoding) = (scored + own.tokens, encoding + own.seconds)
            }
            let texts: [AnyHashable] = [ObjectIdentifier(cell.session), amount.train, amount.dev, scored]
            let seconds = (0..<left).map { _ in
                let isRepeated = speed.shares && !known.insert(texts).inserted
                return encoding + speed.seconds(amount, cell.settings, scored: scored, isRepeated: isRepeated)
            }
            parts[ObjectIdentifier(cell)] = Part(kind: kind, seconds: seconds)
            total += seconds.reduce(0, +)
        }
    }

    private func expected(_ cell: Cell) -> Double { parts[ObjectIdentifier(cell)]?.seconds.reduce(0, +) ?? 0 }

    /// Seconds of what is left, by what has finished so far.
    var left: Double {
        parts.values.reduce(0) { sum, part in
            let factor = taken[part.kind].map { $0.expected > 0 ? $0.seconds / $0.expected : 1 } ?? 1
            return sum + factor * part.seconds.reduce(0, +)
        }
    }

    /// A training of a cell has finished.
    /// - Parameter seconds: nil: another process has done it
    func finish(_ cell: Cell, seconds: Double?) {
        if seconds == nil { ofOthers += 1 }
        guard var part = parts[ObjectIdentifier(cell)], !part.seconds.isEmpty else { return }
        let expected = part.seconds.removeFirst()
        parts[ObjectIdentifier(cell)] = part
        guard let seconds else { return }
        let before = taken[part.kind] ?? (0, 0)
        taken[part.kind] = (before.seconds + seconds, before.expected + expected)
    }
}
