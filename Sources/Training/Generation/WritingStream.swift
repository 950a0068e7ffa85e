import Files
import Foundation
import Tasks

/// Continues the prompts of a stream of records: many at once if they arrive fast, and at once if they arrive one by one.
/// Results are written as JSON Lines in the order of the records.
package struct WritingStream {
    package struct Settings: Sendable {
        package var generation = GenerationSettings()
        package var stops: [String] = []
        /// Makes each prompt what a user says: the turns before it, such as a system's; nil: a prompt is a text.
        package var chat: [ChatTurn]?
        /// The field that has the prompt; nil: `prompt`, else `text`.
        package var field: String?
        /// Whether all fields of a record are copied, or some.
        package var kept = PredictionSettings.Kept.none
        package var onError = PredictionSettings.OnError.stop

        package init() {}
    }

    private var reader: RecordReader
    private let settings: Settings
    /// What was read and is not yet on its way.
    private var waiting: [RecordResult] = []
    private var hasEnded = false
    /// Of each record that is on its way or done, its line of output once it is known; those written are gone.
    private var lines: [String?] = []
    private var next = 0
    /// Texts that were written, without bad records.
    package var written: Int { next - bad }
    /// What ends the run once all before it is written.
    private var failure: (any Error)?
    private var isStopped = false
    package private(set) var bad = 0

    /// The longest time in milliseconds until a run that waits for records notices that it was cancelled.
    private static let idle: Int32 = 100
    private static let names = ["line", "error", "text", "tokens", "finish_reason", "prompt_tokens", "logprobs"]

    package init(reader: RecordReader, settings: Settings) {
        self.reader = reader
        self.settings = settings
    }

    /// Reads the source to its end.
    /// - Parameters:
    ///   - isCancelled: asked between two pieces of the source, and of each text
    ///   - write: takes complete lines; returning false ends the run
    /// - Throws: `FileError` of the source; `TaskError` of the first bad record, after everything before it was written;
    ///   `CancellationError`
    package mutating func run(
        _ source: ByteStream, by writer: TextWriter, slots: Int, isCancelled: () -> Bool = { false },
        write: (String) -> Bool
    ) throws {
        try settings.generation.validate()
        var records: [Int: (place: Int, record: Record)] = [:]
        var taken = 0
        // The closures share this value; it stays in one place meanwhile
        var own = self
        defer { self = own }
        try writer.run(
            slots: slots,
            next: { mayWait in
                while true {
                    if isCancelled() || own.isStopped || own.failure != nil { return .end }
                    guard let result = try own.record(source, mayWait: mayWait) else {
                        return own.hasEnded ? .end : .notYet
                    }
                    let place = own.lines.count
                    guard let (record, request) = try own.request(result, number: place, writer) else {
                        own.flush(write)
                        continue
                    }
                    own.lines.append(nil)
                    records[taken] = (place, record)
                    taken += 1
                    return .request(request)
                }
            },
            onPiece: { _, _ in !isCancelled() && !own.isStopped },
            onEnd: { index, text in
                guard let (place, record) = records.removeValue(forKey: index) else { return }
                own.lines[place] = own.line(record, text)
                own.flush(write)
            })
        if isCancelled() { throw CancellationError() }
        if let failure = own.failure { throw failure }
    }

    /// The next record; nil: none has come yet, or the source has ended.
    private mutating func record(_ source: ByteStream, mayWait: Bool) throws(FileError) -> RecordResult? {
        while waiting.isEmpty, !hasEnded {
            switch try source.next(within: mayWait ? Self.idle : 0) {
            case .bytes(let bytes): waiting = reader.read(bytes)
            case .nothingYet: return nil
            case .end:
                waiting = reader.finish()
                hasEnded = true
            }
        }
        return waiting.isEmpty ? nil : waiting.removeFirst()
    }

    /// A record with its request; nil: it is bad, and that is noted.
    private mutating func request(
        _ result: RecordResult, number: Int, _ writer: TextWriter
    ) throws -> (Record, WritingRequest)? {
        switch result {
        case .record(let record):
            do {
                let text = try prompt(record)
                let request = try writer.request(
                    settings.chat.map { .chat($0 + [ChatTurn(.user, text)]) } ?? .text(text), settings.generation,
                    stops: settings.stops, number: UInt64(number))
                return (record, request)
            } catch let error as TaskError {
                note(record.line, error)
            } catch let error as TrainingError {
                guard case .setting(_, let found, let expected) = error else { throw error }
                note(
                    record.line,
                    .malformed(
                        file: reader.name, line: record.line, problem: "a prompt of \(found)",
                        fix: "expected \(expected)"))
            }
        case .bad(let line, let error): note(line, error)
        case .fatal(let error): failure = error
        }
        return nil
    }

    private mutating func note(_ line: Int, _ error: TaskError) {
        guard settings.onError == .skip else {
            failure = error
            return
        }
        bad += 1
        lines.append("{\"line\":\(line),\"error\":\(JSONText.quoted("\(error)"))}")
    }

    private func prompt(_ record: Record) throws(TaskError) -> String {
        let names = settings.field.map { [$0] } ?? ["prompt", "text"]
        guard let field = names.lazy.compactMap({ record[$0] }).first else {
            throw .malformed(
                file: reader.name, line: record.line,
                problem: "no '\(names[0])' (found \(record.fields.map { "'\($0.name)'" }.joined(separator: ", ")))",
                fix: "add it, or name the field with --text-column")
        }
        guard case .string(let text) = field.value else {
            throw .wrongType(
                file: reader.name, line: record.line, column: field.name, found: field.json, expected: "a text")
        }
        return text
    }

    /// Writes the lines that are known up to the first that is not.
    private mutating func flush(_ write: (String) -> Bool) {
        var text = ""
        while next < lines.count, let line = lines[next] {
            text += line + "\n"
            lines[next] = ""
            next += 1
        }
        if !text.isEmpty, !write(text) { isStopped = true }
    }

    private func line(_ record: Record, _ text: WrittenText) -> String {
        var line = "{\"line\":\(record.line),\(text.json)"
        var used = Set(Self.names)
        let kept: [String] =
            switch settings.kept {
            case .none: []
            case .all: record.fields.map(\.name)
            case .named(let names): names
            }
        for name in kept {
            var output = name
            while !used.insert(output).inserted { output = "input_" + output }
            line += ",\(JSONText.quoted(output)):\(record[name]?.json ?? "null")"
        }
        return line + "}"
    }
}

extension WrittenText {
    /// The members of a JSON object.
    package var json: String {
        let logprobs = logProbabilities.map { $0.isFinite ? "\($0)" : "null" }.joined(separator: ",")
        return "\"text\":\(JSONText.quoted(text)),\"tokens\":[\(tokens.map { "\($0)" }.joined(separator: ","))],"
            + "\"finish_reason\":\"\(end.rawValue)\",\"prompt_tokens\":\(promptTokens)"
            + (logProbabilities.isEmpty ? "" : ",\"logprobs\":[\(logprobs)]")
    }
}
