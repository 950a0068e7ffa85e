import ArgumentParser
import Bundles
import Files
import Foundation

struct ImportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract:
            "Convert an AdapterHub folder to a bundle: an adapter, a fusion with its adapters, or a head (safetensors)."
    )

    @Argument(help: "A folder written by save_adapter, save_adapter_fusion or save_head.") var folder: String
    @Option(help: "The bundle to write.") var out: String
    @Option(help: "Name of the adapter. (default: the name in the folder)") var name: String?
    @OptionGroup var common: CommonOptions

    func run() throws {
        try guarded {
            let bundle = try AdapterHubImport.read(folder: URL(fileURLWithPath: folder), name: name)
            let url = URL(fileURLWithPath: out)
            try OutputTarget.checkBundle(url)
            try Folder.make(url.deletingLastPathComponent())
            let lock = try OutputLock(url, who: "import")
            defer { withExtendedLifetime(lock) {} }
            AtomicFile.removeTemporaries(of: [url])
            try BundleFile.write(bundle, to: url)
            let warnings = AdapterHubImport.warnings(bundle, folder: folder)
            for warning in warnings { Console.warn(warning) }
            let parameters = bundle.tensors.reduce(0) { $0 + $1.values.count }
            guard common.json else {
                return Console.print(
                    "\(bundle.kind.rawValue) \(bundle.name), \(parameters) parameters\nwritten: \(out)")
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

struct ExportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Convert a bundle to AdapterHub folders, which the Python library 'adapters' loads.")

    @Argument(help: "The bundle.") var bundle: String
    @Option(help: "The folder to write.") var out: String
    @Option(help: "Name of the exported adapter. (default: the bundle's)") var name: String?
    @OptionGroup var common: CommonOptions

    func run() throws {
        try guarded {
            let stored = try BundleFile.read(URL(fileURLWithPath: bundle))
            let folder = URL(fileURLWithPath: out)
            try Folder.make(folder)
            let lock = try OutputLock(folder, who: "export")
            defer { withExtendedLifetime(lock) {} }
            AtomicFile.removeTemporaries(in: folder, deep: true)
            let warnings = try AdapterHubExport.write(stored, to: folder, name: name ?? stored.name)
            for warning in warnings { Console.error("amalgam: \(warning)") }
            guard common.json else { return Console.print("written: \(out)") }
            Console.print(json: ["folder": .string(out), "warnings": .list(warnings.map { .string($0) })])
        }
    }
}
