import ArgumentParser
import Bundles
import Corpora
import Files
import Foundation
import Training

/// A format of other libraries.
enum ExportFormat: String, ExpressibleByArgument, CaseIterable {
    /// Folders of the Python library `adapters`
    case adapterhub
    /// A folder of the Python library `peft`
    case peft
    /// A model of the Python library `transformers`
    case hf
}

struct ExportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract:
            "Convert a bundle for a Python library: adapters (adapterhub), peft, or, merged into its model, transformers (hf)."
    )

    @Argument(help: "The bundle.") var bundle: String
    @Option(help: "The folder to write.") var out: String
    @Option(help: "Format of the folder: adapterhub, peft or hf. (default: adapterhub)")
    var format = ExportFormat.adapterhub
    @Flag(help: "Merge the adapter into the model's weights (with --format hf).") var merge = false
    @Option(
        help: ArgumentHelp("The model that the bundle was trained on (with --format hf).", valueName: "folder or name"))
    var model: String?
    @Flag(help: "Use a model with another fingerprint, if all shapes agree (with --format hf).") var force = false
    @Option(help: "Name of the exported adapter, for adapterhub. (default: the bundle's)") var name: String?
    @OptionGroup var common: CommonOptions

    func validate() throws {
        if format == .hf, model == nil {
            throw ValidationError("--format hf needs --model: the folder contains the model")
        }
        if format != .hf, merge { throw ValidationError("--merge needs --format hf") }
        if format != .adapterhub, name != nil { throw ValidationError("--name needs --format adapterhub") }
    }

    func run() throws {
        try guarded {
            let stored = try BundleFile.read(URL(fileURLWithPath: bundle))
            let folder = URL(fileURLWithPath: out)
            try Folder.make(format == .adapterhub ? folder : folder.standardizedFileURL.deletingLastPathComponent())
            let lock = try OutputLock(folder, who: "export")
            defer { withExtendedLifetime(lock) {} }
            let warnings = try write(stored, to: folder)
            for warning in warnings { Console.warn(warning) }
            guard common.json else { return Console.print("written: \(out)") }
            Console.print(json: [
                "folder": .string(out), "format": .string(format.rawValue),
                "warnings": .list(warnings.map { .string($0) }),
            ])
        }
    }

    /// - Returns: warnings
    private func write(_ stored: AdapterBundle, to folder: URL) throws -> [String] {
        switch format {
        case .adapterhub:
            AtomicFile.removeTemporaries(in: folder, deep: true)
            return try AdapterHubExport.write(stored, to: folder, name: name ?? stored.name)
        case .peft: return try PEFTExport.write(stored, to: folder)
        case .hf:
            let store = ModelStore()
            let session = try Session(
                folder: store.resolve(model ?? ""), threads: common.threadCount, cache: store.home)
            try stored.check(for: session, file: bundle, force: force)
            return try TransformersExport.write(stored, model: session.model, merge: merge, to: folder)
        }
    }
}
