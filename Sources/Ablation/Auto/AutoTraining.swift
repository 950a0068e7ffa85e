import Adapters
import Bundles
import Files
import Foundation
import Training

/// An automatic choice of a composition as one cell of a larger experiment.
struct AutoTraining: CellTraining {
    let task: ExperimentTask
    let sources: [CellInput]
    let configuration: AdapterConfiguration

    var inputs: [CellInput] { sources }

    var fields: [String: ConfigurationValue] {
        [
            "recipe": .string("auto"), "adapter": .string(configuration.json),
            "tasks": .list([task.trainingFields]),
        ]
    }

    var kind: String { "auto of \(sources.count) sources" }

    /// The whole budget, in tokens of a fusion's training.
    func amount(_ session: Session, _ settings: TrainingSettings) throws -> TrainingAmount {
        let labels = task.data.train.count(where: \.isScored)
        let train = try task.encoding(.train, in: session, maxLength: settings.maxLength)
        let passes = AutoSchedule.fusions(labels: labels) * Double(AutoSchedule.epochs(labels: labels))
        return TrainingAmount(
            texts: task.data.train.count, train: Int(Double(train.tokens) * passes / Double(max(1, settings.epochs))),
            dev: 0, encoding: train.seconds)
    }

    /// A fusion of the sources: what most of the budget is counted in.
    func part(steps: Int, _ settings: TrainingSettings) -> any CellTraining {
        TaskTraining(.fusion(sources, .dynamic), on: [task]).part(steps: steps, settings)
    }

    func train(on inputs: [AdapterBundle], _ run: CellRun) throws -> Session.Trained {
        let folder = run.keeping.url.map { $0.appendingPathExtension("choice") }
        guard let folder else { throw TrainingError.mismatch("auto: needs a folder for its trainings") }
        var environment = ExperimentEnvironment()
        environment.checkpointEvery = run.keeping.every
        environment.memoryLimit = run.memoryLimit
        environment.stops = run.keeping.stops
        let observe = Observer(run.observe)
        environment.tell = { observe.tell($0) }
        let outcome = try AutoExperiment(
            task.data, sources: inputs, session: run.session, settings: run.settings, configuration: configuration
        ).run(in: folder, environment)
        try? FileManager.default.removeItem(at: folder)
        var result = TrainingResult()
        result.tokens = Int(outcome.tokens)
        result.seconds = outcome.candidates.reduce(0) { $0 + $1.seconds }
        let chosen = outcome.candidates.first { $0.candidate == outcome.chosen }
        return Session.Trained(outcome.bundle, result, trainable: chosen?.parameters ?? 0)
    }

    /// Shows the progress of the trainings within as that of one.
    private final class Observer: @unchecked Sendable {  // called on the experiment's thread alone
        private let observe: (TrainingEvent) -> Void

        init(_ observe: @escaping (TrainingEvent) -> Void) { self.observe = observe }

        func tell(_ news: ExperimentNews) {
            switch news {
            case .stage(_, let count, _): observe(.started(steps: count, tokens: 0))
            case .step(let done, let all, let loss, let tokens):
                observe(.step(done: done, of: all, loss: loss ?? 0, tokens: tokens ?? 0))
            case .stageFinished: observe(.finished)
            case .warning(let text, _): observe(.warning(text))
            case .planned, .message, .remaining: break
            }
        }
    }
}
