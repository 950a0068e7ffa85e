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
    /// - Throws: an error whose description names the file, the field and the mend.
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
        /// Examples a batch.
        public var batchSize = 16
        /// Pieces a text is cut at, special ones included.
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
    ///   - configuration: `seq_bn`, `double_seq_bn`, `par_bn`, or a YAML file.
    /// - Throws: an error whose description names the file, the field and the mend.
    public func trainAdapter(task: String, configuration: String = "seq_bn", options: Options = Options()) throws
        -> Adapter
    {
        try train(.adapter(.resolve(configuration), from: nil), task: task, rate: 1e-3, options)
    }

    /// Learns attention over frozen adapters for a task (AdapterFusion, Pfeiffer et al. 2021).
    /// - Parameter adapters: trained by this model, or read from bundles.
    /// - Throws: an error whose description names the file, the field and the mend.
    public func fuse(_ adapters: [Adapter], task: String, options: Options = Options()) throws -> Adapter {
        try train(.fusion(adapters.map(\.bundle), .dynamic), task: task, rate: 5e-4, options)
    }

    /// Reads a bundle.
    /// - Throws: an error that says what is wrong with the file, or that it was trained on another model.
    public func load(_ file: String) throws -> Adapter {
        let (bundle, _) = try session.read(file)
        return Adapter(bundle: bundle, session: session)
    }

    private func train(_ recipe: Recipe, task: String, rate: Double, _ options: Options) throws -> Adapter {
        let data = try TaskData.load(TaskDefinition.load(URL(fileURLWithPath: task)))
        var settings = TrainingSettings()
        settings.epochs = options.epochs
        settings.learningRate = options.learningRate ?? rate
        settings.batch = .examples(options.batchSize)
        settings.maxLength = options.maxLength
        settings.seed = options.seed
        let trained = try session.train(recipe, on: [data], name: data.definition.name, settings: settings) { event in
            if case .step(let done, let all, let loss, _) = event { options.progress?(done, all, loss) }
        }
        return Adapter(bundle: trained.bundle, session: session)
    }
}
