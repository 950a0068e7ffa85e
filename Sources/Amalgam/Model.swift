import Adapters
import Bundles
import Corpora
import Foundation
import Tasks
import Training

/// A pretrained encoder, which trains adapters and predicts with them.
///
/// Use a `Model` from one thread at a time. Internally, it uses as many threads as you give it.
public final class Model {
    let session: Session

    /// Loads a model.
    /// - Parameters:
    ///   - nameOrFolder: the name of a fetched model (`minilm`), or a Hugging Face folder with config.json, model.safetensors
    ///     and tokenizer.json, vocab.txt, or vocab.json with merges.txt.
    ///   - threads: the number of threads; nil for all processors. It does not change the results.
    /// - Throws: an error whose description names the file, the field and a fix.
    public init(_ nameOrFolder: String, threads: Int? = nil) throws {
        let store = ModelStore()
        session = try Session(
            folder: store.resolve(nameOrFolder), threads: threads ?? ProcessInfo.processInfo.activeProcessorCount,
            cache: store.home)
    }

    /// Settings of a training. All other settings have the defaults of the command line.
    public struct Options: Sendable {
        /// Passes over the training split.
        public var epochs = 5
        /// Peak learning rate; nil for the default, which is 1e-3 for adapters and 5e-4 for fusion.
        public var learningRate: Double?
        /// Examples per batch.
        public var batchSize = 16
        /// Maximum length of a text in tokens, including special tokens; longer texts are truncated.
        public var maxLength = 128
        /// Seed for all random numbers.
        public var seed = 0
        /// Called after each step with the number of finished steps, the total number of steps, and the loss.
        public var progress: (@Sendable (Int, Int, Double) -> Void)?

        /// Creates the default settings.
        public init() {}
    }

    /// Trains an adapter and a head for a task (Pfeiffer et al. 2021 by default). The model stays frozen.
    /// - Parameters:
    ///   - task: a task's YAML, or a folder with train, dev and test files.
    ///   - configuration: `seq_bn`, `double_seq_bn`, `par_bn`, `ia3`, or a YAML file.
    ///   - language: a language adapter to put under the task's adapter (MAD-X, Pfeiffer et al. 2020); it stays frozen.
    /// - Throws: an error whose description names the file, the field and a fix.
    public func trainAdapter(
        task: String, configuration: String = "seq_bn", language: Adapter? = nil, options: Options = Options()
    ) throws -> Adapter {
        try train(.adapter(.resolve(configuration), from: nil), task: task, language: language, rate: 1e-3, options)
    }

    /// Learns attention over frozen adapters for a task (AdapterFusion, Pfeiffer et al. 2021).
    /// - Parameters:
    ///   - adapters: adapters that were trained on this model, or read from bundles.
    ///   - language: a language adapter to put under the fusion; it stays frozen.
    /// - Throws: an error whose description names the file, the field and a fix.
    public func fuse(
        _ adapters: [Adapter], task: String, language: Adapter? = nil, options: Options = Options()
    ) throws -> Adapter {
        let below = try language.map { try LanguageAdapter($0.bundle) }
        let fused = adapters.map(\.bundle)
        return try train(
            .fusion(fused, .dynamic), task: task, language: language, rate: 5e-4, options,
            warnings: fused.compactMap { $0.warning(on: below, file: $0.name) })
    }

    /// Reads a bundle. It can contain a language adapter, to put under other adapters.
    /// - Parameter language: the language adapter to put under the bundle's adapter. `Adapter.warnings` says so if the bundle
    ///   was trained on another language adapter or on none.
    /// - Throws: an error that says what is wrong with the file, or that it was trained on another model or tokenizer.
    public func load(_ file: String, language: Adapter? = nil) throws -> Adapter {
        let (bundle, warnings) = try session.read(file)
        let below = try language.map { try LanguageAdapter($0.bundle) }
        return Adapter(
            bundle: bundle, language: below, session: session,
            warnings: warnings + [bundle.warning(on: below, file: file)].compactMap { $0 })
    }

    private func train(
        _ recipe: Recipe, task: String, language: Adapter?, rate: Double, _ options: Options, warnings: [String] = []
    ) throws -> Adapter {
        let data = try TaskData.load(TaskDefinition.load(URL(fileURLWithPath: task)))
        var settings = TrainingSettings()
        settings.epochs = options.epochs
        settings.learningRate = options.learningRate ?? rate
        settings.batch = .examples(options.batchSize)
        settings.maxLength = options.maxLength
        settings.seed = options.seed
        var warnings = data.warnings + warnings
        let below = try language.map { try LanguageAdapter($0.bundle) }
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
