import Corpora
import Foundation
import Models
import Training

/// A pretrained model with its tokenizer: an encoder, which reads texts, or a decoder, which writes them (``TextGenerator``). It
/// never changes: adapters are trained on it, and stand on it.
///
/// A model may be used from any number of tasks at the same time. Trainings and predictors share its weights, and each has
/// its own threads and work memory.
public final class Model: Sendable {
    /// How the matrices of a model are held in memory.
    public enum Storage: Sendable, CaseIterable {
        /// As the file has them: a GGUF file's blocks of few bits stay in the mapped file, and products read them there.
        case stored
        /// In float32: the blocks of a GGUF file are unpacked. Results are the same; it takes more memory.
        case float32
        /// The layers' matrices in NF4 with doubly quantized scales (Dettmers et al. 2023), 0.52 bytes a number, made from a
        /// model in float numbers. Word embeddings and norms stay as they are.
        case nf4

        var stored: WeightStorage {
            switch self {
            case .stored: .stored
            case .float32: .float32
            case .nf4: .nf4
            }
        }
    }

    let loaded: LoadedModel
    let threads: Int

    /// Reads a model's folder.
    ///
    /// Weights are mapped, not copied; this takes some milliseconds for a small model and blocks the caller.
    /// - Parameters:
    ///   - folder: A Hugging Face folder with config.json, model.safetensors and tokenizer.json, vocab.txt, or vocab.json
    ///     with merges.txt; a folder of sentence-transformers; or one of the Hub's cache.
    ///   - threads: Threads of each training and predictor; nil for all processors. Results do not depend on it.
    ///   - cache: A folder that remembers the fingerprint of large weights; nil for the one of ``cacheFolder``.
    ///   - storage: How the matrices are held in memory.
    /// - Throws: ``AmalgamError``, naming the file and the field.
    public init(
        folder: URL, threads: Int? = nil, cache: URL? = nil, storage: Storage = .stored
    ) throws(AmalgamError) {
        if let threads, !(1...1024).contains(threads) {
            throw AmalgamError.make(
                .option, "threads: found \(threads), expected 1 to 1024", field: "threads", found: "\(threads)",
                expected: "1 to 1024")
        }
        self.threads = threads ?? max(1, ProcessInfo.processInfo.activeProcessorCount)
        loaded = try translated {
            try LoadedModel(folder: folder, cache: cache ?? ModelStore().home, storage: storage.stored)
        }
    }

    /// Finds a model by name.
    /// - Parameters:
    ///   - name: One of ``knownNames`` that was fetched before, or the path of a folder.
    ///   - threads: Threads of each training and predictor; nil for all processors.
    ///   - storage: How the matrices are held in memory.
    /// - Throws: ``AmalgamError/Kind/unknownModel``, ``AmalgamError/Kind/modelNotFetched``, and as
    ///   ``init(folder:threads:cache:storage:)``.
    public convenience init(
        named name: String, threads: Int? = nil, storage: Storage = .stored
    ) throws(AmalgamError) {
        try self.init(folder: try translated { try ModelStore().resolve(name) }, threads: threads, storage: storage)
    }

    /// Names of models that can be fetched: `minilm` and `e5-small`, which are encoders, and `smollm2`, a decoder.
    public static var knownNames: [String] { KnownModel.all.map(\.name) }

    /// Where fetched models are: `AMALGAM_HOME` if that is set, else `amalgam` in the user's cache folder.
    public static var cacheFolder: URL { ModelStore().home }

    /// Downloads a known model and checks every byte; one that is there already is only checked.
    ///
    /// The folder appears whole or not at all.
    /// - Parameters:
    ///   - name: One of ``knownNames``.
    ///   - progress: Gets a line at each step, on another thread.
    /// - Returns: The model's folder.
    /// - Throws: ``AmalgamError``: ``AmalgamError/Kind/unknownModel``, or ``AmalgamError/Kind/unavailable`` where a program
    ///   or the network is missing.
    @discardableResult
    public static func fetch(
        _ name: String, progress: @escaping @Sendable (String) -> Void = { _ in }
    ) async throws -> URL {
        try await Background.run { try ModelStore().fetch(name, progress: progress) }
    }

    /// The model's name: its folder's, or `org/name` for one of the Hub's cache.
    public var name: String { loaded.model.name }
    /// The folder that it was read from.
    public var folder: URL { loaded.model.folder }
    /// `model_type` in config.json: `bert`, `roberta`, `xlm-roberta`, `distilbert`, …; of decoders `llama`, `mistral`, ….
    public var family: String { loaded.model.configuration.family }
    /// The formats of the matrices that are held in few bits, such as `Q4_1, Q8_0` or `NF4`; `float32` if none is.
    public var weightFormats: String { loaded.model.storageSummary.description }
    /// Bytes of all weights as they are held.
    public var weightBytes: Int { loaded.model.storageSummary.bytes }
    /// Number of layers.
    public var layers: Int { loaded.model.configuration.layers }
    /// Width of the hidden states.
    public var hiddenSize: Int { loaded.model.configuration.hidden }
    /// Longest sequence in tokens, special tokens included.
    public var longestSequence: Int { loaded.model.configuration.longestSequence }
    /// Size of the vocabulary in tokens.
    public var vocabularySize: Int { loaded.model.configuration.vocabulary }
    /// SHA-256 over the architecture and all weights. Bundles hold it, and refuse another model.
    public var fingerprint: String { loaded.fingerprint }
    /// What the folder describes and is not computed on purpose.
    public var warnings: [Warning] { loaded.model.notes.map { .of(.model, $0) } }

    /// Whether the model writes texts, and does not read them for a head.
    public var isDecoder: Bool { loaded.model.architecture.isDecoder }

    /// A session of its own for a training or a predictor.
    /// - Parameter threads: nil: the model's
    /// - Throws: `ModelError.purpose` for a decoder
    func session(threads: Int? = nil) throws(ModelError) -> Session {
        try loaded.model.requireEncoder()
        return Session(loaded, threads: threads ?? self.threads)
    }

    /// A session of its own for texts that are written.
    /// - Throws: `ModelError.purpose` for an encoder
    func writingSession(threads: Int? = nil) throws(ModelError) -> Session {
        try loaded.model.requireDecoder()
        return Session(loaded, threads: threads ?? self.threads)
    }

    /// Refuses a bundle that was trained on another model.
    /// - Parameter rereads: whether the fingerprint is computed again, not taken from the cache
    /// - Returns: warnings, where the base could not be verified or another one is accepted
    func check(_ bundle: AdapterBundle, allowsOtherModel: Bool, rereads: Bool = false) throws -> [Warning] {
        try bundle.stored.check(
            model: loaded.model, fingerprint: rereads ? loaded.model.computeFingerprint() : loaded.fingerprint,
            tokenizer: loaded.tokenizer.identity, file: bundle.label, force: allowsOtherModel
        ).map { .of(.base, $0) }
    }
}
