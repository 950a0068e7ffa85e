import Adapters
import Tasks
import Training

/// How fast an adapter trains here: what estimates of time start from.
enum SpeedProbe {
    private static let texts = 96

    /// Tokens a second of a few steps on some of a task's texts.
    static func tokensPerSecond(
        _ session: Session, on task: TaskData, _ configuration: AdapterConfiguration, _ settings: TrainingSettings
    ) throws -> Double {
        var task = task
        task = task.limited([.train: texts], seed: settings.seed)
        task.dev = []
        var settings = settings
        settings.epochs = 1
        settings.keep = .last
        let trained = try session.train(
            .adapter(configuration, from: nil), on: [task], name: "probe", settings: settings)
        return max(trained.result.tokensPerSecond, 1)
    }
}
