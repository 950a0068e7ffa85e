import ArgumentParser
import Bundles
import Corpora
import Files
import Foundation
import Models
import Reporting

struct ImportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract:
            "Convert a folder of the Python libraries 'adapters' or 'peft' to a bundle; the format is detected (safetensors)."
    )

    @Argument(
        help: "A folder written by save_adapter, save_adapter_fusion, save_head, or peft's save_pretrained (LoRA).")
    var folder: String
    @Option(help: "The bundle to write.") var out: String
    @Option(help: "Name of the adapter. (default: the name in the folder)") var name: String?
    @Option(
        help: ArgumentHelp(
            "The base model of a PEFT adapter: needed if its files do not tell the family, if it skips the highest layers, or if its head uses BERT's pooler.",
            valueName: "folder or name"))
    var model: String?
    @OptionGroup var common: CommonOptions

    func run() throws {
        try guarded {
            let base = try model.map { try EncoderModel(folder: ModelStore().resolve($0)) }
            let (bundle, warnings) = try ForeignImport.read(
                folder: URL(fileURLWithPath: folder), name: name, model: base)
            let url = URL(fileURLWithPath: out)
            try OutputTarget.checkBundle(url)
            try Folder.make(url.deletingLastPathComponent())
            let lock = try OutputLock(url, who: "import")
            defer { withExtendedLifetime(lock) {} }
            AtomicFile.removeTemporaries(of: [url])
            try BundleFile.write(bundle, to: url)
            for warning in warnings { Console.warn(warning) }
            let parameters = bundle.tensors.reduce(0) { $0 + $1.values.count }
            guard common.json else {
                return Console.print(
                    "\(bundle.kind.rawValue) \(bundle.name), \(Human.count(parameters, "parameter"))\nwritten: \(out)")
            }
            Console.print(json: [
                "bundle": .string(out), "kind": .string(bundle.kind.rawValue), "name": .string(bundle.name),
                "members": .list(bundle.members.map { .string($0.name) }),
                "heads": .list(bundle.heads.map { .string($0.name) }), "parameters": .init(parameters),
                "warnings": .list(warnings.map { .string($0) }),
            ])
        }
    }
}
