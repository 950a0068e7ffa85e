import Adapters
import Bundles
import Files
import Foundation
import Tasks
import Testing

@testable import Ablation
@testable import Training

/// The runner of experiments with a few cells on a small random model.
@Suite struct ExperimentTests {
    /// What is finished is loaded, with the same content.
    @Test func finishedCellsAreReused() throws {
        let tiny = try TinyExperiment()
        let cell = tiny.adapter(TinyExperiment.task("role"), rates: .grid([1e-3, 1e-2]))
        let first = try tiny.run([cell])
        #expect(tiny.log.take() == ["role.adapter 0.001", "role.adapter 0.01"])
        // Another object with the same content, as after a new start
        let again = tiny.adapter(TinyExperiment.task("role"), rates: .grid([1e-3, 1e-2]))
        let second = try tiny.run([again])
        #expect(tiny.log.take() == [])
        #expect(second.words.contains("role.adapter.lr0.001: already finished"))
        let (a, b) = (try #require(first.results[cell]), try #require(second.results[again]))
        #expect(a.result.key == b.result.key && a.result.rate == b.result.rate && a.seconds == b.seconds)
        let answers = [a, b].compactMap { $0.result["test"].map(AnswerForms.text) }
        #expect(answers.count == 2 && answers[0] == answers[1] && a.result["test"]?.count == 10)
        // A further rate trains that one alone
        try tiny.run([tiny.adapter(TinyExperiment.task("role"), rates: .grid([1e-3, 3e-3]))])
        #expect(tiny.log.take() == ["role.adapter 0.003"])
        #expect(try tiny.files(".checkpoint") == [] && tiny.files(".h5") == [])
    }

    /// A result whose bundle is missing cannot be built on.
    @Test func bundlesAreKeptForThoseThatNeedThem() throws {
        let tiny = try TinyExperiment()
        let task = TinyExperiment.task("role")
        try tiny.run([tiny.adapter(task)])
        #expect(tiny.log.take() == ["role.adapter 0.001"])
        let part = tiny.adapter(task)
        let fusion = tiny.cell("role.fusion", TaskTraining(.fusion([.cell(part)], .dynamic), on: [task]))
        let run = try tiny.run([fusion])
        #expect(tiny.log.take() == ["role.adapter 0.001", "role.fusion 0.001"])
        #expect(try tiny.files(".h5").count == 1)
        let bytes = try #require(run.results[part]?.result.bundleBytes)
        let file = try #require(run.results[part]?.bundleFile)
        #expect(try Data(contentsOf: file).count == bytes)
        #expect(run.results.cumulativeTokens(fusion) == 2 * (run.results[part]?.result.tokens ?? 0))
    }

    /// Each once, what is needed first, at the rate that dev chose for the other.
    @Test func cellsRunInTheOrderOfTheirNeeds() throws {
        let tiny = try TinyExperiment()
        let (role, use) = (TinyExperiment.task("role"), TinyExperiment.task("use"))
        let plain = tiny.adapter(role, rates: .grid([1e-6, 1e-2]))
        let other = tiny.adapter(use, rates: .same(as: plain))
        func fusion(_ task: ExperimentTask) -> Cell {
            tiny.cell(
                "\(task.name).fusion", TaskTraining(.fusion([.cell(other), .cell(plain)], .dynamic), on: [task]),
                scored: [.init("test", task, head: task.name)])
        }
        let cells = [fusion(role), fusion(use), plain]
        let run = try tiny.run(cells)
        let rate = try #require(run.results[plain]?.result.rate)
        #expect(
            tiny.log.take() == [
                "role.adapter 1e-06", "role.adapter 0.01", "use.adapter \(rate)", "role.fusion 0.001",
                "use.fusion 0.001",
            ])
        #expect(run.results.finished.map(\.cell.name) == ["role.adapter", "use.adapter", "role.fusion", "use.fusion"])
        // The key of what stands beneath is part of the key
        let keys = try cells.prefix(2).map { try #require(run.results[$0]?.result.key) }
        #expect(Set(keys).count == 2)
    }

    /// A stop in the middle leaves a checkpoint; the next run continues from it and ends with the same bytes.
    @Test func stoppedTrainingsContinue() throws {
        let whole = try TinyExperiment()
        let task = TinyExperiment.task("role")
        func cell(_ tiny: TinyExperiment) -> Cell {
            tiny.cell("role.adapter", TaskTraining(.adapter(tiny.configuration), on: [task]), keepsBundle: true)
        }
        try whole.run([cell(whole)])
        let stopped = try TinyExperiment()
        let asked = Counter()
        #expect(throws: TrainingError.self) {
            try stopped.run([cell(stopped)]) { $0.stops = { asked.next() > 2 } }
        }
        #expect(try stopped.files(".checkpoint").count == 1 && stopped.files(".json") == [])
        let rest = try stopped.run([cell(stopped)])
        #expect(rest.words.contains("role.adapter: resuming after step"))
        #expect(try stopped.files(".checkpoint") == [])
        let names = try (whole.files(".h5"), stopped.files(".h5"))
        #expect(names.0 == names.1 && names.0.count == 1)
        let bytes = try zip([whole, stopped], [names.0, names.1]).map { tiny, names in
            try Data(contentsOf: tiny.out.appendingPathComponent("trainings/\(names[0])"))
        }
        #expect(bytes[0] == bytes[1])
    }

