import Amalgam
import ArgumentParser
import Foundation

struct ComposeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compose",
        abstract: "Save a composition of bundles as one bundle. It needs no training, and no model.",
        discussion: """
            The expression is the one of --compose: compose 'parallel(a.h5, b.h5)' --out both.h5. All of its parts must be \
            trained. The bundle contains the adapters and the heads; it no longer needs the files.
            """)

    @Argument(help: "The composition, such as 'stack(lang-de.h5, average(a.h5, b.h5))'.") var expression: String
    @Option(help: "The bundle to write.") var out: String
    @Option(help: "The bundle's name. (default: the composition)") var name: String?
    @Flag(help: "Allow bundles that were trained on different models, if all shapes match.") var force = false
    @Flag(help: "Read bundles even if they were modified after Amalgam wrote them.") var allowChanged = false
    @OptionGroup var common: CommonOptions

    func run() async throws {
        try await guarded {
            try OutputTarget.check([("--out", out)], inputs: Composition.bundleNames(in: expression))
            let composition = try Composition(expression) {
                try AdapterBundle(contentsOf: URL(fileURLWithPath: $0), allowsChanges: allowChanged)
            }
            let bundle = try AdapterBundle(composing: composition, name: name, allowsOtherModel: force)
            Console.warn(bundle.warnings)
            try bundle.write(to: URL(fileURLWithPath: out), replacesOtherFiles: false)
            guard common.json else {
                return Console.print("written: \(out), \(bundle.composition ?? bundle.name)")
            }
            var fields = bundle.values
            fields["bundle"] = .string(out)
            Console.print(json: fields)
        }
    }
}
