import Amalgam
import ArgumentParser
import Foundation

struct ImportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract:
            "Convert a folder of the Python libraries 'adapters' or 'peft' to a bundle; the format is detected (safetensors)."
    )

    @Argument(
        help:
            "A folder written by save_adapter, save_adapter_fusion, save_adapter_setup, save_head, or peft's save_pretrained."
    )
    var folder: String
    @Option(help: "The bundle to write.") var out: String
    @Option(help: "Name of the adapter. (default: the name in the folder)") var name: String?
    @Option(
        help: ArgumentHelp(
            "The base model of a PEFT adapter: needed for LN tuning, prompts and prefixes, if its files do not tell the family, if it skips the highest layers, or if its head uses BERT's pooler.",
            valueName: "folder or name"))
    var model: String?
    @OptionGroup var common: CommonOptions

    func run() async throws {
        try await guarded {
            let base = try model.map { try Model(named: $0, threads: common.threads) }
            let bundle = try AdapterBundle(importing: URL(fileURLWithPath: folder), name: name, model: base)
            try bundle.write(to: URL(fileURLWithPath: out), replacesOtherFiles: false)
            Console.warn(bundle.warnings)
            guard common.json else { return Console.print("\(bundle)\nwritten: \(out)") }
            Console.print(json: [
                "bundle": .string(out), "kind": .string(bundle.kind.rawValue), "name": .string(bundle.name),
                "members": .list(bundle.members.map { .string($0.name) }),
                "heads": .list(bundle.heads.map { .string($0.name) }), "parameters": .init(bundle.parameters),
                "warnings": .list(bundle.warnings.map { .string($0.commandLineText) }),
            ])
        }
    }
}
