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

    package func work(_ session: Session, _ settings: TrainingSettings) throws -> Double {
        let tokens = try tasks.reduce(0.0) { sum, task in
            let train = try task.tokens(.train, in: session, maxLength: settings.maxLength)
            let dev = try task.tokens(.dev, in: session, maxLength: settings.maxLength)
            return sum + Double(train) * recipe.cost + Double(dev) * TokenCost.forward
        }
        return Double(settings.epochs) * tokens * (language == nil ? 1 : 1 + TokenCost.further)
    }

    package func train(on inputs: [AdapterBundle], _ run: CellRun) throws -> Session.Trained {
        try run.session.train(
            try recipe.make(Array(inputs.prefix(recipe.inputs.count))), on: tasks.map(\.data), name: bundleName,
            pooling: pooling, prefix: prefix,
            language: try inputs.dropFirst(recipe.inputs.count).first.map { try LanguageAdapter($0) },
            settings: run.settings, scheduler: TaskSchedulers.named(scheduler) ?? TaskSchedulers.builtIn[0],
            keeping: run.keeping, memoryLimit: run.memoryLimit, observe: run.observe)
    }
}
