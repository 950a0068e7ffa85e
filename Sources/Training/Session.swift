import Adapters
import Bundles
import Files
import Foundation
import Models
import Numerics
import Tasks
import Text

/// A model with its tokenizer and work areas: everything that is trained or predicted goes through one.
package final class Session {
    package let model: EncoderModel
    package let tokenizer: any Tokenizer
    package let workspace: Workspace
    private let loaded: LoadedModel

    /// - Parameters:
    ///   - loaded: may be used by other sessions at the same time.
    ///   - threads: at least 1; results do not depend on it.
    package init(_ loaded: LoadedModel, threads: Int) {
        self.loaded = loaded
        model = loaded.model
        tokenizer = loaded.tokenizer
        workspace = Workspace(threads: threads)
    }

    /// - Parameters:
    ///   - folder: a Hugging Face folder.
    ///   - cache: remembers the model's fingerprint.
    ///   - storage: how the matrices are held in memory.
    /// - Throws: `ModelError`, `FileError`, `TextError`
    package convenience init(
        folder: URL, threads: Int, cache: URL?, storage: WeightStorage = .stored
    ) throws {
        self.init(try LoadedModel(folder: folder, cache: cache, storage: storage), threads: threads)
    }

    package var fingerprint: String { loaded.fingerprint }

    /// Digest of all in the model's folder that shapes a result: weights, config.json, the tokenizer, and what a task
    /// gets where it does not say otherwise.
    package var identity: String {
        let c = model.configuration
        let pooling = (try? model.pooling())?.rawValue ?? "none"
        return Digest.sha256(
            "\(fingerprint) \(tokenizer.identity) \(c.hiddenDropout) \(c.attentionDropout) \(c.firstPosition) "
                + "\(c.positions) \(pooling) \(model.textPrefix)")
    }

    package var base: BaseIdentity {
        BaseIdentity(
            name: model.name, fingerprint: fingerprint, tokenizer: tokenizer.identity, shape: model.configuration)
    }

    /// See `GroupName.safe`.
    package static func safeName(_ name: String) -> String { GroupName.safe(name) }

    /// The default name of a bundle for these tasks: all of them, or of many the first with a count and a digest.
    package static func name(ofTasks tasks: [String]) -> String {
        let all = safeName(tasks.joined(separator: "+"))
        guard tasks.count > 1, tasks.joined(separator: "+").utf8.count > 120 else { return all }
        let digest = Digest.sha256(tasks.joined(separator: "\n")).prefix(12)
        return safeName("\(tasks[0])+\(tasks.count - 1)_more-\(digest)")
    }

    /// - Parameter taken: positions that virtual tokens take. Where none would remain, the plan refuses (`ComposedAdapters`).
    func longest(_ maxLength: Int, taken: Int = 0) -> Int {
        let most = model.configuration.longestSequence
        return min(maxLength, max(most - taken, min(most, ComposedAdapters.fewestTokens)))
    }

    /// Examples as token ids, truncated where the model or the settings end, with the targets of the heads that read them.
    package func encode(
        _ heads: [(head: any Head, examples: [Example])], maxLength: Int, prefix: String, taken: Int = 0,
        trains: Bool = false
    ) -> EncodedExamples {
        EncodedExamples(
            heads, tokenizer: tokenizer, maxLength: longest(maxLength, taken: taken), prefix: prefix,
            types: model.configuration.types, trains: trains, pool: workspace.pool)
    }

    /// A run's result with the bundle that it made, whatever it was for.
    package struct Trained {
        package var bundle: AdapterBundle
        package var result: TrainingResult
        package var trainable: Int
        /// Largest resident memory that was expected, in bytes.
        package var memoryEstimate: Int
        /// Of `RunIdentity`: runs with the same one end with the same bundle.
        package var run: String
        /// Maximum length in tokens.
        package var longest: Int
        /// Training texts that were truncated; running text is packed instead.
        package var truncated = 0
        /// By task: the bundle of the epoch that was best on its dev, the epoch from 0, and the dev scores.
        package var taskBest: [String: (bundle: AdapterBundle, epoch: Int, dev: [String: Evaluation])] = [:]
        /// How well masked tokens are predicted; nil where tasks were trained.
        package var language: LanguageScores?
        /// How likely held-out answers are; nil where tasks were trained.
        package var answers: AnswerLikelihood?
        /// What a linear probe chose; nil where nothing was probed.
        package var probe: LinearProbe?

        init(
            bundle: AdapterBundle, result: TrainingResult, trainable: Int, memoryEstimate: Int, run: String,
            longest: Int,
            taskBest: [String: (bundle: AdapterBundle, epoch: Int, dev: [String: Evaluation])] = [:]
        ) {
            (self.bundle, self.result, self.trainable) = (bundle, result, trainable)
            (self.memoryEstimate, self.run, self.longest) = (memoryEstimate, run, longest)
            self.taskBest = taskBest
        }

        /// What came of several runs, of which this is the last one's bundle.
        package init(_ bundle: AdapterBundle, _ result: TrainingResult, trainable: Int) {
            self.init(bundle: bundle, result: result, trainable: trainable, memoryEstimate: 0, run: "", longest: 0)
        }
    }

    /// Trains a recipe on one task or several.
    /// - Parameters:
    ///   - name: of the bundle and of a new adapter.
    ///   - pooling: nil: what the model was made for; for a probe, the mean.
    ///   - prefix: stands before each text; nil: what the model was made for.
    ///   - language: stays frozen beneath all that is trained; the bundle knows it, but does not carry it.
    ///   - teaching: what a teacher says of the only task, for `settings.distillation`; nil: there is none.
    ///   - keeping: where the run's checkpoint stands; nil: it has none. Remove it once the bundle is written.
    ///   - memoryLimit: a run that will take more is refused before its first step.
    ///   - activationCache: bytes that may be kept of what frozen layers give; 0: none.
    ///   - sharing: where this session's trainings keep what the model's frozen layers give; nil: each keeps by itself.
    ///   - cosinesEvery: steps between measurements of the cosines of the tasks' gradients; 0: none.
    /// - Throws: `TrainingError` (`.done` where `keeping` would continue a run that has ended), and what the bundles and the
    ///   model throw.
    package func train(
        _ recipe: Recipe, on tasks: [TaskData], name: String, pooling: Pool.Kind? = nil, prefix: String? = nil,
        language: LanguageAdapter? = nil, teaching: Teaching? = nil, settings: TrainingSettings,
        scheduler: any TaskScheduler.Type = TaskSchedulers.builtIn[0],
        keeping: CheckpointSettings? = nil, memoryLimit: MemoryLimit? = nil,
        activationCache: Int = ActivationCache.standardBytes, sharing: SharedActivations? = nil,
        cosinesEvery: Int = 0, observe: @escaping (TrainingEvent) -> Void = { _ in }
    ) throws -> Trained {
        try settings.validate()
        guard recipe.kind != .full || settings.precision == .float32 else {
            throw TrainingError.setting(
                name: "--precision", found: settings.precision.rawValue,
                expected: "fp32: bf16 applies to frozen weights, and here all weights are trained")
        }
        guard !recipe.isProbe else {
            return try fitProbe(
                recipe, on: tasks, name: name, pooling: pooling ?? .mean, prefix: prefix ?? model.textPrefix,
                language: language, settings: settings, keeping: keeping, memoryLimit: memoryLimit, observe: observe)
        }
        let name = Self.safeName(name)
        let tasks = teaching.map { [$0.task] } ?? tasks
        let standard = try pooling ?? model.pooling()
        let taught = teaching.map { [$0.head(pooling: pooling, prefix: prefix, standard: standard)] }
        let prefix = prefix ?? taught?[0].head.textPrefix ?? model.textPrefix
        let heads =
            try taught.map { $0.map(settings.answers.head) }
            ?? tasks.map { try head(for: $0, pooling: standard, prefix: prefix, answers: settings.answers) }
        try settings.answers.check(heads)
        try Self.checkNames(tasks)
        let balancer = try LossBalancers.make(settings.balancer, weights: settings.lossWeights, for: heads)
        let factor = settings.adapterRateFactor
        var arrangement = try recipe.arrangement(
            model: model, heads: heads, name: name, tokenizer: tokenizer, unfreezing: factor)
        let startedFrom = try recipe.startedFrom(unfreezes: factor != nil)
        guard factor == nil || !startedFrom.isEmpty else {
            throw TrainingError.setting(
                name: "--unfreeze", found: "no adapter from a bundle", expected: "adapters that were trained before")
        }
        if let teaching { arrangement.trainable = teaching.start(arrangement.trainable, scope: heads[0].scope) }
        arrangement.trainable += balancer.specs
        if let language { arrangement.stack(on: language) }
        let network = try Network(arrangement, seed: UInt64(settings.seed), precision: settings.precision)
        var skeleton = try network.skeleton(name: name, base: base)
        skeleton.provenance.startedFrom = startedFrom
        try BundleFile.check(skeleton)
        for warning in recipe.warnings { observe(.warning(warning)) }
        if network.parameters.trainable == 0 {
            observe(
                .warning(
                    "nothing is trained: the head has no weights of its own; the bundle answers as the bare model does, and an "
                        + "adapter would learn"))
        }
        let inputs = try SharedTexts.groups(tasks, shares: settings.sharesTexts).map { group in
            var task = try trainingTask(
                group, of: tasks, heads: heads.map(\.head), settings: settings, prefix: prefix,
                taken: arrangement.takenPositions)
            try teaching?.teach(&task.train)
            return task
        }
        var trained = try Self.naming(tasks, shares: settings.sharesTexts) {
            try run(
                network, on: inputs, kind: recipe.kind, name: name, data: Self.dataHash(tasks), settings: settings,
                scheduler: scheduler, balancer: balancer, keeping: keeping, memoryLimit: memoryLimit,
                activationCache: activationCache, sharing: sharing, cosinesEvery: cosinesEvery, observe: observe
            ) { result, provenance in
                provenance.task = tasks.map(\.definition.name).joined(separator: "+")
                provenance.metrics = Self.metrics(result.dev)
                provenance.startedFrom = startedFrom
                provenance.texts = Self.texts(tasks, recipe)
                provenance.license = Set(tasks.compactMap(\.definition.license)).sorted().joined(separator: "; ")
            }
        }
        trained.truncated = inputs.reduce(0) { $0 + $1.train.truncated }
        return trained
    }

    /// Runs the training loop, whatever it is for, and makes the bundle.
    /// - Parameters:
    ///   - data: hash of all that it is trained and scored on.
    ///   - describe: adds task, metrics and license to the bundle's provenance.
    func run(
        _ network: Network, on tasks: [TrainingTask], kind: AdapterBundle.Kind, name: String, data: String,
        settings: TrainingSettings, scheduler: any TaskScheduler.Type = TaskSchedulers.builtIn[0],
        balancer: any LossBalancer = EqualBalancer(), keeping: CheckpointSettings?, memoryLimit: MemoryLimit?,
        activationCache: Int = ActivationCache.standardBytes, sharing: SharedActivations? = nil,
        cosinesEvery: Int = 0, observe: @escaping (TrainingEvent) -> Void,
        describe: (TrainingResult, inout Provenance) -> Void
    ) throws -> Trained {
        let trainer = try Trainer(
            network, tasks: tasks, settings: settings, scheduler: scheduler, balancer: balancer, workspace: workspace,
            activationCache: activationCache, sharing: sharing, cosinesEvery: cosinesEvery, observe: observe)
        let identity = RunIdentity(
            network: network, kind: kind.rawValue, name: name, base: fingerprint, data: data,
            settings: settings, scheduler: scheduler.name, tasks: tasks, tokenizer: tokenizer.identity)
        try BundleFile.check(network.skeleton(name: name, base: base))
        if let keeping, keeping.resumes, let url = keeping.url,
            !FileManager.default.fileExists(atPath: url.path), keeping.isDone(identity.digest)
        {
            throw TrainingError.done
        }
        // What was copied or packed need not stay in memory from the file too
        model.releasePages()
        var estimate = trainer.memoryEstimate(resident: PeakMemory.resident)
        if let memoryLimit { estimate = try trainer.fit(estimate, memoryLimit) }
        let expectedPeak = max(PeakMemory.bytes, estimate.total)
        let result = try trainer.run(keeping, identity: identity)
        network.parameters.releaseGradients()
        var provenance = Provenance()
        provenance.dataSHA256 = data
        provenance.seed = settings.seed
        provenance.settings = settings.json(base: model.storageSummary)
        provenance.steps = result.steps
        provenance.epochs = result.epochs
        provenance.kernels = Products.description
        /// The present state as a bundle.
        func bundled(_ result: TrainingResult) throws -> AdapterBundle {
            var heads: [Int: any Head] = [:]
            for task in tasks where task.dev.count > 0 {
                heads.merge(try task.objective.calibrated(network, dev: task.dev, workspace: workspace)) { first, _ in
                    first
                }
            }
            workspace.release()
            var own = provenance
            describe(result, &own)
            var bundle = try network.bundle(name: name, base: base, provenance: own)
            for (index, head) in heads { bundle.heads[index].head = head }
            return bundle
        }
        let bundle = try bundled(result)
        var taskBest: [String: (bundle: AdapterBundle, epoch: Int, dev: [String: Evaluation])] = [:]
        for (task, best) in trainer.taskBest.sorted(by: { $0.key < $1.key }) {
            network.parameters.values.update(from: best.values.floats, count: network.parameters.count)
            var own = result
            own.dev = best.dev
            taskBest[task] = (try bundled(own), best.epoch, best.dev)
        }
        return Trained(
            bundle: bundle, result: result,
            trainable: network.parameters.trainable - balancer.specs.reduce(0) { $0 + $1.count },
            memoryEstimate: expectedPeak, run: identity.digest,
            longest: longest(settings.maxLength, taken: network.arrangement.takenPositions), taskBest: taskBest)
    }

    /// Turns the examples that an error names into places in the task's file, which a user can look up.
    private static func naming<Result>(
        _ tasks: [TaskData], shares: Bool, _ body: () throws -> Result
    ) throws -> Result {
        do {
            return try body()
        } catch TrainingError.notFinite(var facts) {
            for (i, part) in facts.parts.enumerated() {
                let members = SharedTexts.groups(tasks, shares: shares).lazy.map { $0.map { tasks[$0] } }
                    .first { trainingName($0) == part.task }
                guard let rows = try members.flatMap({ try SharedTexts.rows(.train, of: $0).first }) else { continue }
                let named = part.examples.filter { rows.indices.contains($0) }.map { rows[$0] }
                let elements = named.compactMap(\.element)
                if !named.isEmpty, elements.count == named.count {
                    (facts.parts[i].examples, facts.parts[i].place) = (elements, .element)
                } else if !named.isEmpty, named.allSatisfy({ $0.line > 0 }) {
                    (facts.parts[i].examples, facts.parts[i].place) = (named.map(\.line), .line)
                }
            }
            throw TrainingError.notFinite(facts)
        }
    }

    /// What a training of these tasks on the same texts is called.
    static func trainingName(_ tasks: [TaskData]) -> String { tasks.map(\.definition.name).joined(separator: "+") }

    static func dataHash(_ tasks: [TaskData]) -> String {
        var digest = Digest.Incremental()
        for task in tasks {
            for examples in [task.train, task.dev] {
                CanonicalData.write(examples, labels: task.labels) { piece in
                    piece.withUnsafeBytes { digest.update($0) }
                }
            }
        }
        return digest.hexDigest()
    }

    /// The texts that a recipe learns from, and those that its parts learned from.
    static func texts(_ tasks: [TaskData], _ recipe: Recipe) -> TextSketch? {
        TextSketch.union([TextSketch(tasks.lazy.flatMap(\.train).map(\.textKey))] + recipe.texts)
    }

    static func metrics(_ dev: [String: Evaluation]) -> String {
        ConfigurationValue.map(dev.mapValues(metrics)).json
    }

    /// A task's scores on dev, as provenance has them.
    package static func metrics(_ dev: Evaluation) -> ConfigurationValue {
        var map = dev.metrics.mapValues { ConfigurationValue.number($0) }
        map["metric"] = .string(dev.metric)
        map["loss"] = .number(dev.loss)
        map["examples"] = .init(dev.examples)
        map["unknown_labels"] = .init(dev.unknownLabels)
        return .map(map)
    }
}

extension Session {
    /// The matrix library with its kernels: the same processor and library give the same bytes.
    package var kernels: String { Products.description }
}
