import Bundles
import Files
import Foundation
import Tasks
import Testing

@testable import Ablation
@testable import Training

/// Experiments over one folder: each training runs once, whoever runs it.
@Suite(.timeLimit(.minutes(5))) struct SharedExperimentTests {
    /// Two adapters at two rates, and a fusion of them.
    private static func cells(_ tiny: TinyExperiment) -> [Cell] {
        let tasks = ["role", "use"].map { TinyExperiment.task($0) }
        let adapters = tasks.map { tiny.adapter($0, rates: .grid([1e-3, 1e-2])) }
        let fusion = tiny.cell(
            "role.fusion", TaskTraining(.fusion(adapters.map { .cell($0) }, .dynamic), on: [tasks[0]]),
            scored: [.init("test", tasks[0], head: "role")])
        return [fusion, adapters[1], adapters[0]]
    }

    /// What a run came to, without times.
    private static func scores(_ results: ExperimentResults) -> [String] {
        results.finished.map { finished in
            let answers = finished.result["test"].map(AnswerForms.text) ?? ""
            return "\(finished.cell.name) \(finished.result.rate) \(finished.result.key) \(answers)"
        }
    }

    /// One of two processes: all that it has is its own thread's.
    private final class Side: @unchecked Sendable {
        let tiny: TinyExperiment
        let cells: [Cell]
        private(set) var scores: [String] = []
        private(set) var error: (any Error)?

        init() throws {
            tiny = try TinyExperiment()
            cells = SharedExperimentTests.cells(tiny)
        }

        func run(in folder: URL, _ meeting: Meeting) {
            do {
                let results = try tiny.run(cells, in: folder) {
                    $0.tell = { if case .stage = $0 { meeting.arrive() } }
                }
                scores = SharedExperimentTests.scores(results.results)
            } catch { self.error = error }
        }
    }

    /// Lets nobody go on with a first training before both are in one.
    private final class Meeting: @unchecked Sendable {
        private let condition = NSCondition()
        private var arrived: Set<ObjectIdentifier> = []

        func arrive() {
            condition.lock()
            defer { condition.unlock() }
            arrived.insert(ObjectIdentifier(Thread.current))
            condition.broadcast()
            let end = Date(timeIntervalSinceNow: 60)
            while arrived.count < 2, condition.wait(until: end) {}
        }

        var hasMet: Bool {
            condition.lock()
            defer { condition.unlock() }
            return arrived.count == 2
        }
    }

    @Test func twoRunnersTrainEverythingOnce() throws {
        let alone = try TinyExperiment()
        let expected = try alone.run(Self.cells(alone)).results
        let trainings = alone.log.take()
        #expect(trainings.count == 5)
        let sides = [try Side(), try Side()]
        let (folder, meeting) = (sides[0].tiny.out, Meeting())
        let group = DispatchGroup()
        for side in sides {
            group.enter()
            let thread = Thread {
                side.run(in: folder, meeting)
                group.leave()
            }
            thread.stackSize = 8 << 20
            thread.start()
        }
        group.wait()
        #expect(sides.allSatisfy { $0.error == nil }, "\(sides.map(\.error))")
        #expect(meeting.hasMet)
        #expect(sides.flatMap { $0.tiny.log.take() }.sorted() == trainings.sorted())
        // Neither checkpoints nor claims are left
        let left = try FileManager.default.contentsOfDirectory(
            atPath: folder.appendingPathComponent("trainings").path)
        #expect(left.allSatisfy { $0.hasSuffix(".json") || $0.hasSuffix(".h5") }, "\(left)")
        // The folder goes with its side
        for side in sides { #expect(side.scores == Self.scores(expected)) }
    }

    /// A claim of a training that another process seems to hold; what is told lets it go.
    private final class Held: @unchecked Sendable {  // one thread
        var claim: OutputLock?
        var isWaited = false
    }

    /// What is free comes first; then it waits, says so once, and takes over.
    @Test func claimedTrainingsAreWaitedFor() throws {
        let tiny = try TinyExperiment()
        let whole = tiny.folder.appendingPathComponent("whole")
        func cells() -> [Cell] { ["role", "use"].map { tiny.adapter(TinyExperiment.task($0)) } }
        let first = cells()
        let expected = try tiny.run(first, in: whole).results
        let name = "role.adapter.lr0.001"
        let key = try #require(expected[first[0]]?.result.key)
        _ = tiny.log.take()
        let store = CellStore(folder: tiny.out)
        let held = Held()
        held.claim = try store.claim(name, key: key, who: "ablate")
        let message = "waiting for trainings of other processes: \(name) by process \(getpid()) (ablate)"

        // Stopped while it waits
        #expect(throws: CancellationError.self) {
            try tiny.run(cells(), in: tiny.out) {
                $0.tell = { if case .message(message) = $0 { held.isWaited = true } }
                $0.stops = { held.isWaited }
            }
        }
        #expect(held.isWaited && tiny.log.take() == ["use.adapter 0.001"])

        // The owner is gone without a result
        let taken = cells()
        let run = try tiny.run(taken) { $0.tell = { if case .message(message) = $0 { held.claim = nil } } }
        #expect(tiny.log.take() == ["role.adapter 0.001"])
        #expect(run.words.components(separatedBy: message).count == 2)
        #expect(Self.scores(run.results) == Self.scores(expected))
        #expect(run.results.finished.map(\.cell.name) == ["role.adapter", "use.adapter"])
    }

    /// The owner finishes what was waited for.
    @Test func whatAnotherHasFinishedIsNotRepeated() throws {
        let tiny = try TinyExperiment()
        let whole = tiny.folder.appendingPathComponent("whole")
        func cell() -> Cell { tiny.adapter(TinyExperiment.task("role")) }
        let first = cell()
        let expected = try tiny.run([first], in: whole).results
        let key = try #require(expected[first]?.result.key)
        _ = tiny.log.take()
        let held = Held()
        held.claim = try CellStore(folder: tiny.out).claim("role.adapter.lr0.001", key: key, who: "ablate")
        let (from, to) = (whole.appendingPathComponent("trainings"), tiny.out.appendingPathComponent("trainings"))
        let run = try tiny.run([cell()]) {
            $0.tell = {
                guard case .message(let text) = $0, text.hasPrefix("waiting for") else { return }
                for file in (try? FileManager.default.contentsOfDirectory(atPath: from.path)) ?? [] {
                    try? FileManager.default.copyItem(
                        at: from.appendingPathComponent(file), to: to.appendingPathComponent(file))
                }
                held.claim = nil
            }
        }
        #expect(tiny.log.take() == [])
        #expect(run.words.hasSuffix("role.adapter.lr0.001: another process has finished it"))
        #expect(Self.scores(run.results) == Self.scores(expected))
    }
}
