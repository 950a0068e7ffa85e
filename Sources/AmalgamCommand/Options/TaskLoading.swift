import ArgumentParser
import Foundation
import Tasks

/// Tasks from the command line's paths.
enum TaskLoading {
    /// A task's YAML or folder. Rows with labels that are empty or that training does not have are left out with a word,
    /// since public data has them; `strict` refuses them.
    static func load(_ path: String, splits: Set<Split>? = nil, labels: [String]? = nil, strict: Bool) throws
        -> TaskData
    {
        var definition = try TaskDefinition.load(URL(fileURLWithPath: path))
        if let labels { definition.labels = labels }
        let data = try TaskData.load(definition, splits: splits, strayLabels: strict ? .refuse : .drop)
        for (split, rows) in data.dropped.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
            Console.error(
                "amalgam: \(definition.name): \(rows.count) rows of \(split.rawValue) have an empty or unknown label and are "
                    + "left out (--strict-labels refuses them)")
        }
        return data
    }
}

struct LabelOptions: ParsableArguments {
    @Flag(help: "Refuse rows with an empty or unknown label; else they are left out with a word.")
    var strictLabels = false
}
