import Bundles
import Files
import Foundation
import Tasks
import Training

extension Model {
    /// Starts a training on one task.
    /// - Parameters:
    ///   - recipe: What learns.
    ///   - task: With a train split.
    ///   - language: A language adapter to put below everything; it stays frozen, and the bundle does not contain it.
    ///   - options: Everything else.
    /// - Returns: The running job. Mistakes in the task or the options are thrown by its events and its result.
    public func train(
        _ recipe: TrainingRecipe, on task: TextTask, language: AdapterBundle? = nil,
        options: TrainingOptions = TrainingOptions()
    ) -> TrainingJob {
        train(recipe, on: [task], language: language, options: options)
    }

    /// Starts a training on several tasks, with a head for each.
    /// - Parameters:
    ///   - recipe: What learns.
    ///   - tasks: With train splits and different names.
    ///   - language: A language adapter to put below everything; it stays frozen, and the bundle does not contain it.
    ///   - options: Everything else.
    /// - Returns: The running job. Mistakes in the tasks or the options are thrown by its events and its result.
    public func train(
        _ recipe: TrainingRecipe, on tasks: [TextTask], language: AdapterBundle? = nil,
        options: TrainingOptions = TrainingOptions()
    ) -> TrainingJob {
        job(options) { run in
            let settings = try options.settings(rate: recipe.rate)
            guard let scheduler = TaskSchedulers.named(options.scheduler) else {
                throw TrainingError.setting(
                    name: "scheduler", found: options.scheduler, expected: TaskSchedulers.names.joined(separator: ", "))
            }
            guard !tasks.isEmpty else {
                throw TrainingError.setting(name: "tasks", found: "none", expected: "at least one task")
            }
            let data = try tasks.map { try $0.load() }
            for task in data {
                run.warn(.data, task.warnings)
                if task.dev.isEmpty, task.unscorable[.dev] == nil {
                    run.warn(
                        .data,
                        ["\(task.definition.name): no dev split, so the last epoch is kept"])
                }
            }
            let below = try language.map { try self.languageAdapter($0, run) }
            for bundle in recipe.bundles {
                run.warn(try self.check(bundle, allowsOtherModel: false))
                guard recipe.warnsOfLanguages else { continue }
                run.warn(.language, [bundle.stored.warning(on: below, file: bundle.label)].compactMap { $0 })
            }
            let (resolved, warnings) = try recipe.resolved()
            run.warn(warnings)
            let session = self.session()
            let trained = try session.train(
                resolved, on: data, name: options.name ?? Session.name(ofTasks: data.map(\.definition.name)),
                pooling: options.pooling?.stored, prefix: options.textPrefix, language: below, settings: settings,
                scheduler: scheduler, keeping: run.keeping, memoryLimit: options.memoryLimit.stored,
                observe: run.observe)
            return TrainingResult(trained, warnings: run.warnings)
        }
    }

    /// Starts a training on running text: masked language modeling.
    /// - Parameters:
    ///   - recipe: A head for masked tokens, or a language adapter below such a head.
    ///   - corpora: One language each, or more; each gives an equal share of `tokens`.
    ///   - tokens: Of an epoch at most; nil for all. The seed selects the lines.
    ///   - options: Everything else; options of heads and tasks have no effect.
    /// - Returns: The running job. ``TrainingResult/perplexity`` tells how good it is.
    public func trainLanguage(
        _ recipe: LanguageRecipe, on corpora: [TextCorpus], tokens: Int? = nil,
        options: TrainingOptions = TrainingOptions()
    ) -> TrainingJob {
        job(options) { run in
            let settings = try options.settings(rate: 4e-3)
            if let tokens, tokens < 1 {
                throw TrainingError.setting(name: "tokens", found: "\(tokens)", expected: "1 or more")
            }
            guard !corpora.isEmpty else {
                throw TrainingError.setting(name: "corpora", found: "none", expected: "at least one corpus")
            }
            for bundle in recipe.bundles { run.warn(try self.check(bundle, allowsOtherModel: false)) }
            let trained = try self.session().trainLanguage(
                recipe.stored, on: corpora.map(\.stored), name: options.name ?? recipe.name(corpora), tokens: tokens,
                settings: settings, keeping: run.keeping, memoryLimit: options.memoryLimit.stored,
                observe: run.observe)
            return TrainingResult(trained, warnings: run.warnings)
        }
    }

    /// A bundle as the language adapter below others.
    func languageAdapter(_ bundle: AdapterBundle, _ run: JobRun? = nil) throws -> LanguageAdapter {
        let adapter = try LanguageAdapter(bundle.stored)
        let warnings = try check(bundle, allowsOtherModel: false)
        run?.warn(warnings)
        if !bundle.stored.heads.isEmpty {
            run?.warn(
                .language,
                ["\(bundle.label): trained for \(bundle.stored.provenance.task), not for a language"])
        }
        return adapter
    }

    /// A job with its checkpoint: held by this job alone, and removed once the bundle is written.
    private func job(
        _ options: TrainingOptions, _ body: @escaping @Sendable (JobRun) throws -> TrainingResult
    ) -> TrainingJob {
        TrainingJob { isCancelled, tell in
            do {
                let kept = options.checkpoint
                var lock: OutputLock?
                if let kept {
                    try Folder.make(kept.file.deletingLastPathComponent())
                    lock = try OutputLock(kept.file, who: "training")
                    AtomicFile.removeTemporaries(of: [kept.file])
                }
                defer { withExtendedLifetime(lock) {} }
                let keeping = CheckpointSettings(
                    kept?.file, every: kept?.interval ?? .infinity, resumes: kept?.resumes ?? false,
                    stops: isCancelled)
                if isCancelled() { throw CancellationError() }
                let result = try body(JobRun(keeping: keeping, tell: tell))
                if let kept {
                    if let output = kept.output { try result.bundle.write(to: output) }
                    try? FileManager.default.removeItem(at: kept.file)
                }
                return result
            } catch TrainingError.stopped {
                throw CancellationError()
            } catch let error as CancellationError {
                throw error
            } catch {
                throw AmalgamError(error)
            }
        }
    }
}

/// What a training gets of its job. It is used on the job's thread alone.
final class JobRun {
    let keeping: CheckpointSettings
    private(set) var warnings: [Warning] = []
    private let tell: @Sendable (TrainingEvent) -> Void

    init(keeping: CheckpointSettings, tell: @escaping @Sendable (TrainingEvent) -> Void) {
        self.keeping = keeping
        self.tell = tell
    }

    func warn(_ all: [Warning]) {
        for warning in all {
            warnings.append(warning)
            tell(.warning(warning))
        }
    }

    func warn(_ kind: Warning.Kind, _ texts: [String]) { warn(texts.map { .of(kind, $0) }) }

    /// Passes on the news of the training loop.
    func observe(_ event: Training.TrainingEvent) {
        guard let event = TrainingEvent(event) else { return }
        if case .warning(let warning) = event { warnings.append(warning) }
        tell(event)
    }
}
