import Amalgam
import ArgumentParser
import Foundation

struct MethodsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "methods",
        abstract: "List the adapter methods with what they cost and what they scored.",
        discussion: """
            The figures are part of this version; Examples/methods/run measures them. In JSON, null is what was not measured. \
            A preset whose difference from both references has a 95 % interval below 0 is marked as worse.
            """)

    @OptionGroup var common: CommonOptions

    func run() async throws {
        try await guarded {
            if common.json { return Console.print(json: Methods.all.values) }
            Console.write(Methods.all.report.terminalText)
        }
    }
}
