import Bundles
import Files
import Training

/// What a cell trains. A new kind of training is one file that conforms to this.
package protocol CellTraining {
    /// The bundles that it builds on.
    var inputs: [CellInput] { get }

    /// All that shapes its result, apart from the base, the settings and the inputs.
    var fields: [String: ConfigurationValue] { get }

    /// What its time for a token depends on, apart from the base and the settings: trainings of one kind are measured once.
    var kind: String { get }

    /// A plan's settings as it uses them.
    func settings(_ given: TrainingSettings) -> TrainingSettings

    /// What it has to do, for the estimate of time.
    func amount(_ session: Session, _ settings: TrainingSettings) throws -> TrainingAmount

    /// The same on so little data that an epoch has about so many steps, for a measurement of its speed.
    func part(steps: Int, _ settings: TrainingSettings) -> any CellTraining

    /// - Parameter inputs: the bundles of `inputs`, in their order.
    func train(on inputs: [AdapterBundle], _ run: CellRun) throws -> Session.Trained
}

extension CellTraining {
    package func settings(_ given: TrainingSettings) -> TrainingSettings { given }
}

/// What a training has to do.
package struct TrainingAmount {
    /// Training texts.
    package var texts: Int
    /// Tokens of an epoch.
    package var train: Int
    /// Tokens of each time that dev is scored; 0: that is not counted in tokens.
    package var dev: Int
    /// Seconds in which the texts become tokens.
    package var encoding: Double

    package init(texts: Int, train: Int, dev: Int, encoding: Double = 0) {
        (self.texts, self.train, self.dev, self.encoding) = (texts, train, dev, encoding)
    }
}

/// What a cell's training is run with.
package struct CellRun {
    package var session: Session
    /// With the learning rate.
    package var settings: TrainingSettings
    package var keeping: CheckpointSettings
    package var memoryLimit: MemoryLimit?
    /// Where the session's trainings keep what the model's frozen layers give; nil: nowhere.
    package var sharing: SharedActivations?
    package var observe: (TrainingEvent) -> Void
}
