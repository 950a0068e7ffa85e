import ArgumentParser
import Foundation
import Tasks

/// Tasks from the command line's paths.
enum TaskLoading {
    /// A task's YAML or folder. Rows with labels that are empty or that training does not have are left out with a word,
    /// since public data has them; `strict` refuses them.
    ///
    /// - Parameter choosesEpoch: whether dev decides which epoch is kept.
    static func load(
        _ path: String, splits: Set<Split>? = nil, labels: [String]? = nil, strict: Bool, choosesEpoch: Bool = true
    ) throws -> TaskData {
        var definition = try TaskDefinition.load(URL(fileURLWithPath: path))
        if let labels { definition.labels = labels }
        let data = try TaskData.load(definition, splits: splits, strayLabels: strict ? .refuse : .drop)
        for (split, rows) in data.dropped.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
            Console.error(
                "amalgam: \(definition.name): \(rows.count) rows of \(split.rawValue) have an empty or unknown label and are "
                    + "left out (--strict-labels refuses them)")
        }
        if choosesEpoch, splits == nil, data.dev.isEmpty {
            Console.error(
                "amalgam: \(definition.name): no dev split: the last epoch is kept; --keep best and --patience need one"
            )
        }
        if definition.labels == nil, let word = loneLabels(data) { Console.error("amalgam: \(word)") }
        return data
    }

    /// A class with one training text is more often a broken row than a class; only the user can tell.
    private static func loneLabels(_ data: TaskData) -> String? {
        var counts = [Int](repeating: 0, count: data.labels.count)
        for example in data.train { if let label = example.label { counts[label] += 1 } }
        let lone = zip(data.labels, counts).filter { $0.1 == 1 }.map { "'\($0.0)'" }
        guard !lone.isEmpty, lone.count < data.labels.count else { return nil }
        return "\(data.definition.name): \(lone.count) of \(data.labels.count) labels have one training text "
            + "(\(lone.prefix(5).joined(separator: ", "))\(lone.count > 5 ? ", …" : "")); if they are broken rows, list the "
            + "real ones under labels in a task's YAML"
    }
}

struct LabelOptions: ParsableArguments {
    @Flag(help: "Refuse rows with an empty or unknown label; else they are left out with a word.")
    var strictLabels = false
}
