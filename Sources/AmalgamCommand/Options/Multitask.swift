import Amalgam

/// How several tasks are trained together.
struct Multitask {
    var scheduler: String
    var balancer: String
    var mix: String
    var sharesTexts: Bool

    /// - Throws: `AmalgamError` for an unknown name
    func apply(to options: inout TrainingOptions) throws {
        func known(_ option: String, _ name: String, _ names: [String]) throws {
            guard names.contains(name) else {
                throw wrongOption(option, found: name, expected: names.joined(separator: ", "))
            }
        }
        try known("--scheduler", scheduler, TrainingOptions.schedulerNames)
        try known("--balancer", balancer, TrainingOptions.balancerNames)
        try known("--mix", mix, TrainingOptions.Mix.allCases.map(\.rawValue))
        options.scheduler = scheduler
        options.balancer = balancer
        options.mix = TrainingOptions.Mix(rawValue: mix) ?? .batch
        options.sharesTexts = sharesTexts
    }
}
