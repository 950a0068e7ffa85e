import Adapters
import Bundles
import Foundation
@testable import Tasks
import Testing

@testable import Ablation
@testable import Training

/// The choice of `fuse --method auto`: its arithmetic, its search, and a whole run on a small random model.
@Suite struct AutoTests {
    private static let candidates = AutoCandidate.allCases

    private static func index(_ candidate: AutoCandidate) -> Int { candidates.firstIndex(of: candidate) ?? 0 }

    private static func evidence(
        _ scores: [(AutoCandidate, Double)], labels: Int = 100, variance: Double = 1e-4, relatedness: Double = 0
    ) -> AutoEvidence {
        var evidence = AutoEvidence(labels: labels, relatedness: relatedness)
        evidence.candidates = scores.map(\.0)
        evidence.scores = scores.map(\.1)
        evidence.covariance = scores.indices.map { i in scores.indices.map { $0 == i ? variance : 0 } }
        return evidence
    }

    /// Two scores with a covariance, one of them measured: the textbook's formula for the other.
    @Test func measurementsMoveWhatGoesWithThem() {
        let prior = AutoExpectation(
            candidates: [.adapter, .fusion], mean: [0.6, 0.7], covariance: [[0.04, 0.03], [0.03, 0.05]])
        let after = prior.given([0.5], at: [0], noise: [[0.01]])
        let gain = 1 / (0.04 + 0.01 + 1e-6)
        #expect(abs(after.mean[0] - (0.6 - 0.04 * gain * 0.1)) < 1e-12)
        #expect(abs(after.mean[1] - (0.7 - 0.03 * gain * 0.1)) < 1e-12)
        #expect(abs(after.covariance[1][1] - (0.05 - 0.03 * 0.03 * gain)) < 1e-12)
        #expect(abs(after.covariance[0][1] - (0.03 - 0.04 * 0.03 * gain)) < 1e-12)
        let d = after.difference(.fusion, .adapter)
        #expect(abs((d?.mean ?? 0) - (after.mean[1] - after.mean[0])) < 1e-12 && (d?.deviation ?? 0) > 0)
    }

    /// Cost decides between candidates of equal expectation, and only then.
    @Test func costBreaksTies() {
        let equal = AutoExpectation(
            candidates: [.fusionWithOwn, .adapter, .probe], mean: [0.7005, 0.7, 0.6],
            covariance: [[1, 0, 0], [0, 1, 0], [0, 0, 1]])
        let costs: [AutoCandidate: Double] = [.fusionWithOwn: 2, .adapter: 1, .probe: 0]
        #expect(equal.best(costs: costs) == .adapter)
        #expect(equal.best(costs: costs, tie: 0) == .fusionWithOwn)
        #expect(equal.best(costs: [.probe: 0]) == .probe && equal.best(costs: [:]) == nil)
    }

    /// Between sizes the parameters are linear in the logarithm, beyond them constant.
    @Test func sizesAreInterpolated() {
        var prior = AutoPrior.flat
        var (small, large) = (prior.sizes[0], prior.sizes[0])
        (small.labels, large.labels) = (32, 512)
        (small.offset, large.offset) = ([0.1, 0, 0, 0, 0, 0, 0], [0.02, 0, 0, 0, 0, 0, 0])
        prior.sizes = [small, large]
        #expect(prior.size(labels: 8).offset[0] == 0.1 && prior.size(labels: 5000).offset[0] == 0.02)
        #expect(abs(prior.size(labels: 128).offset[0] - 0.06) < 1e-12)
    }

    /// Many classes lower what is expected; a task without classes has the mean level, and is less certain.
    @Test func classesTellTheLevel() {
        var prior = AutoPrior.flat
        prior.sizes[0].level = AutoPrior.Level(intercept: 0.9, slope: -0.2, variance: 0.001, entropy: 1.5)
        func expected(_ entropy: Double?) -> (mean: Double, deviation: Double) {
            prior.expectation(AutoEvidence(labels: 128, relatedness: 0, entropy: entropy))[.adapter] ?? (0, 0)
        }
        #expect(abs(expected(1).mean - 0.7) < 1e-12 && abs(expected(2).mean - 0.5) < 1e-12)
        #expect(expected(99).mean == expected(AutoPrior.entropy.upperBound).mean)
        #expect(abs(expected(nil).mean - 0.6) < 1e-12 && expected(nil).deviation > expected(1).deviation)
        #expect(AutoEvidence.entropy([]) == nil && AutoEvidence.entropy([4, 4]) == 0)
        #expect(abs((AutoEvidence.entropy([0, 1, 0, 1]) ?? 0) - 0.6931471805599453) < 1e-15)
    }

