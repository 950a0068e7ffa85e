import Dispatch
import Foundation
import Training

/// Everything that shapes a generator beside its model.
public struct GeneratorOptions: Sendable {
    /// Precision of products with frozen weights; default float32.
    public var precision = Precision.float32
    /// Whether a bundle of another model or tokenizer is accepted if all shapes agree; default false.
    public var allowsOtherModel = false
    /// Texts that are written at once; default 16. Results do not depend on it.
    public var slots = 16
    /// Number of threads; nil (default) for the model's. Results do not depend on it.
    public var threads: Int?

    /// Creates the defaults.
    public init() {}
}

/// A decoder, ready to continue texts.
///
/// Build it once and use it from any task: calls run one after the other on a thread of the generator's own. What a prompt
/// becomes depends on the prompt, its number and the options alone, not on what else is written at the same time.
public final class TextGenerator: Sendable {
    let worker: GenerationWorker
    let slots: Int

    /// A piece of a text, or its end.
    public enum Event: Sendable {
        /// Text that is certain: whole characters, none of a stop string.
        case piece(String)
        /// The whole result; nothing follows.
        case finished(GeneratedText)
    }

    /// What a user should know: a base that could not be verified.
    public let warnings: [Warning]

    /// Builds a generator. It packs weights, which blocks the caller for some tenths of a second with a small model.
    /// - Parameters:
    ///   - model: A decoder.
    ///   - bundle: Adapters that were trained on it; nil for the bare model.
    ///   - options: How it runs.
    /// - Throws: ``AmalgamError``: ``AmalgamError/Kind/unsupported`` for an encoder, ``AmalgamError/Kind/option``,
    ///   ``AmalgamError/Kind/otherModel`` for a bundle of another model.
    public init(
        _ model: Model, _ bundle: AdapterBundle? = nil, options: GeneratorOptions = GeneratorOptions()
    ) throws(AmalgamError) {
        slots = options.slots
        (worker, warnings) = try translated {
            guard (1...1024).contains(options.slots) else {
                throw TrainingError.setting(name: "--slots", found: "\(options.slots)", expected: "1 to 1024")
            }
            if let threads = options.threads, !(1...1024).contains(threads) {
                throw TrainingError.setting(name: "threads", found: "\(threads)", expected: "1 to 1024")
            }
            let session = try model.writingSession(threads: options.threads)
            let warnings = try bundle.map { try model.check($0, allowsOtherModel: options.allowsOtherModel) } ?? []
            let writer = try TextWriter(session, bundle: bundle?.stored, precision: options.precision.stored)
            return (GenerationWorker(writer), warnings)
        }
    }

    /// Continues a text and gives it piece by piece.
    ///
    /// A reader that stops early ends the text.
    /// - Parameters:
    ///   - prompt: Its beginning.
    ///   - options: How tokens are chosen, and when the text ends.
    ///   - number: Of the prompt among others with the same seed: equal ones are continued differently under other numbers.
    public func stream(
        _ prompt: String, options: GenerationOptions = GenerationOptions(), number: Int = 0
    ) -> AsyncThrowingStream<Event, any Error> {
        stream(options.prompt(prompt), options: options, number: number)
    }

    func stream(
        _ prompt: WritingPrompt, options: GenerationOptions, number: Int
    ) -> AsyncThrowingStream<Event, any Error> {
        AsyncThrowingStream { continuation in
            let stop = StopFlag()
            continuation.onTermination = { _ in stop.set() }
            worker.queue.async { [worker] in
                do {
                    try translated {
                        try worker.write([prompt], options, first: number, slots: 1, stop) { _, piece in
                            continuation.yield(.piece(piece))
                        } onEnd: { _, text in
                            continuation.yield(.finished(GeneratedText(text)))
                        }
                    }
                    continuation.finish()
                } catch {
                    continuation.finish(throwing: error)
                }
            }
        }
    }

    /// Continues texts, many at once.
    /// - Parameters:
    ///   - prompts: Their beginnings; the first has the number 0, which random numbers follow from.
    ///   - options: The same for all.
    /// - Returns: a result for each prompt, in order
    /// - Throws: ``AmalgamError``: ``AmalgamError/Kind/option`` for options out of range and prompts that are too long;
    ///   `CancellationError`.
    public func generate(
        _ prompts: [String], options: GenerationOptions = GenerationOptions()
    ) async throws -> [GeneratedText] {
        try await generate(prompts.map(options.prompt), options: options)
    }

    func generate(_ prompts: [WritingPrompt], options: GenerationOptions) async throws -> [GeneratedText] {
        let (stop, slots) = (StopFlag(), slots)
        let texts = try await withTaskCancellationHandler {
            try await Background.run(on: worker.queue) { [worker] in
                var texts: [Int: GeneratedText] = [:]
                try worker.write(prompts, options, first: 0, slots: slots, stop) { _, _ in
                } onEnd: { index, text in
                    texts[index] = GeneratedText(text)
                }
                return prompts.indices.compactMap { texts[$0] }
            }
        } onCancel: {
            stop.set()
        }
        try Task.checkCancellation()
        return texts
    }

    /// Continues one text.
    public func generate(_ prompt: String, options: GenerationOptions = GenerationOptions()) async throws
        -> GeneratedText
    {
        try await generate([prompt], options: options)[0]
    }
}

/// A writer that one thread at a time uses, on a queue.
final class GenerationWorker: @unchecked Sendable {  // the writer is used on the queue alone
    let queue = DispatchQueue(label: "amalgam.generator")
    let writer: TextWriter

    init(_ writer: TextWriter) { self.writer = writer }

    /// - Parameter stop: once it is set, no text goes on.
    func write(
        _ prompts: [WritingPrompt], _ options: GenerationOptions, first: Int, slots: Int, _ stop: StopFlag,
        onPiece: (Int, String) -> Void, onEnd: (Int, WrittenText) -> Void
    ) throws {
        let settings = options.stored
        try settings.validate()
        var given = 0
        try writer.run(
            slots: slots,
            next: { _ in
                guard given < prompts.count, !stop.isSet else { return .end }
                defer { given += 1 }
                return .request(
                    try writer.request(
                        prompts[given], settings, stops: options.stops,
                        number: UInt64(bitPattern: Int64(first + given))))
            },
            onPiece: { index, piece in
                onPiece(index, piece)
                return !stop.isSet
            }, onEnd: onEnd)
    }
}

/// Set once, from any thread.
final class StopFlag: @unchecked Sendable {  // guarded by its lock
    private let lock = NSLock()
    private var value = false

    var isSet: Bool { lock.withLock { value } }
    func set() { lock.withLock { value = true } }
}
