import Ablation
import Foundation
import Training

extension Model {
    /// Starts a comparison of adapters, fusion, multi-task training and full fine-tuning on several tasks.
    ///
    /// Every trained arm uses the same training tokens of each task. The report has every arm's scores and costs on each
    /// task, with paired differences and their 95 % intervals.
    /// - Parameters:
    ///   - tasks: With train, dev and test splits and different names.
    ///   - folder: Gets the finished trainings and the report (report.html, report.md, report.json, report.csv); made if needed.
    ///     Trainings that are finished in it are reused.
    ///   - options: Everything else.
    /// - Returns: The running job. Mistakes in the tasks or the options are thrown by its events and its result.
    public func ablate(
        _ tasks: [TextTask], in folder: URL, options: AblationOptions = AblationOptions()
    ) -> ExperimentJob {
        ExperimentJob { run in
            let plan = try options.plan()
            guard !tasks.isEmpty else {
                throw TrainingError.setting(name: "--tasks", found: "none", expected: "at least one task")
            }
            let data = try tasks.map { task in
                let data = try task.load()
                for warning in data.warnings { run.tell(.warning(warning, stage: nil)) }
                return data
            }
            return try run.compare(in: folder, who: "ablate", options) { environment in
                try AblationExperiment(plan, session: try self.session(), tasks: data).run(
                    in: folder, events: options.tensorBoardFolder, environment)
            }
        }
    }

    /// Starts a comparison of methods that are trained in one language and tested in others.
    ///
    /// The data's folder has `tasks/TASK.yaml` for the source language (`tasks/TASK.SOURCE.yaml` takes precedence) and
    /// `tasks/TASK.LANG.yaml`, with the same labels, for another, which may lack some tasks. For MAD-X it has plain text, one
    /// text on each line, in `LANG/unlabelled/train.txt` and held-out text in `LANG/unlabelled/dev.txt` (without it, a part
    /// of train.txt is held out).
    /// - Parameters:
    ///   - tasks: Names of classification tasks; each counts once.
    ///   - source: The language to train on.
    ///   - languages: The languages to test in, apart from the source; each counts once.
    ///   - data: The data's folder.
    ///   - folder: Gets the finished trainings and the report (report.html, report.md, report.json); made if needed.
    ///     Trainings that are finished in it are reused.
    ///   - sourceModel: A model for the source language, for comparison; nil to leave out ``TransferMethod/otherBase``.
    ///   - options: Everything else.
    /// - Returns: The running job. Mistakes in the data or the options are thrown by its events and its result.
    public func transfer(
        _ tasks: [String], from source: String = "en", to languages: [String], data: URL, in folder: URL,
        sourceModel: Model? = nil, options: TransferOptions = TransferOptions()
    ) -> ExperimentJob {
        ExperimentJob { run in
            let plan = try options.plan(try TransferSubject(tasks: tasks, from: source, to: languages))
            let content = try TransferData(
                folder: data, plan: plan, needsTexts: plan.methods.contains { $0.usesLanguageAdapters })
            return try run.compare(in: folder, who: "transfer", options) { environment in
                try TransferExperiment(
                    plan, session: try self.session(), other: try sourceModel?.session(), data: content
                ).run(in: folder, environment)
            }
        }
    }
}
