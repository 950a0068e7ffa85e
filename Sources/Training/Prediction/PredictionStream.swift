import Files
import Foundation
import Tasks

/// Predicts a stream of records: in large batches if they arrive fast, and at once if they arrive one by one. Memory does
/// not grow with the stream.
package struct PredictionStream {
    /// Totals of a run.
    package struct Summary: Equatable, Sendable {
        package var predicted = 0
        package var bad = 0
        /// Texts that are longer than the maximum length.
        package var truncated = 0
        /// What a user should know, each in one line.
        package var warnings: [String] = []

        package init() {}
    }

    /// What a head predicts for each example, in order, and how many examples were truncated.
    /// - Parameter routes: for which head each is, by the router; 0 without one
    package typealias Predict = (
        _ examples: [Example], _ routes: [Int]
    ) -> (predictions: [Prediction], truncated: Int)

    private enum Pending {
        case record(Record, Example, route: Int)
        case bad(Int, TaskError)
    }

    private var reader: RecordReader
    private var writer: PredictionWriter
    private let form: any PredictionForm
    private let settings: PredictionSettings
    /// Of each head that the router knows; of one without a router.
    private var inputs: [PredictionInput?]
    private let router: RecordRouter?
    private let predict: Predict
    private var pending: [Pending] = []
    private var pendingBytes = 0
    private var summary = Summary()

    /// The largest number of records that are predicted together, and of bytes of their texts.
    private static let most = (records: 4096, bytes: 8 << 20)
    /// The longest time in seconds that a record waits for others.
    private static let patience = 0.15
    /// The longest time in milliseconds until a run that waits for records notices that it was cancelled.
    private static let idle: Int32 = 100

    /// - Parameters:
    ///   - form: how predictions are written
    ///   - inputs: the fields that contain the texts, one for each of the router's heads; nil: the first record decides
    ///   - router: tells the head of a record; nil: there is one form of records
    package init(
        reader: RecordReader, form: any PredictionForm, inputs: [PredictionInput?], router: RecordRouter? = nil,
        settings: PredictionSettings, predict: @escaping Predict
    ) {
        precondition(inputs.count == router?.heads.count ?? 1, "\(inputs.count) inputs")
        self.reader = reader
        self.settings = settings
        self.inputs = inputs
        self.router = router
        self.form = form
        self.predict = predict
        writer = PredictionWriter(form: form, settings: settings, file: reader.name)
    }

    /// Reads the source to its end.
    /// - Parameters:
    ///   - isCancelled: asked between two pieces of the source
    ///   - write: takes complete lines; returning false ends the run
    /// - Throws: `FileError` of the source; `TaskError` of the first bad record, after everything before it was written;
    ///   `CancellationError`
    package mutating func run(
        _ source: ByteStream, isCancelled: () -> Bool = { false }, write: (String) -> Bool
    ) throws -> Summary {
        var deadline = Date.distantPast
        while true {
            if isCancelled() { throw CancellationError() }
            let wait = pending.isEmpty ? Self.idle : Int32(max(0, min(1000, deadline.timeIntervalSinceNow * 1000)))
            let piece: ByteStream.Piece
            do throws(FileError) {
                piece = try source.next(within: wait)
            } catch {
                _ = try flush(write)
                throw error
            }
            let wasEmpty = pending.isEmpty
            if piece == .nothingYet, wasEmpty { continue }
            let results: [RecordResult]
            switch piece {
            case .bytes(let bytes): results = reader.read(bytes)
            case .nothingYet: results = []
            case .end: results = reader.finish()
            }
            for result in results {
                guard try take(result, write) else { return summary }
            }
            if wasEmpty { deadline = Date(timeIntervalSinceNow: Self.patience) }
            if piece == .end {
                guard try flush(write, isLast: true) else { return summary }
                conclude()
                return summary
            }
            if piece == .nothingYet || deadline.timeIntervalSinceNow <= 0 {
                guard try flush(write) else { return summary }
                deadline = Date(timeIntervalSinceNow: Self.patience)
            }
        }
    }

    /// - Returns: whether to continue
    private mutating func take(_ result: RecordResult, _ write: (String) -> Bool) throws(TaskError) -> Bool {
        switch result {
        case .record(let record):
            if !writer.hasBegun { try begin(record, write) }
            do throws(TaskError) {
                let route = try router?.route(record, file: reader.name) ?? 0
                let input = inputs[route] ?? PredictionInput(record)
                let example = try input.example(record, id: pending.count, file: reader.name)
                inputs[route] = input
                if let fault = writer.fault(in: record) { throw fault }
                pending.append(.record(record, example, route: route))
                pendingBytes += example.text.utf8.count + (example.pair?.utf8.count ?? 0)
            } catch {
                return try take(.bad(line: record.line, error), write)
            }
        case .bad(let line, let error):
            guard settings.onError == .skip else {
                _ = try flush(write)
                throw error
            }
            pending.append(.bad(line, error))
        case .fatal(let error):
            _ = try flush(write)
            throw error
        }
        if pending.count < Self.most.records, pendingBytes < Self.most.bytes { return true }
        return try flush(write)
    }

    /// Fixes the kept fields by the first record.
    private mutating func begin(_ record: Record, _ write: (String) -> Bool) throws(TaskError) {
        let isComplete = reader.format != .jsonl
        if let header = try writer.begin(
            fields: record.fields.map(\.name), line: record.line, isComplete: isComplete)
        {
            _ = write(header + "\n")
        }
        let missing = isComplete ? [] : writer.missing(in: record)
        guard !missing.isEmpty else { return }
        summary.warnings.append(
            "\(reader.name):\(record.line): no \(missing.map { "'\($0)'" }.joined(separator: ", ")) to keep; a line "
                + "without such a field gets null")
    }

    /// Predicts and writes the waiting records.
    /// - Returns: whether to continue
    private mutating func flush(_ write: (String) -> Bool, isLast: Bool = false) throws(TaskError) -> Bool {
        if !writer.hasBegun, settings.output == .csv {
            // The header comes before the first line, even if all lines so far are bad
            guard isLast || reader.header != nil || settings.kept != .all else { return true }
            if let header = try writer.begin(
                fields: reader.header ?? [], line: 1, isComplete: reader.header != nil)
            {
                _ = write(header + "\n")
            }
        }
        guard !pending.isEmpty else { return true }
        var examples: [Example] = []
        var routes: [Int] = []
        for case .record(_, let example, let route) in pending {
            examples.append(example)
            routes.append(route)
        }
        let predicted = examples.isEmpty ? (predictions: [], truncated: 0) : predict(examples.withCandidates, routes)
        summary.truncated += predicted.truncated
        var predictions = predicted.predictions.makeIterator()
        var text = ""
        for each in pending {
            switch each {
            case .record(let record, let example, _):
                guard let prediction = predictions.next() else { continue }
                text += writer.line(record, example, prediction)
                summary.predicted += 1
            case .bad(let line, let error):
                text += writer.line(line, error)
                summary.bad += 1
            }
            text += "\n"
        }
        pending.removeAll(keepingCapacity: true)
        pendingBytes = 0
        return write(text)
    }

    /// Warnings about the whole stream.
    private mutating func conclude() {
        let (count, first) = reader.spanning
        if count > 0 {
            summary.warnings.append(
                "\(reader.name): \(counted(count, "record has", "records have")) quoted cells that span lines, the "
                    + "first in line \(first); if quotes are plain characters, use --quoting none")
        }
        if summary.truncated > 0, let truncation = form.truncation {
            summary.warnings.append(
                "\(reader.name): "
                    + counted(summary.truncated, of: summary.predicted, "texts", "is", "are")
                    + " longer than the maximum length; "
                    + "\(truncation) (raise --max-length)")
        }
        if summary.bad > 0 {
            summary.warnings.append(
                "\(reader.name): skipped \(counted(summary.bad, "bad line")); predicted \(summary.predicted)")
        }
    }
}
