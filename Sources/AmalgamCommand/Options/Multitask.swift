import Adapters
import Training

/// How several tasks are trained together.
struct Multitask {
    let scheduler: any TaskScheduler.Type
    private let balancer: String
    private let mix: Mix
    private let sharesTexts: Bool

    /// - Throws: `TrainingError.setting` for an unknown name
    init(scheduler: String, balancer: String, mix: String, sharesTexts: Bool) throws(TrainingError) {
        func unknown(_ option: String, _ found: String, _ names: [String]) -> TrainingError {
            .setting(name: option, found: found, expected: names.joined(separator: ", "))
        }
        guard let type = TaskSchedulers.named(scheduler) else {
            throw unknown("--scheduler", scheduler, TaskSchedulers.names)
        }
        guard LossBalancers.named(balancer) != nil else { throw unknown("--balancer", balancer, LossBalancers.names) }
        guard let mix = Mix(rawValue: mix) else { throw unknown("--mix", mix, Mix.allCases.map(\.rawValue)) }
        self.scheduler = type
        self.balancer = balancer
        self.mix = mix
        self.sharesTexts = sharesTexts
    }

    func apply(to settings: inout TrainingSettings) {
        settings.balancer = balancer
        settings.mix = mix
        settings.sharesTexts = sharesTexts
    }

    /// What the tasks' losses counted for in the end, for `--json` and the run log.
    static func balance(_ name: String, _ result: TrainingResult) -> ConfigurationValue {
        .map(["name": .string(name), "weights": .map(result.weights.mapValues { .number($0) })])
    }
}
