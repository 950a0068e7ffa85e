import Bundles
import Files
import Foundation
import Tasks
import Training

extension Model {
    /// Starts a training of an adapter that answers as another bundle does, such as a fusion, and costs less (knowledge
    /// distillation, Hinton et al. 2015).
    ///
    /// The loss of a class is α T² · KL(teacher ‖ student), both at temperature T, plus (1 − α) times the cross-entropy of the
    /// task's label; of a tag the same, word by word; of a set of labels for each label by itself; of choices over those of a
    /// question; of answers to questions over the start and over the end. Trees are not learned from a teacher. A number is learned by its squared error to α times the teacher's plus
    /// (1 − α) times the task's.
    /// - Parameters:
    ///   - teacher: Any bundle with a head for the task: its labels decide.
    ///   - recipe: What learns.
    ///   - task: With a train split.
    ///   - language: A language adapter to put below the teacher and the student.
    ///   - distillation: How the student learns from the teacher, and further texts.
    ///   - options: Everything else.
    /// - Returns: The running job. ``TrainingResult/teacher`` has the teacher's scores on dev, ``TrainingResult/dev`` the
    ///   student's.
    public func distill(
        _ teacher: AdapterBundle, into recipe: TrainingRecipe = .adapter(), on task: TextTask,
        language: AdapterBundle? = nil, distillation: DistillationOptions = DistillationOptions(),
        options: TrainingOptions = TrainingOptions()
    ) -> TrainingJob {
        train(
            recipe, on: [task], language: language, options: options,
            teacher: TeacherBundle(bundle: teacher, options: distillation))
    }
}

/// A bundle that teaches, and how.
struct TeacherBundle: Sendable {
    let bundle: AdapterBundle
    let options: DistillationOptions

    func settings() throws -> DistillationSettings {
        DistillationSettings(
            temperature: options.temperature, alpha: options.alpha,
            teacher: Digest.sha256(try BundleFile.data(bundle.stored)))
    }

    /// The labels of the head for a task; nil: it predicts numbers.
    func labels(_ task: TextTask) throws -> KnownLabels? {
        let choice = try bundle.stored.head(named: options.head, for: task.headTask, file: bundle.label)
        let labels = bundle.stored.heads[choice.index].head.labels
        return labels.isEmpty ? nil : KnownLabels(labels, source: .bundle(file: bundle.label))
    }

    /// Asks the teacher.
    func teaching(
        on task: TextTask, _ data: TaskData, _ session: Session, language: LanguageAdapter?,
        options training: TrainingOptions,
        _ settings: DistillationSettings, _ run: JobRun
    ) throws -> Teaching {
        let predictor = try Training.Predictor(
            session, bundle: bundle.stored, file: bundle.label, language: language, head: options.head,
            task: task.headTask,
            maxLength: training.maxLength ?? TaskKinds.standard[data.definition.kind]?.maxLength,
            precision: training.precision.stored)
        run.warn(.language, predictor.languageWarnings)
        run.warn(.head, predictor.headWarnings)
        let texts = try options.texts.map { try UnlabeledTexts.read($0, of: data.definition) } ?? []
        return try Teaching(
            bundle.stored, predictor, on: data, texts: texts, settings: settings, startsHead: options.startsFromHead)
    }
}