    /// Calibration widens what is expected and moves nothing.
    @Test func calibrationWidens() throws {
        var prior = AutoPrior.flat
        let evidence = Self.evidence([(.probe, 0.6), (.adapter, 0.7)], labels: 128)
        let before = prior.expectation(evidence)
        prior.sizes[0].calibration = 1.5
        let after = prior.expectation(evidence)
        #expect(after.mean == before.mean)
        for candidate in Self.candidates {
            let (a, b) = (try #require(before[candidate]), try #require(after[candidate]))
            #expect(abs(b.deviation - 1.5 * a.deviation) < 1e-12)
        }
    }

    /// The compiled table has every candidate, and covariances that a normal distribution can have.
    @Test func theStandardPriorIsComplete() {
        let prior = AutoPrior.standard
        #expect(prior.candidates == Self.candidates && !prior.sizes.isEmpty)
        for size in prior.sizes {
            #expect(
                [size.intercept, size.slope, size.offset, size.offsetVariance].allSatisfy {
                    $0.count == Self.candidates.count
                })
            #expect(Cholesky(size.covariance.flatMap { $0 }, size: Self.candidates.count) != nil)
            #expect(size.offsetVariance.allSatisfy { $0 > 0 })
        }
        #expect(prior.sizes.map(\.labels) == prior.sizes.map(\.labels).sorted())
    }

