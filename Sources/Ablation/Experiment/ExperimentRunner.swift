import Bundles
import Files
import Foundation
import Reporting
import Tasks
import Training

/// Trains and scores the cells of an experiment.
///
/// Each result is kept in the folder under a key of all that shapes it: an experiment that is started again trains what is
/// missing, and continues inside the training that was under way.
///
/// Several processes may run one plan over one folder. A training belongs to the process that has claimed it
/// (`CellStore.claim`); the others take the next one that is ready. So each training runs once, whoever runs it, and the
/// results are the same.
package final class ExperimentRunner {
    let environment: ExperimentEnvironment
    let store: CellStore
    private var finished: [ObjectIdentifier: FinishedCell] = [:]
    /// Of cells whose needs are finished: their trainings, which are known only then.
    private var trials: [ObjectIdentifier: CellTrials] = [:]
    private var results = ExperimentResults()
    /// Cells whose bundles others need.
    private var needed: Set<ObjectIdentifier> = []
    /// `Session.identity`, which reads files.
    private var bases: [ObjectIdentifier: String] = [:]
    /// Keys of trainings that another process was seen to have claimed.
    private var awaited: Set<String> = []
    /// What each session's trainings keep of its frozen layers.
    private var sharing: [ObjectIdentifier: SharedActivations] = [:]
    /// What was announced of the time.
    var estimate: ExperimentEstimate?

    /// - Parameter folder: of the finished trainings.
    package init(folder: URL, _ environment: ExperimentEnvironment) {
        self.environment = environment
        store = CellStore(folder: folder)
        let outdated = store.outdated
        if outdated > 0 {
            environment.tell(
                .message(
                    "\(folder.path)/trainings: \(counted(outdated, "result")) of an earlier version of amalgam cannot be used; trains "
                        + "again (you may delete that folder)"))
        }
    }

    /// Runs cells, before each what it needs: in their order, but for those that another process has claimed.
    /// - Returns: the results of these cells and of earlier calls, in the plan's order, whoever has run what
    /// - Throws: what the trainings throw; `TrainingError.stopped` after a signal, `CancellationError` after one between trainings
    package func run(_ cells: [Cell]) throws -> ExperimentResults {
        let all = closure(cells)
        environment.tell(.planned(trainings: all.reduce(0) { $0 + $1.trainings }))
        let started = Date()
        defer { sharing = [:] }
        var open = all.filter { self[$0] == nil }
        var wait = ClaimWait(environment)
        while true {
            var claimed: [ClaimedTraining] = []
            var hasProgressed = false
            for cell in open where cell.needs.allSatisfy({ self[$0] != nil }) {
                if try advance(cell, &claimed) { hasProgressed = true }
            }
            open.removeAll { self[$0] != nil }
            if open.isEmpty { break }
            if hasProgressed { wait.end() } else { try wait.pause(for: claimed) }
        }
        for cell in all where results[cell] == nil { self[cell].map { results.add($0) } }
        compare(since: started)
        return results
    }

    /// Cells and all that they need, whose bundles are kept from now on.
    private func closure(_ cells: [Cell]) -> [Cell] {
        let all = Cell.closure(cells)
        for cell in all { needed.formUnion(cell.inputs.compactMap(\.cell).map { ObjectIdentifier($0) }) }
        return all
    }

    /// Takes over what has finished before.
    /// - Returns: cells and all that they need, with how many of their trainings are left
    func load(_ cells: [Cell]) throws -> [(cell: Cell, left: Int)] {
        let all = closure(cells)
        var none: [ClaimedTraining] = []
        for cell in all where self[cell] == nil && cell.needs.allSatisfy({ self[$0] != nil }) {
            _ = try advance(cell, &none, trains: false)
        }
        return all.map { cell in
            let trials = trials[ObjectIdentifier(cell)]
            return (cell, self[cell] == nil ? trials?.results.count { $0 == nil } ?? cell.trainings : 0)
        }
    }

    /// Says how long it took, where that was announced.
    private func compare(since started: Date) {
        guard let estimate else { return }
        self.estimate = nil
        let words =
            "estimated \(Human.duration(estimate.total)), took \(Human.duration(Date().timeIntervalSince(started)))"
        let others = estimate.ofOthers
        environment.tell(
            .message(others > 0 ? "\(words); other processes did \(others) of \(estimate.trainings) trainings" : words))
    }

    private subscript(cell: Cell) -> FinishedCell? { finished[ObjectIdentifier(cell)] }

    /// Runs the trainings of a cell that are free.
    /// - Parameters:
    ///   - claimed: gets those that are not
    ///   - trains: whether they are run; else only what has finished before is taken over
    /// - Returns: whether one of them has finished since
    private func advance(_ cell: Cell, _ claimed: inout [ClaimedTraining], trains: Bool = true) throws -> Bool {
        var own = try trials[ObjectIdentifier(cell)] ?? newTrials(cell)
        defer { trials[ObjectIdentifier(cell)] = own }
        var hasProgressed = false
        for (i, trial) in own.all.enumerated() where own.results[i] == nil {
            do {
                own.results[i] = try trains ? result(of: trial) : stored(trial)
                hasProgressed = true
            } catch FileError.locked(_, let holder) {
                awaited.insert(trial.key)
                claimed.append(ClaimedTraining(name: trial.name, holder: holder))
            }
        }
        let results = own.results.compactMap { $0 }
        guard results.count == own.all.count else { return hasProgressed }
        guard let best = RateChoice.best(results.map(\.dev)) else {
            throw TrainingError.mismatch("\(cell.name) has no learning rate to try")
        }
        finished[ObjectIdentifier(cell)] = FinishedCell(
            cell: cell, result: results[best], seconds: results.reduce(0) { $0 + $1.seconds },
            bundleFile: keepsBundle(cell) ? store.bundleFile(own.all[best].name, key: results[best].key) : nil)
        return true
    }

    private func keepsBundle(_ cell: Cell) -> Bool { cell.keepsBundle || needed.contains(ObjectIdentifier(cell)) }

    // MARK: - Trainings

    private func newTrials(_ cell: Cell) throws -> CellTrials {
        let rates: [Double] =
            switch cell.rates {
            case .settings: [cell.settings.learningRate]
            case .grid(let rates): rates
            case .same(let other): [self[other]?.result.rate].compactMap { $0 }
            }
        return CellTrials(
            try rates.map { rate in
                var settings = cell.settings
                settings.learningRate = rate
                return Trial(
                    cell: cell, settings: settings,
                    name: cell.choosesRate ? "\(cell.name).lr\(rate)" : cell.name,
                    label: rates.count == 1 ? cell.label : "\(cell.label), learning rate \(rate)",
                    key: try CellKey(cell, settings, base: base(cell.session), input: key).digest,
                    keepsBundle: keepsBundle(cell))
            })
    }

    /// The result of a training that has finished, or that runs now.
    /// - Throws: `FileError.locked` where another process has claimed it; what the training throws
    private func result(of trial: Trial) throws -> CellResult {
        if let result = finishedByOthers(trial) { return result }
        let claim = try store.claim(trial.name, key: trial.key, who: environment.who)
        defer { withExtendedLifetime(claim) {} }
        // Another process may have finished it since
        if let result = finishedByOthers(trial) { return result }
        if let estimate { environment.tell(.remaining(seconds: estimate.left)) }
        let started = Date()
        let result = try train(
            trial, on: trial.cell.training.inputs.map(bundle), sharing: sharing(trial.cell.session))
        estimate?.finish(trial.cell, seconds: Date().timeIntervalSince(started))
        return result
    }

    private func finishedByOthers(_ trial: Trial) -> CellResult? {
        let result = stored(trial)
        if result != nil { estimate?.finish(trial.cell, seconds: nil) }
        return result
    }

    private func sharing(_ session: Session) -> SharedActivations? {
        if let known = sharing[ObjectIdentifier(session)] { return known }
        let own = SharedActivations()
        sharing[ObjectIdentifier(session)] = own
        return own
    }

    /// Nil: it has not finished, or keeps none.
    func bundle(ofFinished cell: Cell) -> AdapterBundle? { try? self[cell]?.bundle() }

    private func stored(_ trial: Trial) -> CellResult? {
        guard let result = store.load(trial.name, key: trial.key, needsBundle: trial.keepsBundle) else { return nil }
        environment.tell(
            .message(
                "\(trial.name): "
                    + (awaited.contains(trial.key) ? "another process has finished it" : "already finished")))
        return result
    }

    private func base(_ session: Session) -> String {
        if let known = bases[ObjectIdentifier(session)] { return known }
        let base = session.identity
        bases[ObjectIdentifier(session)] = base
        return base
    }

    private func key(_ input: CellInput) throws -> String {
        switch input {
        case .cell(let cell): try needed(cell).result.key
        case .bundle(let bundle): Digest.sha256(try BundleFile.data(bundle))
        }
    }

    func bundle(_ input: CellInput) throws -> AdapterBundle {
        switch input {
        case .cell(let cell): try needed(cell).bundle()
        case .bundle(let bundle): bundle
        }
    }

    private func needed(_ cell: Cell) throws -> FinishedCell {
        guard let finished = self[cell] else { throw TrainingError.mismatch("\(cell.name) has not been trained") }
        return finished
    }
}

/// A cell at one learning rate.
struct Trial {
    let cell: Cell
    /// With the learning rate.
    let settings: TrainingSettings
    /// Of its files.
    let name: String
    let label: String
    /// `CellKey.digest`
    let key: String
    let keepsBundle: Bool
}

/// A cell at all its learning rates.
private struct CellTrials {
    let all: [Trial]
    /// nil: it has not finished.
    var results: [CellResult?]

    init(_ all: [Trial]) {
        self.all = all
        results = all.map { _ in nil }
    }
}
