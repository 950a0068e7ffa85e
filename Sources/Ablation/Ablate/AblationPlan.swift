import Adapters
import Files
import Models
import Tasks
import Training

/// What a comparison trains and with what: everything that shapes its numbers.
package struct AblationPlan: Sendable {
    package var arms = Arm.allCases
    package var seeds = [0]
    package var configuration: AdapterConfiguration
    package var settings = TrainingSettings()
    package var scheduler = "proportional"
    /// One learning rate an arm instead of a grid.
    package var quick = false
    /// At most so many examples a split, as a sample.
    package var maxTrain: Int?
    package var maxDev: Int?
    package var maxTest: Int?

    package init(configuration: AdapterConfiguration) {
        self.configuration = configuration
        settings.maxLength = 128
    }

    /// Small enough for a first look: some ten minutes on two cores.
    package static func quick(configuration: AdapterConfiguration) -> AblationPlan {
        var plan = AblationPlan(configuration: configuration)
        plan.quick = true
        plan.settings.epochs = 3
        plan.settings.maxLength = 64
        plan.maxTrain = 500
        plan.maxDev = 150
        plan.maxTest = 400
        return plan
    }

    func rates(_ arm: Arm) -> [Double] { quick ? [arm.quickRate] : arm.grid }

    /// A stratified sample of each split that is over its limit: the same rows for every arm and seed.
    func limited(_ data: TaskData) -> TaskData {
        let limits = [Split.train: maxTrain, .dev: maxDev, .test: maxTest].compactMapValues { $0 }
        return data.limited(limits, seed: seeds.first ?? 0)
    }
}
