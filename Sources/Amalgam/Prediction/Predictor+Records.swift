import Foundation
import Training

extension Predictor {
    /// Predicts records, one result a line: in large portions if records arrive fast, and at once if they arrive one by one.
    /// Memory does not grow with the source.
    ///
    /// A result has `line` (where the record starts, from 1), the prediction, and the fields that are kept. A head for classes
    /// gives `label`, `probabilities`, `top` and `abstained`; one for tags gives `tokens` and `tags`; one for numbers gives
    /// `score`, a number or a list.
    ///
    /// ```swift
    /// let records = try RecordSource(.standardInput)
    /// let summary = try await predictor.predict(records) { lines in
    ///     (try? FileHandle.standardOutput.write(contentsOf: Data(lines.utf8))) != nil
    /// }
    /// ```
    /// - Parameters:
    ///   - source: A new one.
    ///   - options: Fields, formats, and what a malformed record does.
    ///   - write: Takes one or more whole lines with their ends, on another thread, one call at a time; the next portion waits
    ///     for it. Returning false ends the call.
    /// - Returns: Totals and warnings.
    /// - Throws: ``AmalgamError/Kind/option``; what reading the source throws, or of the first malformed record, after the
    ///   results before it were handed out; `CancellationError`.
    @discardableResult
    public func predict(
        _ source: RecordSource, options: RecordOptions = RecordOptions(),
        write: @escaping @Sendable (_ lines: String) -> Bool
    ) async throws -> RecordSummary {
        try await RecordRun.run(options) { [worker] isCancelled in
            try worker.predict(
                source, textColumn: options.textColumn, options.stored, isCancelled: isCancelled, write: write)
        }
    }
}

/// A run over records.
enum RecordRun {
    /// - Parameters:
    ///   - options: are validated first
    ///   - body: reads the records and writes the results, on a queue of its own
    static func run(
        _ options: RecordOptions,
        _ body: @escaping @Sendable (_ isCancelled: () -> Bool) throws -> PredictionStream.Summary
    ) async throws -> RecordSummary {
        try options.validate()
        let cancellation = Cancellation()
        // The source may make its reader wait: neither the predictor's queue nor Swift's threads wait with it
        let queue = DispatchQueue(label: "amalgam.records")
        let summary = try await withTaskCancellationHandler {
            try await Background.run(on: queue) { () -> RecordSummary? in
                do {
                    return RecordSummary(try body { cancellation.isRequested })
                } catch is CancellationError { return nil }
            }
        } onCancel: {
            cancellation.request()
        }
        guard let summary else { throw CancellationError() }
        return summary
    }
}

/// Asks work on another thread to end.
private final class Cancellation: @unchecked Sendable {  // all of it behind the lock
    private let lock = NSLock()
    private var requested = false

    var isRequested: Bool { lock.withLock { requested } }

    func request() { lock.withLock { requested = true } }
}
