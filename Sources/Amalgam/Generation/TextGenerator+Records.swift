import Training

extension TextGenerator {
    /// Continues the prompts of records, one result a line, in their order: many at once if records arrive fast, and at once if
    /// they arrive one by one.
    ///
    /// A record's prompt is its field `prompt`, or `text`. A result has `line` (where the record starts, from 1), `text`, `tokens`
    /// (their ids), `finish_reason` (`stop` or `length`), `prompt_tokens`, `logprobs` if they are wanted, and the fields that
    /// are kept. The number of a record, from 0, takes part in its random numbers. Other calls of the generator wait until the
    /// source has ended.
    /// - Parameters:
    ///   - source: A new one.
    ///   - options: How tokens are chosen, and when a text ends; the same for all.
    ///   - records: The prompt's field, the fields that are kept, and what a malformed record does; the rest does not apply.
    ///   - write: Takes one or more whole lines with their ends, on another thread, one call at a time. Returning false ends the
    ///     call.
    /// - Returns: Totals.
    /// - Throws: ``AmalgamError/Kind/option``; what reading the source throws, or of the first malformed record, after the
    ///   results before it were handed out; `CancellationError`.
    @discardableResult
    public func generate(
        _ source: RecordSource, options: GenerationOptions = GenerationOptions(),
        records: RecordOptions = RecordOptions(), write: @escaping @Sendable (_ lines: String) -> Bool
    ) async throws -> RecordSummary {
        try await RecordRun.run(records) { [worker, slots] isCancelled in
            var settings = WritingStream.Settings()
            settings.generation = options.stored
            settings.stops = options.stops
            settings.chat = options.chat?.turns
            settings.field = records.textColumn
            settings.kept = records.stored.kept
            settings.onError = records.stored.onError
            let bytes = try source.take()
            var stream = WritingStream(reader: source.reader, settings: settings)
            try worker.queue.sync {
                try stream.run(bytes, by: worker.writer, slots: slots, isCancelled: isCancelled, write: write)
            }
            var summary = PredictionStream.Summary()
            summary.predicted = stream.written
            summary.bad = stream.bad
            return summary
        }
    }
}

extension GeneratedText {
    /// The result as the members of a JSON object.
    public var json: String { "{\(stored.json)}" }
}
