import Adapters
import Bundles
import Dispatch
import Models
import Numerics
import Tasks

/// Ranks bundles for a task by their features (`TransferabilityScore`): one pass over the task's training texts for each.
extension Session {
    /// - Parameters:
    ///   - bundles: that fit the model, as callers name them.
    ///   - language: stays below every bundle, and below no bundle.
    ///   - progress: called before each pass: those that are done, all of them, and the bundle's name (nil: the model alone).
    /// - Throws: `TrainingError` for settings out of range or a task without training examples; `BundleError.members` if no
    ///   bundle is left
    package func advise(
        on task: TaskData, bundles: [(name: String, bundle: AdapterBundle)], language: LanguageAdapter? = nil,
        settings: AdviceSettings, progress: (_ done: Int, _ of: Int, _ name: String?) -> Void = { _, _, _ in }
    ) throws -> Advice {
        try settings.validate()
        guard !task.train.isEmpty else {
            throw TrainingError.noExamples(task: task.definition.name, split: "train")
        }
        let prefix = settings.prefix ?? model.textPrefix
        let named = try adviceHead(for: task, pooling: settings.pooling, prefix: prefix)
        let chosen = StratifiedSample.indices(of: task.train, limit: settings.texts, seed: settings.seed)
        let examples = encode(
            [(named.head, chosen.map { task.train[$0] })], maxLength: settings.maxLength, prefix: prefix,
            taken: (bundles.flatMap(\.bundle.members) + [language?.member].compactMap { $0 }).takenPositions)
        let metric = try Metrics.standard.metric(of: task.definition)
        let pass = AdvicePass(
            session: self, examples: examples, head: named.head, metric: metric, language: language,
            precision: settings.precision)

        var (rows, skipped): ([Advice.Row], [(name: String, reason: String)]) = ([], [])
        let usable = bundles.filter { name, bundle in
            guard bundle.overlay != nil || bundle.composition == nil else { return true }
            skipped.append((name, "it is of kind \(bundle.kind.rawValue) and has no adapters"))
            return false
        }
        let base = try pass.row("", of: nil) { progress(0, usable.count + 1, nil) }
        for (i, (name, bundle)) in usable.enumerated() {
            do {
                rows.append(try pass.row(name, of: bundle) { progress(i + 1, usable.count + 1, name) })
            } catch {
                skipped.append((name, "\(error)"))
            }
        }
        workspace.release()
        guard !rows.isEmpty else {
            let reasons = skipped.map { "\($0.name): \($0.reason)" }.joined(separator: "; ")
            throw BundleError.members(
                "found no bundle with adapters that can be ranked" + (reasons.isEmpty ? "" : " (\(reasons))")
                    + ", expected at least one; give bundles from train-adapter, train-language or fuse")
        }
        let scores = rows.map { $0.scores[settings.method] ?? -.infinity }
        let order = rows.indices.sorted { (-scores[$0], $0) < (-scores[$1], $1) }
        return Advice(
            method: settings.method, ranking: order.map { rows[$0] }, base: base, texts: examples.count,
            allTexts: task.train.count, skipped: skipped)
    }
}

extension Session {
    /// What reads the task's examples for scores: the linear head, or one whose rows have classes of their own, as the labels of a
    /// tree's arcs.
    /// - Throws: `TrainingError.mismatch` for kinds of task whose rows have no targets that scores know
    fileprivate func adviceHead(for task: TaskData, pooling: Pool.Kind, prefix: String) throws -> NamedHead {
        let kind = task.definition.kind
        let linearKinds = Self.linearKinds
        if linearKinds.contains(kind) { return try head(for: task, pooling: pooling, prefix: prefix, isLinear: true) }
        let named = try head(for: task, pooling: pooling, prefix: prefix)
        if case .arcs = named.head.output { return named }
        throw TrainingError.mismatch(
            "task \(task.definition.name): found kind \(kind), whose features cannot be ranked without training, expected one of "
                + "\((linearKinds + [DependencyParsing.name]).joined(separator: ", ")); to see which bundle helps, train with "
                + "each and compare")
    }
}

/// The task's texts, on their way through one bundle after another.
private struct AdvicePass {
    let session: Session
    let examples: EncodedExamples
    let head: any Head
    let metric: any Metric.Type
    let language: LanguageAdapter?
    let precision: Precision

    /// - Parameter bundle: nil: the model alone
    func row(_ name: String, of bundle: AdapterBundle?, _ begin: () -> Void) throws -> Advice.Row {
        begin()
        let start = DispatchTime.now().uptimeNanoseconds
        var arrangement =
            bundle.map { Arrangement(model: session.model, bundle: $0) } ?? Arrangement(model: session.model)
        if let language { arrangement.stack(on: language) }
        if let tree = arrangement.composition, tree.batchSize != nil {
            throw AdapterError.composition(
                "\(tree.text): found batchsplit, expected a composition for texts in any order")
        }
        let network = try Network(arrangement, seed: 0, precision: precision)
        // Its own head tells of the source's classes, if it reads texts where the task does, or words
        let source = arrangement.heads.indices.first {
            let head = arrangement.heads[$0].head
            return head.output.isClasses && (head.input == .marked) == (self.head.input == .marked)
        }
        let serving = (source ?? arrangement.heads.indices.first).map { arrangement.heads[$0].name }
        let extractor = try FeatureExtractor(
            network, input: head.input, serving: serving, output: source, workspace: session.workspace)
        let run = try extractor.run(examples)
        let features = run.features
        var output = run.output
        guard features.values.allSatisfy(\.isFinite) else {
            throw TrainingError.mismatch("found features that are NaN or infinite, expected finite numbers")
        }
        let classes = source.map { arrangement.heads[$0].head.labels.count } ?? 0
        output.withUnsafeMutableBufferPointer { output in
            guard let values = output.baseAddress, classes > 0 else { return }
            for row in 0..<features.rows { session.workspace.softmax(values + row * classes, count: classes) }
        }
        let sample = TransferabilitySample(
            features: features, column: examples.columns[0], head: head, metric: metric, source: output,
            sourceClasses: classes, pool: session.workspace.pool)
        var scores: [String: Double] = [:]
        for score in TransferabilityScores.builtIn {
            if let value = score.value(sample), value.isFinite { scores[score.name] = value }
        }
        let seconds = Double(DispatchTime.now().uptimeNanoseconds - start) / 1e9
        return Advice.Row(name: name, scores: scores, seconds: seconds)
    }
}
