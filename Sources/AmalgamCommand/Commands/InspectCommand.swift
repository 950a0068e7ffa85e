import Amalgam
import ArgumentParser
import Foundation

struct InspectCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect",
        abstract: "Show what a bundle contains and how it was trained, or what a task's data is. Validates all of it.")

    @Argument(help: "The bundle; or a task's YAML, or a folder with train, dev and test files.") var bundle: String
    @Flag(help: "Also recompute the content hashes and, with --model, the base model's fingerprint.")
    var verify = false
    @Option(help: "The base model to verify against.") var model: String?
    @Flag(help: "Read a bundle even if it was modified after Amalgam wrote it.") var allowChanged = false
    @OptionGroup var common: CommonOptions

    /// A bundle is one file of HDF5.
    private static func isTask(_ file: URL) -> Bool {
        ["yaml", "yml"].contains(file.pathExtension.lowercased())
            || (try? file.resourceValues(forKeys: [.isDirectoryKey]))?.isDirectory == true
    }

    private func inspectTask(_ file: URL) throws {
        if let flag = [("--verify", verify), ("--model", model != nil), ("--allow-changed", allowChanged)].first(
            where: \.1)
        {
            throw wrongOption(flag.0, found: bundle, expected: "a bundle with this option, not a task")
        }
        let task = try TextTask(contentsOf: file)
        let summary = try task.summary()
        Console.warn(summary.warnings)
        let report = task.report(summary)
        if common.json { Console.print(report.values.json) } else { Console.write(report.terminalText) }
    }

    func run() async throws {
        try await guarded {
            let file = URL(fileURLWithPath: bundle)
            if Self.isTask(file) { return try inspectTask(file) }
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
