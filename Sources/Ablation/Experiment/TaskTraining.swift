import Bundles
import Files
import Numerics
import Tasks
import Training

/// A recipe on one task, or on several with one model.
package struct TaskTraining: CellTraining {
    package var recipe: CellRecipe
    package var tasks: [ExperimentTask]
    /// Of the bundle, and of a new adapter in it.
    package var bundleName: String
    /// A language's adapter beneath all that is trained.
    package var language: CellInput?
    /// Orders the batches of several tasks.
    package var scheduler: String
    /// nil: what the model was made for.
    package var pooling: Pool.Kind?
    /// Stands before each text; nil: what the model was made for.
    package var prefix: String?

    package init(
        _ recipe: CellRecipe, on tasks: [ExperimentTask], on language: CellInput? = nil,
        scheduler: String = TaskSchedulers.builtIn[0].name
    ) {
        self.recipe = recipe
        self.tasks = tasks
        bundleName = tasks.count == 1 ? tasks[0].name : "shared"
        self.language = language
        self.scheduler = scheduler
    }

    package var inputs: [CellInput] { recipe.inputs + [language].compactMap { $0 } }

    package var fields: [String: ConfigurationValue] {
        var fields: [String: ConfigurationValue] = [
            "recipe": .string(recipe.identity), "bundle": .string(bundleName), "language": .bool(language != nil),
            "tasks": .list(tasks.map(\.trainingFields)),
        ]
        // One task has one order
        if tasks.count > 1 { fields["scheduler"] = .string(scheduler) }
        if let pooling { fields["pooling"] = .string(pooling.rawValue) }
        if let prefix { fields["text_prefix"] = .string(prefix) }
        return fields
    }

    package var kind: String {
        let kinds = Set(tasks.map(\.data.definition.kind)).sorted().joined(separator: ", ")
        let parts = [
            recipe.identity, "\(inputs.count) inputs", "\(tasks.count > 1 ? "several" : "one") of \(kinds)",
            pooling?.rawValue ?? "", prefix ?? "",
        ]
        return parts.joined(separator: "; ")
    }

    package func settings(_ given: TrainingSettings) -> TrainingSettings {
        var settings = given
        if !recipe.usesBaseDropout { settings.baseDropout = false }
        return settings
    }

    package func amount(_ session: Session, _ settings: TrainingSettings) throws -> TrainingAmount {
        try tasks.reduce(into: TrainingAmount(texts: 0, train: 0, dev: 0)) { sum, task in
            let train = try task.encoding(.train, in: session, maxLength: settings.maxLength)
            let dev = try task.encoding(.dev, in: session, maxLength: settings.maxLength)
            sum.texts += task.data.train.count
            (sum.train, sum.dev) = (sum.train + train.tokens, sum.dev + dev.tokens)
            sum.encoding += train.seconds + dev.seconds
        }
    }

    /// Texts that are scored in a measurement.
    private static let partOfDev = 64

    package func part(steps: Int, _ settings: TrainingSettings) -> any CellTraining {
        let each = (steps + tasks.count - 1) / max(1, tasks.count)
        let texts =
            switch settings.batch {
            case .examples(let count): each * count
            // Of some thirty tokens
            case .tokens(let count): each * max(1, count / 32)
            }
        var part = self
        part.tasks = tasks.map {
            ExperimentTask($0.data.limited([.train: max(2, texts), .dev: Self.partOfDev], seed: settings.seed))
        }
        return part
    }

    package func train(on inputs: [AdapterBundle], _ run: CellRun) throws -> Session.Trained {
        try run.session.train(
            try recipe.make(Array(inputs.prefix(recipe.inputs.count))), on: tasks.map(\.data), name: bundleName,
            pooling: pooling, prefix: prefix,
            language: try inputs.dropFirst(recipe.inputs.count).first.map { try LanguageAdapter($0) },
            settings: run.settings, scheduler: TaskSchedulers.named(scheduler) ?? TaskSchedulers.builtIn[0],
            keeping: run.keeping, memoryLimit: run.memoryLimit, sharing: run.sharing, observe: run.observe)
    }
}
