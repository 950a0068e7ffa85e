import Bundles
import Files
import Training

/// What a cell trains. A new kind of training is one file that conforms to this.
package protocol CellTraining {
    /// The bundles that it builds on.
    var inputs: [CellInput] { get }

    /// All that shapes its result, apart from the base, the settings and the inputs.
    var fields: [String: ConfigurationValue] { get }

    /// Its tokens in units of an adapter's training token, for the estimate of time.
    func work(_ session: Session, _ settings: TrainingSettings) throws -> Double

    /// - Parameter inputs: the bundles of `inputs`, in their order.
    func train(on inputs: [AdapterBundle], _ run: CellRun) throws -> Session.Trained
}

/// What a cell's training is run with.
package struct CellRun {
    package var session: Session
    /// With the learning rate.
    package var settings: TrainingSettings
    package var keeping: CheckpointSettings
    package var memoryLimit: MemoryLimit?
    package var observe: (TrainingEvent) -> Void
}

/// Times in units of an adapter's training token, measured on two cores.
enum TokenCost {
    static let forward = 0.4
    /// For each further adapter in a stack or a fusion.
    static let further = 0.2
    static let languageAdapter = 1.3
    static let languageHead = 0.9
}
