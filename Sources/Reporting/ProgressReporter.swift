import Foundation

/// Tells a person how far a long work is: one line rewritten in place on a terminal, plain lines now and then in a
/// log. Safe to call from any thread; calling it after every step costs next to nothing.
///
/// ```
/// let progress = ProgressReporter.standardError()
/// progress.plan(stages: 8)
/// progress.stage("adapter works-with", total: steps)
/// progress.update(done: step, loss: loss, tokens: tokensSoFar)
/// progress.finish("dev accuracy .787")
/// ```
package final class ProgressReporter: @unchecked Sendable {
    // @unchecked: everything that changes is touched under `lock` only (Mutex needs macOS 15).

    /// How progress is shown.
    package enum Mode: Sendable, Equatable {
        /// Not at all.
        case silent
        /// A line at most every so many seconds, and when a stage begins and ends.
        case lines(every: Double)
        /// One line, rewritten in place.
        case rewriting
    }

    private let sink: any ProgressSink
    private let mode: Mode
    private let terminal: @Sendable () -> Terminal
    private let clock: @Sendable () -> Double
    private let lock = NSLock()

    private var current: ProgressSnapshot?
    private var planned: Int?
    /// When all stages will have ended, by the clock; nil: nobody knows.
    private var end: Double?
    private var begun = 0
    private var start = 0.0
    private var lastShown = 0.0
    private var lineIsOpen = false
    /// (time, done, tokens) over the last while, oldest first: the rate now, not since the start.
    private var recent: [(time: Double, done: Int, tokens: Int)] = []

    /// Seconds over which the rate is taken.
    private static let window = 20.0
    /// Seconds between two rewritings of the line.
    private static let pause = 0.1

    /// - Parameters:
    ///   - sink: where the text goes
    ///   - mode: how it is shown
    ///   - terminal: what the place can show, asked at each drawing (a window changes its size)
    ///   - clock: seconds from any fixed point, never going back
    package init(
        sink: any ProgressSink, mode: Mode, terminal: @escaping @Sendable () -> Terminal = { .plain },
        clock: @escaping @Sendable () -> Double = { ProcessInfo.processInfo.systemUptime }
    ) {
        self.sink = sink
        self.mode = mode
        self.terminal = terminal
        self.clock = clock
    }

    /// Progress on standard error, by what standard error is.
    /// - Parameters:
    ///   - silent: show nothing
    ///   - interval: seconds between lines where standard error is no terminal
    package static func standardError(silent: Bool = false, interval: Double = 5) -> ProgressReporter {
        let seen = Terminal.of(.error)
        let mode: Mode = silent ? .silent : seen.width == nil ? .lines(every: interval) : .rewriting
        return ProgressReporter(
            sink: StandardErrorSink(), mode: mode,
            terminal: {
                var now = seen
                if seen.width != nil { now.width = Terminal.columns(.error) ?? seen.width }
                return now
            })
    }

    /// Shows nothing.
    package static var silent: ProgressReporter { ProgressReporter(sink: CollectingSink(), mode: .silent) }

    /// Says how many stages there will be, so that each shows its number; counting starts anew.
    package func plan(stages: Int) {
        lock.withLock {
            planned = stages
            begun = 0
        }
    }

    /// Says how many seconds all stages will take from now on.
    package func expect(_ seconds: Double) { lock.withLock { end = clock() + seconds } }

    /// Begins a stage; one that is still open ends without a summary.
    /// - Parameters:
    ///   - label: its name, short
    ///   - total: how many units it has, if known
    ///   - unit: what is counted, in the plural
    package func stage(_ label: String, total: Int? = nil, unit: String = "steps") {
        guard mode != .silent else { return }
        lock.withLock {
            close(nil)
            begun += 1
            start = clock()
            recent = [(start, 0, 0)]
            var next = ProgressSnapshot()
            next.label = DisplayWidth.oneLine(label)
            next.unit = unit
            next.total = total
            if let planned { next.position = (begun, max(planned, begun)) }
            current = next
            lastShown = start
            if mode == .rewriting { draw(next) } else { sink.write(next.opening + "\n") }
        }
    }

    /// Says where the stage stands.
    /// - Parameters:
    ///   - done: units since the stage began
    ///   - loss: the latest loss, smoothed or not; nil keeps the one before
    ///   - tokens: tokens since the stage began; nil keeps the number before
    package func update(done: Int, loss: Double? = nil, tokens: Int? = nil) {
        guard mode != .silent else { return }
        lock.withLock {
            guard var now = current else { return }
            let time = clock()
            now.done = done
            if let loss { now.loss = loss }
            if let tokens { now.tokens = tokens }
            measure(&now, at: time)
            current = now
            switch mode {
            case .rewriting:
                if time - lastShown < Self.pause, done != now.total { return }
                draw(now)
            case .lines(let interval):
                if time - lastShown < interval { return }
                sink.write(now.plain + "\n")
            case .silent: return
            }
            lastShown = time
        }
    }

    /// Begins the rate anew: what lies between the last update and now, such as an evaluation, is no part of it.
    package func restartRate() {
        lock.withLock {
            guard let now = current else { return }
            recent = [(clock(), now.done, now.tokens)]
        }
    }

    /// Ends the stage.
    /// - Parameter summary: what came of it, in a few words
    package func finish(_ summary: String? = nil) {
        guard mode != .silent else { return }
        lock.withLock { close(summary) }
    }

    /// Says something beside the progress, on a line of its own.
    package func message(_ text: String) {
        guard mode != .silent else { return }
        lock.withLock {
            clearLine()
            sink.write(DisplayWidth.harmless(text) + "\n")
            if mode == .rewriting, let current { draw(current) }
        }
    }

    // All below: the caller holds the lock.

    private func close(_ summary: String?) {
        guard var last = current else { return }
        last.elapsed = clock() - start
        clearLine()
        let place = terminal()
        let text = last.closing(summary.map(DisplayWidth.oneLine), unicode: place.unicode)
        sink.write(text + "\n")
        current = nil
    }

    private func draw(_ snapshot: ProgressSnapshot) {
        let place = terminal()
        // One column stays free: writing into the last one makes some terminals begin a new line.
        let line = snapshot.bar(width: (place.width ?? 80) - 1, unicode: place.unicode)
        sink.write("\r\(line)\u{1B}[K")
        lineIsOpen = true
    }

    private func clearLine() {
        guard lineIsOpen else { return }
        sink.write("\r\u{1B}[K")
        lineIsOpen = false
    }

    private func measure(_ snapshot: inout ProgressSnapshot, at time: Double) {
        snapshot.elapsed = time - start
        snapshot.allLeft = end.map { max(0, $0 - time) }
        // Ten entries a second at most, or a million quick steps would fill memory.
        if recent.count > 1, time - recent[recent.count - 2].time < Self.pause { recent.removeLast() }
        recent.append((time, snapshot.done, snapshot.tokens))
        let cut = recent.firstIndex { time - $0.time <= Self.window } ?? recent.count - 1
        if cut > 1 { recent.removeFirst(cut - 1) }
        guard let first = recent.first, time - first.time > 0.2 else { return }
        let span = time - first.time
        if snapshot.tokens > first.tokens { snapshot.rate = Double(snapshot.tokens - first.tokens) / span }
        guard let total = snapshot.total, snapshot.done > first.done else { return }
        snapshot.left = Double(max(0, total - snapshot.done)) * span / Double(snapshot.done - first.done)
    }
}