    /// The search spends no more than its budget, with room for the final training, and scores what a candidate needs first.
    @Test(arguments: [1.0, 2.0, 3.5, 6.0, 12.0]) func searchKeepsToItsBudget(_ fusions: Double) throws {
        let tokens = 1000.0
        let costs = AutoSearch.Costs(Self.candidates, tokens: tokens, labels: 100)
        var known: [(AutoCandidate, Double)] = [(.probe, 0.6), (.average, 0.62)]
        var search = AutoSearch(
            .flat, costs, labels: 100, tokens: tokens, fusions: fusions, evidence: Self.evidence(known), ranking: 2000)
        var order: [AutoCandidate] = []
        while let next = search.next {
            for candidate in next {
                if let need = candidate.needs { #expect(order.contains(need)) }
                order.append(candidate)
                known.append((candidate, 0.6 + 0.01 * Double(order.count)))
            }
            search.add(Self.evidence(known), cost: next.reduce(0) { $0 + (costs.evidence[$1] ?? 0) })
        }
        let chosen = try #require(search.best)
        #expect(search.spent + (costs.final[chosen] ?? 0) <= search.budget + 1e-9)
        #expect(Set(order).count == order.count)
        #expect(order.isEmpty == (fusions <= 2))
        if fusions == 12 { #expect(order.count == 5) }
    }

    /// A candidate that is far ahead is not compared with those that cannot beat it.
    @Test func hopelessCandidatesAreNotScored() {
        var prior = AutoPrior.flat
        prior.sizes[0].intercept[Self.index(.fusion)] = 0.5
        let costs = AutoSearch.Costs(Self.candidates, tokens: 1000, labels: 100)
        var search = AutoSearch(
            prior, costs, labels: 100, tokens: 1000, fusions: 20, evidence: Self.evidence([(.probe, 0.6)]), ranking: 0)
        #expect(search.next == [.fusion])
        search.add(Self.evidence([(.probe, 0.6), (.fusion, 1.1)]), cost: 1)
        #expect(search.next == nil && search.best == .fusion)
    }

    /// Each example is scored once, by a training that has not seen it; both halves have the classes' shares.
    @Test func foldsAreHalves() {
        var task = TinyExperiment.data("role")
        task.train += [Example(id: 24, text: "no label")]
        let folds = AutoFolds(task, seed: 3).tasks.map(\.data)
        #expect(folds.map(\.train.count) == [12, 12] && folds.allSatisfy { $0.dev.isEmpty })
        for (fold, other) in [(0, 1), (1, 0)] {
            #expect(folds[fold].train.map(\.id) == folds[other].test.map(\.id))
            #expect(folds[fold].train.count { $0.label == 0 } == 6)
        }
        #expect(Set(folds.flatMap { $0.test.map(\.id) }) == Set(0..<24))
        #expect(AutoFolds(task, seed: 3).tasks[0].digest(.train) == ExperimentTask(folds[0]).digest(.train))
        #expect(AutoFolds(task, seed: 4).tasks[0].digest(.train) != ExperimentTask(folds[0]).digest(.train))
    }

    @Test func intervalsStayWithinShares() {
        let certain = AutoOutcome.interval((0.8, 0))
        #expect(abs(certain.lowerBound - (0.8 - 1.96 * (0.16 / 500).squareRoot())) < 1e-12)
        let unsure = AutoOutcome.interval((0.95, 0.2))
        #expect(unsure.upperBound == 1 && unsure.lowerBound > 0.5)
        let low = AutoOutcome.interval((-0.3, 0.01))
        #expect(low.lowerBound == 0 && low.upperBound >= 0)
    }

    // MARK: - Whole runs

    private func sources(_ tiny: TinyExperiment) throws -> [AdapterBundle] {
        try ["one", "two"].enumerated().map { i, name in
            var settings = tiny.settings
            settings.seed = i
            settings.keep = .last
            return try tiny.session.train(
                .adapter(tiny.configuration, from: nil), on: [TinyExperiment.data(name)], name: name, settings: settings
            ).bundle
        }
    }

    private func run(
        _ tiny: TinyExperiment, _ sources: [AdapterBundle], on language: AdapterBundle? = nil, fusions: Double? = nil,
        stops: @escaping @Sendable () -> Bool = { false }
    ) throws -> AutoOutcome {
        var environment = ExperimentEnvironment()
        environment.stops = stops
        return try AutoExperiment(
            TinyExperiment.data("role"), sources: sources, session: tiny.session, settings: tiny.settings,
            configuration: tiny.configuration, fusions: fusions, language: language
        ).run(in: tiny.out, environment)
    }

    /// The same choice with the same bytes, also where a run was stopped in its middle; the bundle answers as expected of it.
    @Test func choicesAreRepeatable() throws {
        let (whole, stopped) = (try TinyExperiment(), try TinyExperiment())
        let sources = try sources(whole)
        let outcome = try run(whole, sources)
        #expect(outcome.tokens <= outcome.budget)
        #expect(outcome.candidates.count == Self.candidates.count)
        #expect(outcome.candidates.map(\.expected) == outcome.candidates.map(\.expected).sorted(by: >))
        #expect(outcome.candidates.contains { $0.candidate == outcome.chosen && $0.parameters != nil })
        #expect(["one", "two"].contains(outcome.closest) && outcome.sentences.count == 3)
        let evaluation = try Predictor(whole.session, bundle: outcome.bundle).evaluate(
            TinyExperiment.data("role").test, metric: Accuracy.self)
        #expect(evaluation.examples == 10)

        let asked = Counter()
        #expect(throws: TrainingError.self) { _ = try run(stopped, sources, stops: { asked.next() > 30 }) }
        let rest = try run(stopped, sources)
        #expect(rest.chosen == outcome.chosen && rest.evidence == outcome.evidence)
        #expect(try BundleFile.data(rest.bundle) == BundleFile.data(outcome.bundle))
    }

    /// Without room for any training, a probe is what remains.
    @Test func smallBudgetsLeaveAProbe() throws {
        let tiny = try TinyExperiment()
        let outcome = try run(tiny, try sources(tiny), fusions: 0.5)
        #expect(outcome.chosen.isProbe && outcome.evidence.candidates == [.probe, .average])
        #expect(outcome.tokens <= outcome.budget)
    }

    /// One source: nothing to fuse but with the own adapter, and nothing to average.
    @Test func oneSourceIsEnough() throws {
        let tiny = try TinyExperiment()
        let outcome = try run(tiny, [try sources(tiny)[0]])
        #expect(Set(outcome.candidates.map(\.candidate)) == [.probe, .adapter, .initFrom, .fusionWithOwn])
        #expect(
            outcome.evidence.candidates.allSatisfy { candidate in
                outcome.candidates.contains { $0.candidate == candidate }
            })
    }

    /// A language adapter stands below all trainings and the evidence, and the bundle names it.
    @Test func aLanguageStandsBelow() throws {
        let tiny = try TinyExperiment()
        let sources = try sources(tiny)
        let language = try sources[1].adapter(named: sources[1].members[0].name)
        let outcome = try run(tiny, sources, on: language)
        #expect(outcome.bundle.language == (try LanguageAdapter(language).reference))
        #expect(outcome.bundle.members.allSatisfy { $0.configuration == tiny.configuration })
    }

    @Test func whatCannotBeChosenFromIsRefused() throws {
        let tiny = try TinyExperiment()
        var few = TinyExperiment.data("role")
        few.train = Array(few.train.prefix(7))
        func experiment(_ task: TaskData, _ sources: [AdapterBundle]) throws -> AutoExperiment {
            try AutoExperiment(
                task, sources: sources, session: tiny.session, settings: tiny.settings,
                configuration: tiny.configuration)
        }
        let one = try sources(tiny)[0]
        #expect(throws: TrainingError.self) { try experiment(few, [one]) }
        #expect(throws: BundleError.self) { try experiment(TinyExperiment.data("role"), []) }
    }
}

/// Counts calls from any thread.
private final class Counter: @unchecked Sendable {  // the count is behind the lock
    private let lock = NSLock()
    private var count = 0

    func next() -> Int {
        lock.withLock {
            count += 1
            return count
        }
    }
}
