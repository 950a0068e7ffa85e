import Amalgam
import ArgumentParser
import Foundation

/// How several tasks are trained together.
struct MultitaskFlags: ParsableArguments {
    @Option(
        help: """
            Scheduler that chooses the task of each step: \(TrainingOptions.schedulerNames.joined(separator: ", ")). given draws \
            tasks by --task-probabilities, progress those whose dev score lacks most (Gottumukkala et al. 2020).
            """)
    var scheduler = "proportional"
    @Option(
        help: ArgumentHelp(
            "A task counts as at most so many examples, where the scheduler goes by size (K of T5).",
            valueName: "examples"))
    var taskCap: Int?
    @Option(help: "T of the scheduler temperature, which draws a task in proportion to size^(1/T). (default: 2)")
    var schedulerTemperature: Double?
    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp(
            "How often the scheduler given draws each task: game=2 field=1. They need not sum to 1.",
            valueName: "task=number"))
    var taskProbabilities: [String] = []
    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp(
            "Dev scores that tasks are to reach, for the scheduler progress, such as what each reaches by itself. (default: 1)",
            valueName: "task=score"))
    var taskTargets: [String] = []
    @Option(
        help: """
            What becomes of a task whose examples are used up before the epoch ends: repeat (it begins again in a new order), \
            stop (the epoch ends) or skip (the scheduler goes on with the others).
            """)
    var exhausted = "repeat"
    @Option(
        help: """
            Balancer of the tasks' losses: \(TrainingOptions.balancerNames.joined(separator: ", ")). uncertainty learns a \
            weight for each task (Kendall et al. 2018), random draws them anew for each step (Lin et al. 2022), fixed takes \
            them from --loss-weights. With --mix within or --share-texts: famo lets all losses fall alike (Liu et al. 2023; \
            two more forward passes), pcgrad takes out of each task's gradient what is against another's (Yu et al. 2020).
            """)
    var balancer = "equal"
    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp(
            "What the balancer fixed multiplies each task's loss by: game=1 field=0.5.", valueName: "task=number"))
    var lossWeights: [String] = []
    @Option(
        help: ArgumentHelp(
            "Log the cosines between the tasks' gradients every so many steps; 0 for never. Changes nothing of the result.",
            valueName: "steps"))
    var gradientCosines = 0
    @Option(
        help: """
            Tasks of a batch: batch (one, chosen by the scheduler) or within (several: the scheduler chooses the task of each \
            example).
            """)
    var mix = "batch"
    @Option(
        help: ArgumentHelp(
            "Also write the bundles of the epochs that were best on each task's dev split: TASK.h5 in this folder.",
            valueName: "folder"))
    var taskBest: String?
    @Flag(
        help: """
            Train tasks with the same training file together: one pass over each text serves all their heads. A row may lack \
            the answer of some tasks.
            """)
    var shareTexts = false

    /// - Throws: `AmalgamError` for an unknown name or a text that is not a number
    func apply(to options: inout TrainingOptions) throws {
        func known(_ option: String, _ name: String, _ names: [String]) throws {
            guard names.contains(name) else {
                throw wrongOption(option, found: name, expected: names.joined(separator: ", "))
            }
        }
        try known("--scheduler", scheduler, TrainingOptions.schedulerNames)
        try known("--balancer", balancer, TrainingOptions.balancerNames)
        try known("--mix", mix, TrainingOptions.Mix.allCases.map(\.rawValue))
        try known("--exhausted", exhausted, TrainingOptions.ExhaustedTask.allCases.map(\.rawValue))
        options.scheduler = scheduler
        options.taskCap = taskCap
        options.schedulerTemperature = schedulerTemperature
        options.taskProbabilities = try Self.numbers("--task-probabilities", taskProbabilities)
        options.taskTargets = try Self.numbers("--task-targets", taskTargets)
        options.exhausted = TrainingOptions.ExhaustedTask(rawValue: exhausted) ?? .repeat
        options.balancer = balancer
        options.lossWeights = try Self.numbers("--loss-weights", lossWeights)
        options.gradientCosines = gradientCosines
        options.taskBestFolder = taskBest.map { URL(fileURLWithPath: $0) }
        options.mix = TrainingOptions.Mix(rawValue: mix) ?? .batch
        options.sharesTexts = shareTexts
    }

    /// Numbers by the names of tasks: `game=2`.
    private static func numbers(_ option: String, _ texts: [String]) throws -> [String: Double] {
        var numbers: [String: Double] = [:]
        for text in texts {
            guard let equals = text.lastIndex(of: "="), equals > text.startIndex,
                let number = Double(text[text.index(after: equals)...])
            else { throw wrongOption(option, found: text, expected: "TASK=NUMBER for each task") }
            let task = String(text[..<equals])
            guard numbers.updateValue(number, forKey: task) == nil else {
                throw wrongOption(option, found: "\(task) twice", expected: "one number for each task")
            }
        }
        return numbers
    }
}
