import Adapters
import Files
import Models
import Tasks
import Training

/// What a comparison trains and with what: everything that shapes its numbers.
package struct AblationPlan: Sendable {
    /// A check of the statistics: an arm is compared with itself under other seeds, where nothing is to be found.
    package struct Calibration: Sendable, Equatable {
        /// Id of a trained arm.
        package var arm: String
        /// At least so many comparisons, each on one task at one size.
        package var comparisons: Int
        /// nil: all of the plan's.
        package var sizes: [Int]?

        package init(_ arm: String, comparisons: Int, sizes: [Int]? = nil) {
            (self.arm, self.comparisons, self.sizes) = (arm, comparisons, sizes)
        }
    }

    package var arms = Arm.standard
    package var seeds = [0]
    /// Training texts of each task; none: all of them. Each seed draws its own texts.
    package var sizes: [Int] = []
    package var configuration: AdapterConfiguration
    package var settings = TrainingSettings()
    package var scheduler = "proportional"
    /// One learning rate an arm instead of a grid.
    package var quick = false
    /// Whether the first seed chooses each arm's learning rate for all seeds.
    package var tunesOnce = false
    package var calibrations: [Calibration] = []
    /// At most so many examples a split, as a sample that all seeds share.
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

    /// The sizes, largest last; nil stands for all texts.
    var columns: [Int?] { sizes.isEmpty ? [nil] : sizes.sorted() }

    /// The seeds of an arm.
    func seeds(_ arm: Arm) -> [Int] { Array(seeds.prefix(arm.seeds ?? seeds.count)) }

    /// A stratified sample of each split that is over its limit: the same rows for every arm and seed.
    func limited(_ data: TaskData) -> TaskData {
        let limits = [Split.train: maxTrain, .dev: maxDev, .test: maxTest].compactMapValues { $0 }
        return data.limited(limits, seed: seeds.first ?? 0)
    }
}
