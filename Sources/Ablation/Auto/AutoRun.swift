import Adapters
import Bundles
import Foundation
import Numerics
import Tasks
import Training

/// One task's search for the best candidate: its folds, its cells and what they have said so far.
final class AutoRun {
    private let task: ExperimentTask
    private let session: Session
    private let settings: TrainingSettings
    private let name: String
    private let pooling: Pool.Kind?
    private let prefix: String?
    private let language: CellInput?
    private let runner: ExperimentRunner
    private let folds: AutoFolds
    private var scores: AutoScores
    private let relatedness: Double
    private let entropy: Double?
    /// Tokens of the training texts, and those that the ranking of the sources took.
    private let tokens: (training: Double, ranking: Double)
    private var own: [Cell] = []
    private var seconds: [AutoCandidate: Double] = [:]
    let recipes: AutoRecipes
    /// Training examples with an answer.
    let labels: Int

    /// Ranks the sources.
    init(
        _ data: TaskData, sources: AutoSources, session: Session, settings: TrainingSettings,
        configuration: AdapterConfiguration, name: String, pooling: Pool.Kind?, prefix: String?,
        language: AdapterBundle?, runner: ExperimentRunner
    ) throws {
        self.session = session
        self.settings = settings
        self.name = name
        self.pooling = pooling
        self.prefix = prefix
        self.language = language.map { .bundle($0) }
        self.runner = runner
        task = ExperimentTask(data)
        labels = data.train.count(where: \.isScored)
        entropy = AutoEvidence.entropy(data.train.compactMap(\.label))
        folds = AutoFolds(data, seed: settings.seed)
        scores = AutoScores(folds, metric: task.metric)

        var advice = AdviceSettings()
        advice.texts = AutoSearch.rankedTexts
        advice.seed = settings.seed
        advice.maxLength = settings.maxLength
        advice.precision = settings.precision
        advice.prefix = prefix
        var ranked = data
        ranked.train = data.train.filter(\.isScored)
        ranked.dev = []
        let environment = runner.environment
        environment.tell(.stage("ranking the sources", count: sources.all.count + 1, unit: "passes"))
        let found = try session.advise(
            on: ranked, bundles: sources.all.map { ($0.name, $0.bundle) },
            language: try language.map(LanguageAdapter.init),
            settings: advice
        ) { done, all, _ in environment.tell(.step(done + 1, of: all, loss: nil, tokens: nil)) }
        environment.tell(.stageFinished)
        guard let best = found.ranking.first, let closest = sources[best.name] else {
            throw BundleError.members("--adapters: found no source that can be ranked, expected at least one")
        }
        relatedness = (best.scores[ProbeScore.name] ?? 0) - (found.base.scores[ProbeScore.name] ?? 0)
        recipes = AutoRecipes(sources: sources, closest: closest, configuration: configuration)
        let training = Double(try task.tokens(.train, in: session, maxLength: settings.maxLength))
        let share = Double(found.texts) / Double(max(1, data.train.count))
        tokens = (training, training * share * Double(found.ranking.count + 1))
    }

    // MARK: - Costs

    /// The search, with the cheap candidates scored.
    /// - Parameter fusions: the budget, in trainings of a fusion on all labels; nil: by their number
    func search(_ prior: AutoPrior, fusions: Double?) throws -> AutoSearch {
        try AutoSearch(
            prior, AutoSearch.Costs(recipes.candidates, tokens: tokens.training, labels: labels), labels: labels,
            tokens: tokens.training, fusions: fusions, evidence: evidence(on: recipes.candidates.filter(\.isProbe)),
            ranking: tokens.ranking)
    }

    // MARK: - Evidence

    /// Scores candidates on the folds.
    /// - Returns: evidence on all that have been scored
    func evidence(on candidates: [AutoCandidate]) throws -> AutoEvidence {
        for candidate in candidates {
            let cells = folds.tasks.indices.map {
                cell(candidate, on: folds.tasks[$0], own: own.isEmpty ? nil : own[$0], $0)
            }
            if candidate == .adapter { own = cells }
            let results = try runner.run(cells)
            let finished = cells.compactMap { results[$0] }
            scores.add(candidate, finished.compactMap { $0.result[Self.heldOut] })
            seconds[candidate] = finished.reduce(0) { $0 + $1.seconds }
        }
        return scores.evidence(labels: labels, relatedness: relatedness, entropy: entropy)
    }

    private static let heldOut = "held out"

    /// - Parameters:
    ///   - own: the adapter of the same texts
    ///   - fold: nil: the final training
    private func cell(_ candidate: AutoCandidate, on task: ExperimentTask, own: Cell?, _ fold: Int?) -> Cell {
        var training = TaskTraining(recipes.recipe(candidate, own: own), on: [task], on: language)
        training.pooling = pooling
        training.prefix = prefix
        if fold == nil { training.bundleName = name }
        let part = fold.map { "half \($0 + 1)" } ?? "all labels"
        return Cell(
            "\(Session.safeName(task.name)).\(candidate.rawValue).\(fold.map { "half\($0 + 1)" } ?? "final")",
            label: "\(candidate.label), \(part)", session: session, training: training,
            settings: AutoSchedule.settings(settings, candidate, labels: labels), rates: .settings,
            scored: fold == nil ? [] : [Cell.Scored(Self.heldOut, task, head: task.name, on: language)],
            keepsBundle: fold == nil || candidate == .adapter)
    }

    // MARK: - The choice

    /// Trains the chosen candidate on all labels.
    func outcome(_ chosen: AutoCandidate, _ search: AutoSearch) throws -> AutoOutcome {
        let own = chosen.needs.map { self.cell($0, on: task, own: nil, nil) }
        let cell = self.cell(chosen, on: task, own: own, nil)
        let results = try runner.run([cell])
        guard let finished = results[cell] else { throw TrainingError.mismatch("auto: nothing was trained") }
        seconds[chosen, default: 0] += finished.seconds + (own.flatMap { results[$0]?.seconds } ?? 0)
        let expectation = search.expectation
        let candidates = recipes.candidates.compactMap { candidate in
            expectation[candidate].map { expected in
                AutoOutcome.Candidate(
                    candidate: candidate, expected: expected.mean, interval: AutoOutcome.interval(expected),
                    evidence: search.evidence[candidate],
                    parameters: candidate == chosen ? finished.result.trainableParameters : nil,
                    seconds: seconds[candidate] ?? 0)
            }
        }
        return AutoOutcome(
            bundle: try finished.bundle(), chosen: chosen, closest: recipes.closest.name,
            metric: AutoScores.metric(task.metric).name, evidence: search.evidence, expectation: expectation,
            candidates: candidates.sorted {
                ($1.expected, $0.candidate.rawValue) < ($0.expected, $1.candidate.rawValue)
            },
            tokens: search.spent + (search.costs.final[chosen] ?? 0), budget: search.budget)
    }
}
