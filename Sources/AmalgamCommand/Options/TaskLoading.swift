import Adapters
import ArgumentParser
import Foundation
import Tasks

/// Tasks from the command line's paths.
enum TaskLoading {
    /// A task's YAML or folder; prints its warnings.
    ///
    /// - Parameters:
    ///   - splits: what to score; nil: all that the task has, to train on
    ///   - labels: those of a trained head
    ///   - choosesEpoch: whether dev decides which epoch is kept
    static func load(
        _ path: String, splits: Set<Split>? = nil, labels: KnownLabels? = nil, options: LabelOptions,
        choosesEpoch: Bool = true
    ) throws -> TaskData {
        let definition = try TaskDefinition.load(URL(fileURLWithPath: path))
        let data = try TaskData.load(
            definition, splits: splits, labels: labels, unknownLabels: options.unknownLabels)
        for warning in data.warnings { Console.warn(warning) }
        if choosesEpoch, splits == nil, data.dev.isEmpty, data.unscorable[.dev] == nil {
            Console.error(
                "amalgam: \(definition.name): no dev split, so the last epoch is kept; --keep best and --patience need a dev split"
            )
        }
        return data
    }

    /// What was read of each task's files, for the run log and `--json`.
    static func facts(_ tasks: [TaskData]) -> ConfigurationValue {
        var all: [String: ConfigurationValue] = [:]
        for task in tasks {
            var splits: [String: ConfigurationValue] = [:]
            for (split, facts) in task.files {
                splits[split.rawValue] = .map([
                    "file": .string(facts.name), "bytes": .init(facts.bytes), "rows": .init(facts.rows),
                    "examples": .init(task[split].count), "unknown_labels": .init(facts.unknownLabels),
                    "skipped": .map([
                        "count": .init(facts.skipped.values.reduce(0, +)),
                        "reasons": .map(
                            Dictionary(
                                facts.skipped.map { ($0.key.rawValue, ConfigurationValue($0.value)) },
                                uniquingKeysWith: { first, _ in first })),
                    ]),
                ])
            }
            all[task.definition.name] = .map(splits)
        }
        return .map(all)
    }
}

struct LabelOptions: ParsableArguments {
    @Flag(help: "Stop with an error if a row has an empty or unknown label.")
    var strictLabels = false

    @Flag(help: "Skip rows with an unknown label when scoring. (default: they count as wrong)")
    var skipUnknownLabels = false

    func validate() throws {
        if strictLabels, skipUnknownLabels {
            throw ValidationError("--skip-unknown-labels: cannot be combined with --strict-labels")
        }
    }

    var unknownLabels: UnknownLabels { strictLabels ? .refuse : skipUnknownLabels ? .skip : .count }
}
