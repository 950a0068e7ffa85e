import Adapters
import Bundles
import Files
import Foundation
import Numerics
import Tasks
import Training

/// Chooses how to use sources for a task with few labels, and trains it.
///
/// Cross-validation on the task's own labels scores the candidates that are worth it, a prior from other tasks shrinks what so
/// few labels say, and a budget of tokens bounds the work. The same data, sources and seed make the same choice.
package struct AutoExperiment {
    private let session: Session
    private let task: TaskData
    private let sources: AutoSources
    private let settings: TrainingSettings
    private let configuration: AdapterConfiguration
    private let prior: AutoPrior
    private let fusions: Double?
    private let name: String
    private let pooling: Pool.Kind?
    private let prefix: String?
    private let language: AdapterBundle?

    /// - Parameters:
    ///   - task: with at least `fewestLabels` training examples that have an answer.
    ///   - sources: bundles with one adapter each.
    ///   - settings: seed, length, precision and the like; passes, batches and rates follow from the number of labels.
    ///   - configuration: of a new adapter.
    ///   - fusions: the budget, in trainings of a fusion on all labels; nil: by the number of labels.
    ///   - name: of the bundle.
    ///   - pooling: nil: what the model was made for, and the mean for probes.
    ///   - prefix: stands before each text; nil: what the model was made for.
    ///   - language: a language adapter that stays frozen below everything.
    /// - Throws: `TrainingError.setting` for too few examples, or a kind of task without linear probes; `BundleError.members` for sources that have no single adapter
    package init(
        _ task: TaskData, sources: [AdapterBundle], session: Session, settings: TrainingSettings,
        configuration: AdapterConfiguration, prior: AutoPrior = .standard, fusions: Double? = nil, name: String? = nil,
        pooling: Pool.Kind? = nil, prefix: String? = nil, language: AdapterBundle? = nil
    ) throws {
        let labels = task.train.count(where: \.isScored)
        guard labels >= Self.fewestLabels else {
            throw TrainingError.setting(
                name: "--method", found: "auto with \(counted(labels, "training text"))",
                expected: "at least \(Self.fewestLabels) training texts with an answer to choose by, or another method")
        }
        let kind = task.definition.kind
        guard Session.linearKinds.contains(kind) else {
            throw TrainingError.setting(
                name: "--method", found: "auto for \(kind)",
                expected: "a method by name, such as fusion: auto compares with linear probes, which there are for "
                    + Session.linearKinds.joined(separator: ", "))
        }
        self.session = session
        self.task = task
        self.sources = try AutoSources(sources, session.model.architecture)
        self.settings = settings
        self.configuration = configuration
        self.prior = prior
        self.fusions = fusions
        self.name = name ?? task.definition.name
        self.pooling = pooling
        self.prefix = prefix
        self.language = language
    }

    /// Training examples below which cross-validation says nothing.
    package static let fewestLabels = 8

    /// Chooses, and trains the choice.
    /// - Parameter folder: of the trainings that are finished; a run that was stopped goes on from them
    package func run(in folder: URL, _ environment: ExperimentEnvironment) throws -> AutoOutcome {
        let run = try self.run(folder, environment)
        var search = try run.search(prior, fusions: fusions)
        while let next = search.next {
            search.add(try run.evidence(on: next), cost: next.reduce(0) { $0 + (search.costs.evidence[$1] ?? 0) })
        }
        guard let chosen = search.best else {
            throw TrainingError.mismatch("auto: the budget does not suffice for any training")
        }
        return try run.outcome(chosen, search)
    }

    /// Evidence on every candidate, whatever it costs: what a prior is fitted to.
    package func evidence(in folder: URL, _ environment: ExperimentEnvironment) throws -> (
        evidence: AutoEvidence, closest: String
    ) {
        let run = try self.run(folder, environment)
        _ = try run.evidence(on: run.recipes.candidates.filter(\.isProbe))
        return (try run.evidence(on: run.recipes.candidates.filter { !$0.isProbe }), run.recipes.closest.name)
    }

    private func run(_ folder: URL, _ environment: ExperimentEnvironment) throws -> AutoRun {
        try AutoRun(
            task, sources: sources, session: session, settings: settings, configuration: configuration, name: name,
            pooling: pooling, prefix: prefix, language: language, runner: ExperimentRunner(folder: folder, environment))
    }
}
