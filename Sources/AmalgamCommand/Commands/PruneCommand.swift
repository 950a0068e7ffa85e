import Amalgam
import ArgumentParser
import Foundation

struct PruneCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "prune", abstract: "Remove adapters from a fusion or an average, without training.",
        discussion: """
            --remove names the adapters. --keep K keeps those that get the most attention of a fusion on the training texts of \
            --task, or the largest scales of another block. --curve shows what 1, 2, … adapters score on dev (or on test, if there is no dev split), and how fast they are.
            """)

    @Option(help: "The bundle with the adapters.") var bundle: String
    @Option(parsing: .upToNextOption, help: "Names of the adapters to remove.") var remove: [String] = []
    @Option(
        help:
            "How many adapters to keep: those with the most attention or the largest scales. Needs --task and --model.")
    var keep: Int?
    @Flag(help: "Score the bundle with 1, 2, … of its adapters. Needs --task and --model.") var curve = false
    @Option(help: "A task's YAML, or a folder with train, dev and test files.") var task: String?
    @Option(
        help: ArgumentHelp("The model that the bundle was trained on.", valueName: "folder or name")) var model: String?
    @Option(help: "The bundle to write. Optional with --curve.") var out: String?
    @OptionGroup var language: LanguageOption
    @OptionGroup var labels: LabelOptions
    @OptionGroup var common: CommonOptions

    func validate() throws {
        guard keep == nil || remove.isEmpty else { throw ValidationError("--keep, --remove: give one of the two") }
        guard keep != nil || !remove.isEmpty || curve else {
            throw ValidationError("--keep, --remove, --curve: give one of them")
        }
        if keep != nil || curve, task == nil || model == nil {
            throw ValidationError("--keep, --curve: need --task and --model")
        }
        if keep != nil || !remove.isEmpty, out == nil {
            throw ValidationError("--out: missing; name the bundle to write")
        }
    }

    func run() async throws {
        try await guarded {
            try OutputTarget.check([("--out", out)], inputs: [bundle])
            let whole = try AdapterBundle(contentsOf: URL(fileURLWithPath: bundle))
            var fields: [String: SettingValue] = [:]
            var pruned = remove.isEmpty ? whole : try whole.pruned(removing: remove)
            if let task, let model, keep != nil || curve {
                let (task, model) = (try labels.task(task), try Model(named: model, threads: common.threads))
                var options = PredictorOptions()
                options.task = task
                options.language = try language.bundle()
                let predictor = try Predictor(model, pruned, options: options)
                Console.warn(predictor.warnings)
                let attention = try await predictor.attention(on: task, split: .train)
                fields["attention"] = attention.values["means"]
                if curve {
                    let split: Split = task.splits.contains(.dev) ? .dev : .test
                    let steps = try await model.pruningCurve(
                        pruned, by: attention, on: task, split: split, options: options)
                    fields["curve"] = .list(steps.map(\.values))
                    fields["split"] = .string(split.rawValue)
                    if !common.json { Self.print(steps, split) }
                }
                if let keep { pruned = try pruned.pruned(keeping: keep, by: attention) }
            }
            if let out { try pruned.write(to: URL(fileURLWithPath: out), replacesOtherFiles: false) }
            guard common.json else {
                if let out { Console.print("written: \(out), \(pruned.composition ?? pruned.name)") }
                return
            }
            let left = pruned.members.map(\.name)
            fields["bundle"] = out.map { .string($0) } ?? .null
            fields["members"] = .list(left.map { .string($0) })
            fields["removed"] = .list(whole.members.map(\.name).filter { !left.contains($0) }.map { .string($0) })
            fields["parameters"] = .init(pruned.parameters)
            Console.print(json: fields)
        }
    }

    private static func print(_ steps: [PruningStep], _ split: Split) {
        Console.print("adapters  \(split.rawValue) score  texts/s  kept")
        for step in steps {
            let (score, speed) = (String(format: "%.4f", step.score), String(format: "%.0f", step.textsPerSecond))
            let count = "\(step.adapters.count)"
            Console.print(
                count.padding(toLength: 10, withPad: " ", startingAt: 0)
                    + score.padding(toLength: split.rawValue.count + 8, withPad: " ", startingAt: 0)
                    + speed.padding(toLength: 9, withPad: " ", startingAt: 0) + step.adapters.joined(separator: ", "))
        }
    }
}

extension PruningStep {
    fileprivate var values: SettingValue {
        [
            "adapters": .list(adapters.map { .string($0) }), "count": .init(adapters.count), "score": .number(score),
            "texts_per_second": .number(textsPerSecond.rounded()),
        ]
    }
}
