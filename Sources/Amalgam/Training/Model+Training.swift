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
        train(recipe, on: tasks, language: language, options: options, teacher: nil)
    }

    /// - Parameter teacher: of the only task; nil: there is none.
    func train(
        _ recipe: TrainingRecipe, on tasks: [TextTask], language: AdapterBundle?, options: TrainingOptions,
        teacher: TeacherBundle?
    ) -> TrainingJob {
        let names = tasks.map(\.name)
        let purpose = JobPurpose(
            who: recipe.kind.rawValue, kind: recipe.kind, subject: names.joined(separator: "+"), options: options)
        return job(purpose) { run in
            var settings = try options.settings(rate: recipe.rate, adapters: recipe.adapterRate)
            settings.distillation = try teacher?.settings()
            guard let scheduler = TaskSchedulers.named(options.scheduler) else {
                throw TrainingError.setting(
                    name: "--scheduler", found: options.scheduler,
                    expected: TaskSchedulers.names.joined(separator: ", "))
            }
            guard !tasks.isEmpty else {
                throw TrainingError.setting(name: "--tasks", found: "none", expected: "at least one task")
            }
            let best = options.taskBestFolder.map { folder in
                Dictionary(
                    names.map { ($0, folder.appendingPathComponent("\(Session.safeName($0)).h5")) },
                    uniquingKeysWith: { first, _ in first })
            }
            for file in best?.values.sorted(by: { $0.path < $1.path }) ?? [] { try BundleTarget.check(file) }
            let data = try tasks.map { try $0.load(labels: try teacher?.labels($0)) }
            if options.maxLength == nil {
                let lengths = data.compactMap { TaskKinds.standard[$0.definition.kind]?.maxLength }
                settings.maxLength = lengths.max() ?? settings.maxLength
            }
            for task in data {
                run.warn(.data, task.warnings)
                if task.dev.isEmpty, task.unscorable[.dev] == nil, !recipe.isProbe {
                    run.warn(
                        .data,
                        [
                            "\(task.definition.name): no dev split, so the last epoch is kept; --keep best and --patience "
                                + "need a dev split"
                        ])
                }
            }
            let below = try language.map { try self.languageAdapter($0, options.allowsOtherModel, run.warn) }
            for bundle in recipe.bundles + [teacher?.bundle].compactMap({ $0 }) {
                run.warn(try self.check(bundle, allowsOtherModel: options.allowsOtherModel))
                guard recipe.warnsOfLanguages else { continue }
                run.warn(.language, [bundle.stored.warning(on: below, file: bundle.label)].compactMap { $0 })
            }
            let (resolved, warnings) = try recipe.resolved()
            run.warn(warnings)
            let session = try self.session()
            let teaching = try settings.distillation.flatMap { distillation in
                try teacher?.teaching(
                    on: tasks[0], data[0], session, language: below, options: options, distillation, run)
            }
            let name = options.name ?? Session.name(ofTasks: names)
            try run.record(in: options.tensorBoardFolder, name: name, settings)
            let trained = try session.train(
                resolved, on: data, name: name,
                pooling: options.pooling?.stored, prefix: options.textPrefix, language: below, teaching: teaching,
                settings: settings,
                scheduler: scheduler, keeping: run.keeping, memoryLimit: options.memoryLimit.stored,
                activationCache: options.activationCache.limit, cosinesEvery: options.gradientCosines,
                observe: run.observe)
            var fields = RunLog.fields(trained, on: data, scheduler: scheduler.name, settings)
            for (task, file) in best ?? [:] {
                guard let bundle = trained.taskBest[task]?.bundle else { continue }
                try Folder.make(file.deletingLastPathComponent())
                try AtomicFile.replace(file, with: BundleFile.data(bundle))
            }
            if let teaching, let teacher {
                fields["teacher"] = .map([
                    "name": .string(teacher.bundle.name), "dev": teaching.dev.map { Session.metrics($0) } ?? .null,
                    "texts": .init(teaching.task.train.count - data[0].train.count),
                ])
            }
            fields["model_notes"] = .list(self.loaded.model.notes.map { .string($0) })
            return (trained, fields)
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
        let name = options.name ?? recipe.name(corpora)
        let purpose = JobPurpose(
            who: "a language", kind: recipe.kind, subject: Session.safeName(name), options: options)
        return job(purpose) { run in
            let settings = try options.settings(rate: 4e-3)
            if let tokens, tokens < 1 {
                throw TrainingError.setting(name: "--tokens", found: "\(tokens)", expected: "1 or more")
            }
            guard !corpora.isEmpty else {
                throw TrainingError.setting(name: "--text", found: "none", expected: "at least one corpus")
            }
            for bundle in recipe.bundles {
                run.warn(try self.check(bundle, allowsOtherModel: options.allowsOtherModel))
            }
            try run.record(in: options.tensorBoardFolder, name: name, settings)
            let trained = try self.session().trainLanguage(
                recipe.stored, on: corpora.map(\.stored), name: name, tokens: tokens, settings: settings,
                keeping: run.keeping, memoryLimit: options.memoryLimit.stored, observe: run.observe)
            return (trained, RunLog.fields(trained.language))
        }
    }

    /// Starts a training of a decoder's adapter on answers to prompts: causal language modeling whose loss counts the answers'
    /// tokens alone.
    /// - Parameters:
    ///   - configuration: The method and its fields.
    ///   - prompts: With their answers.
    ///   - chat: Makes each prompt what a user says, as the model's chat template writes it; nil: a prompt is a text to be continued. The
    ///     bundle does not tell: set the same ``GenerationOptions/chat`` when it is used.
    ///   - options: Everything else; options of heads and tasks have no effect.
    /// - Returns: The running job. ``TrainingResult/answers`` tells how good it is.
    public func trainAnswers(
        _ configuration: AdapterConfiguration, on prompts: AnsweredPrompts, chat: GenerationOptions.Chat? = nil,
        options: TrainingOptions = TrainingOptions()
    ) -> TrainingJob {
        let name = options.name ?? prompts.name
        let purpose = JobPurpose(
            who: "a training on answers", kind: .adapter, subject: Session.safeName(name), options: options)
        return job(purpose) { run in
            let settings = try options.settings(rate: 1e-3)
            try run.record(in: options.tensorBoardFolder, name: name, settings)
            let trained = try self.writingSession().trainAnswers(
                configuration.stored, on: prompts.stored, chat: chat?.turns, name: name, settings: settings,
                keeping: run.keeping, memoryLimit: options.memoryLimit.stored, observe: run.observe)
            return (trained, RunLog.fields(trained.answers))
        }
    }

    /// A bundle as the language adapter below others.
    func languageAdapter(
        _ bundle: AdapterBundle, _ allowsOtherModel: Bool = false, _ warn: ([Warning]) -> Void = { _ in }
    ) throws -> LanguageAdapter {
        warn(try check(bundle, allowsOtherModel: allowsOtherModel))
        let adapter = try LanguageAdapter(bundle.stored)
        if !bundle.stored.heads.isEmpty {
            warn([
                .of(
                    .language,
                    "\(bundle.label): trained for \(bundle.stored.provenance.task), not for a language; give a bundle "
                        + "from train-language")
            ])
        }
        return adapter
    }

    /// A job with its files: held by this job alone, and written when it ends.
    private func job(
        _ purpose: JobPurpose,
        _ body: @escaping @Sendable (JobRun) throws -> (Session.Trained, [String: ConfigurationValue])
    ) -> TrainingJob {
        TrainingJob { isCancelled, tell in
            let start = Date()
            let files = try purpose.options.checkpoint.map { try TrainingFiles($0, who: purpose.who) }
            defer { withExtendedLifetime(files) {} }
            if isCancelled() { throw CancellationError() }
            let run = JobRun(
                keeping: files?.keeping(isCancelled) ?? CheckpointSettings(nil, every: .infinity, stops: isCancelled),
                tell: tell)
            if let kind = Bundles.AdapterBundle.Kind(rawValue: purpose.kind.rawValue) {
                run.warn(.training, files?.warnings(kind: kind, subject: purpose.subject) ?? [])
            }
            do {
                let (trained, fields) = try body(run)
                let log = RunLog(trained, fields, threads: self.threads, start: start)
                var result = TrainingResult(trained, log: log, warnings: run.warnings)
                result.isModelsMaximum = result.maxLength < trained.bundle.provenance.maxLength ?? 0
                try files?.finish(&result, log)
                return result
            } catch TrainingError.done {
                guard let result = try files?.finished() else { throw TrainingError.done }
                return result
            }
        }
    }
}

