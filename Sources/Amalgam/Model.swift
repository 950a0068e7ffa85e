import Adapters
import Bundles
import Corpora
import Foundation
import Tasks
import Training

/// A pretrained encoder, ready to train adapters on and to predict with.
///
/// One `Model` is used from one thread at a time; inside it uses as many threads as it was given.
public final class Model {
    let session: Session

    /// Loads a model.
    /// - Parameters:
    ///   - nameOrFolder: a fetched model's name (`minilm`), or a Hugging Face folder with config.json, model.safetensors
    ///     and tokenizer.json or vocab.txt.
    ///   - threads: nil: all processors. Results do not depend on it.
    /// - Throws: an error whose description names the file, the field and a fix.
    public init(_ nameOrFolder: String, threads: Int? = nil) throws {
        let store = ModelStore()
        session = try Session(
            folder: store.resolve(nameOrFolder), threads: threads ?? ProcessInfo.processInfo.activeProcessorCount,
            cache: store.home)
    }

    /// How a training goes; the rest is as on the command line.
    public struct Options: Sendable {
        /// Passes over the training split.
        public var epochs = 5
        /// Highest learning rate; nil: 1e-3 for adapters, 5e-4 for fusion.
        public var learningRate: Double?
        /// Examples per batch.
        public var batchSize = 16
        /// Maximum length of a text in tokens, including special tokens; longer texts are truncated.
        public var maxLength = 128
        /// All randomness comes from it.
        public var seed = 0
        /// Called after each step with (steps done, steps in all, loss).
        public var progress: (@Sendable (Int, Int, Double) -> Void)?

        /// The defaults.
        public init() {}
    }

    /// Trains one adapter and a head; the model stays frozen (Pfeiffer et al. 2021 by default).
    /// - Parameters:
    ///   - task: a task's YAML, or a folder with train, dev and test files.
    ///   - configuration: `seq_bn`, `double_seq_bn`, `par_bn`, `ia3`, or a YAML file.
    ///   - language: a language adapter that it is stacked on (MAD-X, Pfeiffer et al. 2020); it stays frozen.
    /// - Throws: an error whose description names the file, the field and a fix.
    public func trainAdapter(
        task: String, configuration: String = "seq_bn", language: Adapter? = nil, options: Options = Options()
    ) throws -> Adapter {
        try train(.adapter(.resolve(configuration), from: nil), task: task, language: language, rate: 1e-3, options)
    }

    /// Learns attention over frozen adapters for a task (AdapterFusion, Pfeiffer et al. 2021).
    /// - Parameters:
    ///   - adapters: trained by this model, or read from bundles.
    ///   - language: a language adapter that all of it is stacked on; it stays frozen.
    /// - Throws: an error whose description names the file, the field and a fix.
    public func fuse(
        _ adapters: [Adapter], task: String, language: Adapter? = nil, options: Options = Options()
    ) throws -> Adapter {
        try train(.fusion(adapters.map(\.bundle), .dynamic), task: task, language: language, rate: 5e-4, options)
    }

    /// Reads a bundle; a language adapter too, which then is what others are stacked on.
    /// - Parameter language: the language adapter that it is stacked on. Where it was trained on another one, or on none
    ///   at all, `Adapter.warnings` says so.
    /// - Throws: an error that says what is wrong with the file, or that it was trained on another model or tokenizer.
    public func load(_ file: String, language: Adapter? = nil) throws -> Adapter {
        let (bundle, warnings) = try session.read(file)
        let below = try language.map { try LanguageAdapter($0.bundle) }
        return Adapter(
            bundle: bundle, language: below, session: session,
            warnings: warnings + [bundle.warning(on: below, file: file)].compactMap { $0 })
    }

    private func train(_ recipe: Recipe, task: String, language: Adapter?, rate: Double, _ options: Options) throws
        -> Adapter
    {
        let data = try TaskData.load(TaskDefinition.load(URL(fileURLWithPath: task)))
        var settings = TrainingSettings()
        settings.epochs = options.epochs
        settings.learningRate = options.learningRate ?? rate
        settings.batch = .examples(options.batchSize)
        settings.maxLength = options.maxLength
        settings.seed = options.seed
        var warnings = data.warnings
        let below = try language.map { try LanguageAdapter($0.bundle) }
        if case .fusion(let bundles, _) = recipe {
            warnings += bundles.compactMap { $0.warning(on: below, file: $0.name) }
        }
        let trained = try session.train(
            recipe, on: [data], name: data.definition.name, language: below, settings: settings
        ) { event in
            switch event {
            case .step(let done, let all, let loss, _): options.progress?(done, all, loss)
            case .warning(let text): warnings.append(text)
            default: break
            }
        }
        return Adapter(bundle: trained.bundle, language: below, session: session, warnings: warnings)
    }
}
