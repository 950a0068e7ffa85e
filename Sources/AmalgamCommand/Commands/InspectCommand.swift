import Amalgam
import ArgumentParser
import Foundation

struct InspectCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect",
        abstract: "Show what a bundle contains and how it was trained. Validates the whole file.")

    @Argument(help: "The bundle.") var bundle: String
    @Flag(help: "Also recompute the content hashes and, with --model, the base model's fingerprint.")
    var verify = false
    @Option(help: "The base model to verify against.") var model: String?
    @Flag(help: "Read a bundle even if it was modified after Amalgam wrote it.") var allowChanged = false
    @OptionGroup var common: CommonOptions

    func run() async throws {
        try await guarded {
            let file = URL(fileURLWithPath: bundle)
            let stored = try AdapterBundle(contentsOf: file, allowsChanges: allowChanged)
            var verified: [String] = []
            var changes: [String] = []
            if verify {
                changes = allowChanged ? try AdapterBundle.changes(in: file) : []
                verified +=
                    changes.isEmpty
                    ? ["seal, schema, values and content hashes: correct"] : changes.map { "changed: \($0)" }
                if let model {
                    let base = try Model(named: model, threads: common.threads)
                    Console.warn(try stored.check(against: base, rereadsWeights: true))
                    verified.append("base \(base.name): the model that it was trained on")
                }
            }
            guard common.json else {
                Console.write(stored.report.terminalText)
                return verified.forEach { Console.print("verified: \($0)") }
            }
            var fields = stored.values
            fields["bundle"] = .string(bundle)
            fields["verified"] = .bool(verify && changes.isEmpty)
            fields["changes"] = .list(changes.map { .string($0) })
            Console.print(json: fields)
        }
    }
}