/// What a job is for.
private struct JobPurpose: Sendable {
    /// For others who would write the same files.
    var who: String
    /// Of the bundle.
    var kind: AdapterBundle.Kind
    /// Its tasks, or its language's name.
    var subject: String
    var options: TrainingOptions
}

/// What a training gets of its job. It is used on the job's thread alone.
final class JobRun {
    let keeping: CheckpointSettings
    private(set) var warnings: [Warning] = []
    private let tell: @Sendable (TrainingEvent) -> Void
    private var events: TrainingEvents?

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

    /// Writes an event file from now on.
    /// - Parameters:
    ///   - folder: nil: none is wanted
    ///   - name: of the bundle
    func record(in folder: URL?, name: String, _ settings: TrainingSettings) throws {
        guard let folder else { return }
        events = try TrainingEvents(folder, name: Session.safeName(name), settings) { [keeping] in
            guard keeping.resumes, let checkpoint = keeping.url else { return false }
            return FileManager.default.fileExists(atPath: checkpoint.path)
        } failed: { [unowned self] in
            warn(.training, [$0])
        }
    }

    /// Passes on the news of the training loop.
    func observe(_ event: Training.TrainingEvent) {
        events?.hear(event)
        guard let event = TrainingEvent(event) else { return }
        if case .warning(let warning) = event { warnings.append(warning) }
        tell(event)
    }
}
