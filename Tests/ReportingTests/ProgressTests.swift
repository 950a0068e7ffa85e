import Foundation
import Testing

@testable import Reporting

/// A clock that only the test moves.
private final class Clock: @unchecked Sendable {
    private let lock = NSLock()
    private var time = 100.0
    var now: Double { lock.withLock { time } }
    func pass(_ seconds: Double) { lock.withLock { time += seconds } }
}

struct ProgressTests {
    private func make(
        _ mode: ProgressReporter.Mode, width: Int = 100
    ) -> (ProgressReporter, CollectingSink, Clock) {
        let sink = CollectingSink()
        let clock = Clock()
        let progress = ProgressReporter(
            sink: sink, mode: mode, terminal: { Terminal(width: width, ansi: true) }, clock: { clock.now })
        return (progress, sink, clock)
    }

    @Test func linesComeSeldomAndAtStages() {
        let (progress, sink, clock) = make(.lines(every: 5))
        progress.plan(stages: 2)
        progress.stage("adapter works-with", total: 1190)
        for step in 1...1190 {
            clock.pass(0.01)
            progress.update(done: step, loss: 0.8123, tokens: step * 80)
        }
        progress.finish("dev accuracy .787")
        progress.stage("fusion", unit: "texts")
        progress.finish()
        #expect(sink.lines.count == 6, "\(sink.lines)")
        #expect(sink.lines[0] == "[1/2] adapter works-with: 1,190 steps")
        #expect(sink.lines.suffix(2) == ["[2/2] fusion", "✓ [2/2] fusion (0.0 s)"])
        #expect(sink.lines[1].contains("loss 0.812, 8,000 tokens/s"))
        #expect(sink.lines[3].hasPrefix("✓ [1/2] adapter works-with: dev accuracy .787 (1,190 steps, 8,000 tokens/s"))
        #expect(!sink.text.contains("\r"))
        #expect(!sink.text.contains("\u{1B}"))
    }

    /// What all stages will take, where somebody has said so.
    @Test func theEndOfAllStages() {
        let (progress, sink, clock) = make(.lines(every: 5))
        progress.stage("one", total: 10)
        clock.pass(6)
        progress.update(done: 5)
        progress.expect(600)
        clock.pass(6)
        progress.update(done: 6)
        progress.finish()
        progress.stage("two", total: 10)
        clock.pass(600)
        progress.update(done: 5)
        #expect(sink.lines[1] == "one: 5/10 (50 %), 6.0 s left")
        #expect(sink.lines[2] == "one: 6/10 (60 %), 8.0 s left, 9 min 54 s left in all", "\(sink.lines)")
        #expect(sink.lines.last == "two: 5/10 (50 %), 10 min left, 0.0 s left in all", "\(sink.lines)")
    }

    @Test func oneLineIsRewritten() {
        let (progress, sink, clock) = make(.rewriting)
        progress.stage("adapter", total: 200)
        for step in 1...200 {
            clock.pass(0.0625)  // exact in binary
            progress.update(done: step, loss: 1.5, tokens: step * 400)
        }
        progress.message("a word beside")
        progress.finish("done")
        let drawings = sink.text.components(separatedBy: "\r").filter { $0.contains("adapter  ") }
        #expect(drawings.count < 110)
        let half = "adapter  ██████████░░░░░░░░░░  50 %  100/200  loss 1.500  6,400 tokens/s  6.2 s left"
        #expect(drawings.contains { $0.hasPrefix(half) }, "\(drawings.map { $0.prefix(90) })")
        #expect(sink.text.contains("\r\u{1B}[Ka word beside\n"))
        #expect(sink.lines.last?.hasSuffix("✓ adapter: done (200 steps, 6,400 tokens/s, 13 s)") == true)
    }

    @Test func everyWidthIsKept() {
        var snapshot = ProgressSnapshot()
        snapshot.label = "multi-task adapter 使う and a label that is long"
        snapshot.total = 1190
        snapshot.done = 512
        snapshot.loss = 0.8
        snapshot.tokens = 5
        snapshot.rate = 8120
        snapshot.left = 80
        for width in 4...160 {
            #expect(DisplayWidth.of(snapshot.bar(width: width, unicode: true)) <= width)
            #expect(DisplayWidth.of(snapshot.bar(width: width, unicode: false)) <= width)
        }
        #expect(snapshot.bar(width: 70, unicode: true).contains("43 %"))
        snapshot.total = 0
        #expect(snapshot.bar(width: 80, unicode: true).contains("512"))
        snapshot.total = 100  // more done than there is
        #expect(snapshot.bar(width: 120, unicode: true).contains("100 %"))
    }

    @Test func silentSaysNothing() {
        let (progress, sink, _) = make(.silent)
        progress.stage("x", total: 3)
        progress.update(done: 1)
        progress.message("y")
        progress.finish("z")
        #expect(sink.text.isEmpty)
    }

    @Test func withoutAStageNothingHappens() {
        let (progress, sink, _) = make(.rewriting)
        progress.update(done: 3, loss: .nan)
        progress.finish("z")
        #expect(sink.text.isEmpty)
    }

    @Test func rateIsOfTheLastWhile() {
        let (progress, sink, clock) = make(.lines(every: 1))
        progress.stage("x", total: 100_000)
        var tokens = 0
        for step in 1...6000 {
            clock.pass(0.01)
            tokens += step <= 3000 ? 10 : 40
            progress.update(done: step, tokens: tokens)
        }
        #expect(sink.lines.last { $0.contains("left") }?.contains("4,000 tokens/s") == true, "\(sink.lines)")
    }

    /// What comes between two updates, such as an evaluation, does not count as slow steps.
    @Test func rateBeginsAnewAfterAPause() {
        let (progress, sink, clock) = make(.lines(every: 1))
        progress.stage("x", total: 1000)
        var tokens = 0
        func train(_ steps: ClosedRange<Int>) {
            for step in steps {
                clock.pass(0.1)
                tokens += 100
                progress.update(done: step, tokens: tokens)
            }
        }
        train(1...100)
        clock.pass(15)
        progress.restartRate()
        train(101...150)
        let rates = sink.lines.filter { $0.contains("tokens/s") }
        #expect(rates.count > 10 && rates.allSatisfy { $0.contains(" 1,000 tokens/s") }, "\(sink.lines)")
    }

    @Test func manyThreads() {
        let (progress, sink, _) = make(.lines(every: 0))
        progress.stage("x", total: 4000)
        DispatchQueue.concurrentPerform(iterations: 4) { thread in
            for step in 0..<1000 { progress.update(done: thread * 1000 + step, loss: 1, tokens: step) }
        }
        progress.finish()
        #expect(sink.lines.count == 4002)
        #expect(sink.lines.allSatisfy { $0.contains("x") })
    }
}