    private final class Counter: @unchecked Sendable {
        // @unchecked: a training asks from one thread
        private var count = 0
        func next() -> Int {
            count += 1
            return count
        }
    }

    /// Names of the earlier layout had 12 digits of the key.
    @Test func resultsOfAnEarlierVersionAreNotUsed() throws {
        let tiny = try TinyExperiment()
        let trainings = tiny.out.appendingPathComponent("trainings")
        try FileManager.default.createDirectory(at: trainings, withIntermediateDirectories: true)
        try Data("{\"devScore\": 1}".utf8).write(
            to: trainings.appendingPathComponent("role.adapter.lr0.001.0123456789ab.json"))
        let cell = tiny.adapter(TinyExperiment.task("role"))
        let run = try tiny.run([cell])
        #expect(
            run.words.contains("trainings: 1 result of an earlier version of amalgam cannot be used; trains again"))
        #expect(tiny.log.take() == ["role.adapter 0.001"])
        // Nor is a damaged one
        let file = try #require(try tiny.files(".json").first { !$0.contains("0123456789ab") })
        try Data("{".utf8).write(to: trainings.appendingPathComponent(file))
        try tiny.run([tiny.adapter(TinyExperiment.task("role"))])
        #expect(tiny.log.take() == ["role.adapter 0.001"])
    }

    @Test func whatIsNeededByManyRunsOnce() throws {
        let tiny = try TinyExperiment()
        let task = TinyExperiment.task("role")
        let one = tiny.adapter(task)
        let fusions = ["a", "b"].map { tiny.cell($0, TaskTraining(.fusion([.cell(one)], .dynamic), on: [task])) }
        #expect(Cell.closure(fusions + [one]).map(\.name) == ["role.adapter", "a", "b"])
    }

    private func dev(_ scores: [(String, String, Double)]) -> [String: CellResult.Dev] {
        Dictionary(uniqueKeysWithValues: scores.map { ($0.0, CellResult.Dev(metric: $0.1, score: $0.2)) })
    }

    @Test func devChoosesTheRate() {
        // One task: the highest, the first of equals
        #expect(RateChoice.best([0.5, 0.75, 0.75].map { dev([("a", "accuracy", $0)]) }) == 1)
        #expect(RateChoice.best([]) == nil)
        // Shares: the highest mean
        let shares = [[0.9, 0.1], [0.6, 0.6], [0.2, 0.7]].map {
            dev([("a", "accuracy", $0[0]), ("b", "matthews", $0[1])])
        }
        #expect(RateChoice.best(shares) == 1)
        #expect(zip(RateChoice.merits(shares), [0.5, 0.6, 0.45]).allSatisfy { abs($0 - $1) < 1e-12 })
        // An undefined score is worse than any; undefined everywhere tells nothing
        let undefined = -Double.infinity
        #expect(
            RateChoice.best(
                [[undefined, 0.9], [0.1, 0.1]].map {
                    dev([("a", "pearson", $0[0]), ("b", "accuracy", $0[1])])
                }) == 1)
        #expect(
            RateChoice.best(
                [[undefined, 0.1], [undefined, 0.9]].map {
                    dev([("a", "pearson", $0[0]), ("b", "accuracy", $0[1])])
                }) == 1)
    }

    /// Errors of a few hundred do not decide over a share: the second rate is far better in the one and hardly worse in
    /// the other, which the plain mean turns around.
    @Test func mixedUnitsAreStandardized() {
        let trials = [[0.4, -300], [0.9, -301], [0.3, -320]].map {
            dev([("a", "accuracy", $0[0]), ("b", "mse", $0[1])])
        }
        #expect(RateChoice.best(trials) == 1)
        let merits = RateChoice.merits(trials)
        #expect(abs(merits.reduce(0, +)) < 1e-12, "\(merits)")
        // Equal in one task: the other decides
        #expect(
            RateChoice.best([[0.4, -300], [0.4, -200]].map { dev([("a", "accuracy", $0[0]), ("b", "mse", $0[1])]) })
                == 1)
    }
}
