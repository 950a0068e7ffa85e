import Adapters
import Models
import Reporting
import Tasks
import Training

/// How fast an adapter trains here: what an estimate of time starts from.
package struct SpeedProbe {
    package var session: Session
    package var task: ExperimentTask
    package var configuration: AdapterConfiguration
    package var settings: TrainingSettings

    package init(
        _ session: Session, on task: ExperimentTask, _ configuration: AdapterConfiguration, _ settings: TrainingSettings
    ) {
        self.session = session
        self.task = task
        self.configuration = configuration
        self.settings = settings
    }

    private static let texts = 96

    /// Tokens a second of a few steps on some of the task's texts.
    func tokensPerSecond() throws -> Double {
        var data = task.data.limited([.train: Self.texts], seed: settings.seed)
        data.dev = []
        var settings = settings
        settings.epochs = 1
        settings.keep = .last
        let trained = try session.train(
            .adapter(configuration, from: nil), on: [data], name: "probe", settings: settings)
        return max(trained.result.tokensPerSecond, 1)
    }
}

extension Cell {
    /// All its tokens, at all learning rates, in units of an adapter's training token.
    /// - Parameter unit: the base on which that adapter is.
    func work(in unit: Session) throws -> Double {
        let scoring = try scored.reduce(0.0) { sum, scored in
            let tokens = try scored.task.tokens(scored.split, in: session, maxLength: settings.maxLength)
            return sum + Double(tokens) * (TokenCost.forward + (scored.language == nil ? 0 : TokenCost.further))
        }
        return Double(trainings) * (try training.work(session, settings) + scoring) * session.size / max(unit.size, 1)
    }
}

extension Session {
    /// Multiplications a token in the products of all layers.
    fileprivate var size: Double {
        let c = model.configuration
        return Double(c.layers) * Double(c.hidden) * Double(2 * c.hidden + c.intermediate)
    }
}

extension ExperimentRunner {
    /// Says how long the cells will take: the speed of a few adapter steps, times the work.
    /// - Parameter extent: what there is to do, in words.
    package func announce(_ extent: String, _ cells: [Cell], probe: SpeedProbe) throws {
        guard !cells.isEmpty else { return }
        let speed = try probe.tokensPerSecond()
        let work = try Cell.closure(cells).reduce(0.0) { $0 + (try $1.work(in: probe.session)) }
        environment.tell(
            .message(
                "\(extent): about \(Human.duration(work / speed)) in total at \(Human.count(Int(speed))) tokens/s; finished "
                    + "trainings are reused"))
    }
}
