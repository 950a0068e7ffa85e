import Files
import Foundation
import Numerics
import Tasks
import Training

/// The facts of a finished training by the names that the run log and `--json` have for them.
struct RunLog {
    private(set) var fields: [String: ConfigurationValue]

    init(fields: [String: ConfigurationValue]) { self.fields = fields }

    /// - Parameters:
    ///   - about: what only this kind of training has.
    ///   - start: of the job.
    init(_ trained: Session.Trained, _ about: [String: ConfigurationValue], threads: Int, start: Date) {
        let result = trained.result
        fields = [
            "trainable_parameters": .init(trained.trainable), "steps": .init(result.steps),
            "epochs": .init(result.epochs), "tokens": .init(result.tokens),
            "tokens_per_second": .number(result.tokensPerSecond.rounded()), "skipped_steps": .init(result.skipped),
            "peak_memory_bytes": .init(PeakMemory.bytes), "truncated": .init(trained.truncated),
            "max_length": .init(trained.longest), "started": .string(ISO8601DateFormatter().string(from: start)),
            "seconds": .number((Date().timeIntervalSince(start) * 10).rounded() / 10), "threads": .init(threads),
            "kernels": .string(Products.description),
            "losses": .list(result.losses.map { .number(($0 * 1e5).rounded() / 1e5) }),
            "memory_estimate_bytes": .init(trained.memoryEstimate), "run": .string(trained.run),
            "activation_cache": result.cached.map { Self.cached($0) } ?? .null,
        ]
        fields.merge(about) { $1 }
    }

    private static func cached(_ cached: Training.CachedActivations) -> ConfigurationValue {
        func part(_ part: Training.CachedActivations.Part?) -> ConfigurationValue {
            guard let part else { return .null }
            return .map([
                "layers": .init(part.layers), "texts": .init(part.texts), "all_texts": .init(part.allTexts),
                "bytes": .init(part.bytes),
            ])
        }
        return .map(["train": part(cached.train), "dev": part(cached.dev)])
    }

    /// What a training on tasks has.
    static func fields(
        _ trained: Session.Trained, on tasks: [TaskData], scheduler: String, _ settings: TrainingSettings
    ) -> [String: ConfigurationValue] {
        /// One task's stand by themselves, several by name.
        func byName(_ value: (TaskData) -> ConfigurationValue) -> ConfigurationValue {
            if tasks.count == 1 { return value(tasks[0]) }
            return .map(Dictionary(tasks.map { ($0.definition.name, value($0)) }) { first, _ in first })
        }
        var dev = ConfigurationValue(json: trained.bundle.provenance.metrics) ?? .map([:])
        if case .map(let scores) = dev, scores.count == 1, let only = scores.first?.value { dev = only }
        var fields: [String: ConfigurationValue] = [
            "dev": dev, "metric": byName { .string($0.definition.metric) },
            "skipped": byName { task in
                .map(
                    byRawValue(Tasks.Split.allCases.filter { task.files[$0] != nil }) {
                        skipped((task.skipped[$0] ?? []).counts)
                    })
            },
            "data": .map(Dictionary(tasks.map { ($0.definition.name, data($0)) }) { first, _ in first }),
        ]
        if let probe = trained.probe { fields["linear_probe"] = probe.record }
        if tasks.count > 1 {
            fields["balancer"] = .map([
                "name": .string(settings.balancer),
                "weights": .map(trained.result.weights.mapValues { .number($0) }),
            ])
            fields["scheduler"] = .map([
                "name": .string(scheduler), "mix": .string(settings.mix.rawValue),
                "exhausted": .string(settings.scheduling.exhausted.rawValue),
                "examples": .map(trained.result.examples.mapValues { .init($0) }),
            ])
        }
        if !trained.result.devScores.isEmpty {
            fields["dev_by_epoch"] = .list(
                trained.result.devScores.map { .map($0.mapValues { $0.isFinite ? .number($0) : .null }) })
            fields["best_epoch"] = trained.result.bestEpoch.map { .init($0 + 1) } ?? .null
        }
        if !trained.taskBest.isEmpty {
            fields["task_best"] = .map(
                trained.taskBest.mapValues { best in
                    .map(["epoch": .init(best.epoch + 1), "dev": .map(best.dev.mapValues { Session.metrics($0) })])
                })
        }
        if !trained.result.cosines.isEmpty {
            fields["gradient_cosines"] = .list(trained.result.cosines.map { cosines($0) })
        }
        return fields
    }

    private static func cosines(_ cosines: Training.GradientCosines) -> ConfigurationValue {
        .map([
            "step": .init(cosines.step), "tasks": .list(cosines.tasks.map { .string($0) }),
            "cosines": .list(cosines.values.map { .list($0.map { $0.isFinite ? .number($0) : .null }) }),
        ])
    }

    /// What a training on running text has.
    static func fields(_ scores: LanguageScores?) -> [String: ConfigurationValue] {
        [
            "perplexity_before": scores?.before.map { .number($0.value) } ?? .null,
            "perplexity": scores?.after.map { .number($0.value) } ?? .null,
            "masked_pieces": .init(scores?.after?.scored ?? 0), "pieces": .init(scores?.distinctTokens ?? 0),
        ]
    }

    /// What a training on answers has.
    static func fields(_ scores: AnswerLikelihood?) -> [String: ConfigurationValue] {
        [
            "loss_before": scores?.before.map { .number($0) } ?? .null,
            "loss": scores?.after.map { .number($0) } ?? .null, "answer_tokens": .init(scores?.scored ?? 0),
        ]
    }

    /// What was read of a task's files.
    private static func data(_ task: TaskData) -> ConfigurationValue {
        .map(
            Dictionary(
                uniqueKeysWithValues: task.files.map { split, facts in
                    (
                        split.rawValue,
                        .map([
                            "file": .string(facts.name), "bytes": .init(facts.bytes), "rows": .init(facts.rows),
                            "examples": .init(task[split].count), "unknown_labels": .init(facts.unknownLabels),
                            "skipped": skipped(facts.skipped),
                        ])
                    )
                }))
    }

    private static func skipped(_ counts: [SkipReason: Int]) -> ConfigurationValue {
        .map([
            "count": .init(counts.values.reduce(0, +)),
            "reasons": .map(byRawValue(Array(counts.keys)) { .init(counts[$0] ?? 0) }),
        ])
    }

    private static func byRawValue<Key: RawRepresentable<String>>(
        _ keys: [Key], _ value: (Key) -> ConfigurationValue
    ) -> [String: ConfigurationValue] {
        Dictionary(keys.map { ($0.rawValue, value($0)) }) { first, _ in first }
    }

    /// The fields as the library shows them.
    var facts: [String: SettingValue] { fields.mapValues { SettingValue($0) } }

    func write(to url: URL) throws(FileError) {
        try AtomicFile.replace(url, with: Data((ConfigurationValue.map(fields).json + "\n").utf8))
    }

    /// A whole number; 0 where the log has none.
    func count(_ name: String) -> Int { Int(exactly: number(name) ?? 0) ?? 0 }

    func number(_ name: String) -> Double? {
        if case .number(let value)? = fields[name] { value } else { nil }
    }

    func text(_ name: String) -> String { if case .string(let text)? = fields[name] { text } else { "" } }

    func numbers(_ name: String) -> [Double] {
        guard case .list(let values)? = fields[name] else { return [] }
        return values.compactMap { if case .number(let value) = $0 { value } else { nil } }
    }
}
