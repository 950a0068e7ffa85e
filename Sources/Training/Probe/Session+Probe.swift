import Bundles
import Files
import Foundation
import Models
import Numerics
import Tasks

/// Linear probes: a head with one layer, fitted to features that are computed once.
extension Session {
    /// Fits a head to what the recipe's frozen adapters give.
    /// - Parameters:
    ///   - tasks: exactly one.
    ///   - settings: of these, the maximum length and the precision count.
    ///   - keeping: tells whether the run has ended before, and when to stop; a probe has no checkpoint.
    /// - Throws: `TrainingError`, and what the bundles and the model throw.
    func fitProbe(
        _ recipe: Recipe, on tasks: [TaskData], name: String, pooling: Pool.Kind, prefix: String,
        language: LanguageAdapter?, settings: TrainingSettings, keeping: CheckpointSettings?,
        memoryLimit: MemoryLimit?, observe: @escaping (TrainingEvent) -> Void
    ) throws -> Trained {
        guard let task = tasks.first, tasks.count == 1 else {
            throw TrainingError.setting(
                name: "--linear-probe", found: counted(tasks.count, "task"), expected: "one; fit a probe for each")
        }
        let begin = DispatchTime.now().uptimeNanoseconds
        let name = Self.safeName(name)
        let head = try self.head(for: task, pooling: pooling, prefix: prefix, isLinear: true)
        var arrangement = try recipe.arrangement(model: model, heads: [head], name: name, tokenizer: tokenizer)
        if let untrained = arrangement.trainable.first(where: { !$0.name.hasPrefix(head.scope + "/") }) {
            throw TrainingError.setting(
                name: "--compose", found: "\(untrained.name), which is not trained",
                expected: "adapters and blocks from bundles: a linear probe trains nothing below its head")
        }
        if let language { arrangement.stack(on: language) }
        let network = try Network(arrangement, seed: UInt64(settings.seed), precision: settings.precision)
        try BundleFile.check(network.skeleton(name: name, base: base))
        for warning in recipe.warnings { observe(.warning(warning)) }
        let input = try trainingTask(
            [0], of: tasks, heads: [head.head], settings: settings, prefix: prefix,
            taken: arrangement.takenPositions)
        let data = Self.dataHash(tasks)
        let identity = RunIdentity(
            network: network, kind: "linear probe \(LinearProbe.grid)", name: name, base: fingerprint, data: data,
            settings: settings, scheduler: "", tasks: [input], tokenizer: tokenizer.identity)
        if let keeping, keeping.resumes, keeping.isDone(identity.digest) { throw TrainingError.done }
        model.releasePages()
        let estimate = PeakMemory.resident + Self.probeBytes(input, head: head.head, hidden: model.configuration.hidden)
        try Self.check(estimate, memoryLimit)

        let extractor = try FeatureExtractor(
            network, input: head.head.input, serving: head.name, workspace: workspace)
        let batches = extractor.count(input.train) + extractor.count(input.dev)
        observe(.started(steps: batches, tokens: input.train.tokens + input.dev.tokens))
        var (done, tokens) = (0, 0)
        func features(_ examples: EncodedExamples) throws -> Features {
            try extractor.run(examples) { batch in
                if keeping?.stops() == true {
                    throw TrainingError.stopped(step: done, of: batches, checkpoint: nil)
                }
                (done, tokens) = (done + 1, tokens + batch)
                observe(.step(done: done, of: batches, loss: .nan, tokens: tokens))
            }.features
        }
        let train = try features(input.train)
        let dev = try input.dev.count > 0 ? features(input.dev) : nil
        workspace.release()
        guard (train.values + (dev?.values ?? [])).allSatisfy(\.isFinite) else {
            throw TrainingError.mismatch(
                "task \(task.definition.name): found features that are NaN or infinite, expected finite numbers; check the "
                    + "model and the adapters below the probe")
        }
        let metric = try Metrics.standard.metric(of: task.definition)
        let devHasTargets = task.dev.contains { $0.isScored }
        let probe = LinearProbe(
            train, input.train.columns[0],
            dev: devHasTargets ? dev.map { ($0, input.dev.columns[0]) } : nil, head: head.head, metric: metric,
            pool: workspace.pool)
        network.set(probe.model, of: head)

        var result = TrainingResult()
        result.steps = probe.model.iterations
        result.epochs = 1
        result.tokens = tokens
        result.seconds = Double(DispatchTime.now().uptimeNanoseconds - begin) / 1e9
        if probe.judge == .dev, let evaluation = probe.evaluation {
            result.dev = [task.definition.name: evaluation]
        }
        observe(.finished)
        var provenance = Provenance()
        provenance.task = task.definition.name
        provenance.license = task.definition.license ?? ""
        provenance.dataSHA256 = data
        provenance.seed = settings.seed
        provenance.settings =
            ConfigurationValue.map([
                "max_length": .init(settings.maxLength), "precision": .string(settings.precision.rawValue),
                "linear_probe": probe.record,
            ]).json
        provenance.metrics = Self.metrics(result.dev)
        (provenance.steps, provenance.epochs) = (result.steps, result.epochs)
        provenance.kernels = Products.description
        provenance.startedFrom = try recipe.startedFrom(unfreezes: false)
        provenance.texts = Self.texts(tasks, recipe)
        var bundle = try network.bundle(name: name, base: base, provenance: provenance)
        if let calibrated = probe.calibrated { bundle.heads[0].head = calibrated }
        var trained = Trained(
            bundle: bundle, result: result,
            trainable: network.parameters.trainable, memoryEstimate: max(PeakMemory.bytes, estimate),
            run: identity.digest, longest: longest(settings.maxLength, taken: arrangement.takenPositions))
        trained.truncated = input.train.truncated
        trained.probe = probe
        return trained
    }

