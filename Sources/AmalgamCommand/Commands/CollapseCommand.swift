import Amalgam
import ArgumentParser
import Foundation

struct CollapseCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "collapse",
        abstract: "Make one adapter of a bundle that scales and adds adapters, with equal outputs.",
        discussion: """
            scalearn, average and scale over bottlenecks are one bottleneck of the summed width; over LoRA, they and cat are one \
            LoRA of the summed rank. The bundle can be exported then. A fusion or a stack is refused.
            """)

    @Option(help: "The bundle to collapse.") var bundle: String
    @Option(help: "The bundle to write.") var out: String
    @Option(help: "Name of the new bundle and its adapter. (default: the bundle's name)") var name: String?
    @Flag(help: "Read a bundle even if it was modified after Amalgam wrote it.") var allowChanged = false
    @OptionGroup var common: CommonOptions

    func run() async throws {
        try await guarded {
            try OutputTarget.check([("--out", out)], inputs: [bundle])
            let old = try AdapterBundle(contentsOf: URL(fileURLWithPath: bundle), allowsChanges: allowChanged)
            let new = try old.collapsed(name: name)
            try new.write(to: URL(fileURLWithPath: out), replacesOtherFiles: false)
            guard common.json else { return Console.print("\(new)\nwritten: \(out)") }
            var fields = new.values
            fields["bundle"] = .string(out)
            fields["collapsed"] = .string(old.composition ?? old.name)
            Console.print(json: fields)
        }
    }
}
