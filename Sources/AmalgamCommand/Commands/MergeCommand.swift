import Amalgam
import ArgumentParser
import Foundation

extension MergeOptions.Heads: ExpressibleByArgument {}

struct MergeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "merge",
        abstract: "Merge bundles of one adapter each into one adapter, without training.",
        discussion: "Methods:\n"
            + AdapterBundle.mergeMethods.map { "  \($0.name): \($0.summary)" }.joined(separator: "\n")
            + "\nLoRA is merged by the change of each projection, its scale included; other adapters value by value.")

    @Option(help: "How to merge; see above.") var method: String
    @Option(parsing: .upToNextOption, help: "The bundles, of one adapter each.") var bundles: [String]
    @Option(
        help: ArgumentHelp(
            "A weight for each bundle, such as 1 -0.5. (default: with average equal ones that sum to 1, else 1 each)",
            valueName: "numbers"))
    var weights: String?
    @Option(help: "The share of values that stays. (default: 0.2 with ties, 0.5 with dare_linear and dare_ties)")
    var density: Double?
    @Option(help: "Multiplies what ties and dare_ties give. (default: 1)") var scale: Double?
    @Option(help: "The largest rank of merged LoRA. (default: with svd the largest of the ranks, else their sum)")
    var rank: Int?
    @Option(help: "The method that knots uses in the common space. (default: ties)") var combination: String?
    @Option(
        help:
            "Heads that have one name and are not equal: keep (refuse them), rename (keep all) or average (keep their mean)."
    )
    var heads = MergeOptions.Heads.keep
    @Option(help: "The bundle to write.") var out: String
    @Option(help: "Name of the bundle and its adapter. (default: the bundles' names, joined by +)") var name: String?
    @Flag(help: "Allow bundles that were trained on different models, if all shapes match.") var force = false
    @OptionGroup var common: CommonOptions

    func run() async throws {
        try await guarded {
            try OutputTarget.check([("--out", out)], inputs: bundles)
            let weights = try numbers()
            let options = MergeOptions(
                density: density, scale: scale, rank: rank, combination: combination, seed: common.seed, heads: heads)
            let merged = try AdapterBundle(
                merging: bundles.map { try AdapterBundle(contentsOf: URL(fileURLWithPath: $0)) }, method: method,
                weights: weights, options: options, name: name, allowsOtherModel: force)
            try merged.write(to: URL(fileURLWithPath: out), replacesOtherFiles: false)
            Console.warn(merged.warnings)
            guard common.json else { return Console.print("\(merged)\nwritten: \(out)") }
            Console.print(json: [
                "bundle": .string(out), "kind": .string(merged.kind.rawValue), "name": .string(merged.name),
                "method": .string(method), "merge": merged.provenance.settings["merge"] ?? .null,
                "members": .list(merged.members.map { .string($0.name) }),
                "heads": .list(merged.heads.map { .string($0.name) }), "parameters": .init(merged.parameters),
                "warnings": .list(merged.warnings.map { .string($0.commandLineText) }),
            ])
        }
    }

    /// The weights; nil: none are given.
    private func numbers() throws(AmalgamError) -> [Double]? {
        guard let weights else { return nil }
        var numbers: [Double] = []
        for word in weights.split(whereSeparator: { $0 == "," || $0 == " " }) {
            guard let number = Double(word) else {
                throw wrongOption("--weights", found: "'\(word)'", expected: "numbers, such as 1 -0.5")
            }
            numbers.append(number)
        }
        return numbers
    }
}