    /// The features of all rows, and what a fit takes beside them on each thread.
    private static func probeBytes(_ task: TrainingTask, head: any Head, hidden: Int) -> Int {
        let rows = [task.train, task.dev].reduce(0) { $0 + ($1.rows(head.input).offsets.last ?? 0) }
        let fit = 8 * (rows * head.output.width * 2 + 3 * hidden * hidden + 24 * hidden * head.output.width)
        return 4 * rows * hidden * 2 + LinearProbe.grid.count * fit
    }

    private static func check(_ bytes: Int, _ limit: MemoryLimit?) throws(TrainingError) {
        guard let limit, bytes > limit.bytes else { return }
        throw .memory(
            needed: bytes, limit: limit, smaller: "a head that is trained in steps", fits: true,
            least: PeakMemory.resident, otherwise: "")
    }
}

extension Network {
    /// Puts a fitted layer into a head.
    fileprivate func set(_ model: LinearModel, of head: NamedHead) {
        for (name, values) in [("weight", model.weights), ("bias", model.bias)] {
            guard let parameter = parameters["\(head.scope)/out.\(name)"], parameter.count == values.count else {
                preconditionFailure("\(head.scope) is no head of one layer")
            }
            for (i, value) in values.enumerated() { parameter.values[i] = value }
        }
    }
}

extension LinearProbe {
    /// For provenance and the run log.
    package var record: ConfigurationValue {
        var fields: [String: ConfigurationValue] = [
            "inverse_strength": .number(inverseStrength),
            "candidates": .list(
                candidates.map {
                    .map([
                        "inverse_strength": .number($0.inverseStrength),
                        "score": $0.score.isFinite ? .number($0.score) : .null,
                        "loss": $0.loss.isFinite ? .number($0.loss) : .null,
                    ])
                }),
        ]
        switch judge {
        case .dev: fields["chosen_on"] = .string("dev")
        case .folds(let count):
            fields["chosen_on"] = .string("folds")
            fields["folds"] = .init(count)
        case .none: fields["chosen_on"] = .null
        }
        return .map(fields)
    }
}
