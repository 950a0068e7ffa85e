import Amalgam
import ArgumentParser
import Foundation

/// A format of other libraries.
enum ExportFormat: String, ExpressibleByArgument, CaseIterable {
    /// Folders of the Python library `adapters`
    case adapterhub
    /// A folder of the Python library `peft`
    case peft
    /// A model of the Python library `transformers`
    case hf
}

struct ExportCommand: AsyncParsableCommand {
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
        help: ArgumentHelp(
            "The model that the bundle was trained on (for --format hf, and for peft's LN tuning).",
            valueName: "folder or name"))
    var model: String?
    @Flag(help: "Use a model with another fingerprint, if all shapes agree.") var force = false
    @Option(help: "Name of the exported adapter, for adapterhub. (default: the bundle's)") var name: String?
    @OptionGroup var common: CommonOptions

    func validate() throws {
        if format == .hf, model == nil {
            throw ValidationError("--format hf needs --model: the folder contains the model")
        }
        if format != .hf, merge { throw ValidationError("--merge needs --format hf") }
        if format != .adapterhub, name != nil { throw ValidationError("--name needs --format adapterhub") }
    }

    func run() async throws {
        try await guarded {
            let stored = try AdapterBundle(contentsOf: URL(fileURLWithPath: bundle))
            let target = try target()
            let warnings = try stored.export(to: URL(fileURLWithPath: out), as: target, allowsOtherModel: force)
            Console.warn(warnings)
            let python = stored.pythonLoading(out, as: target)
            guard common.json else {
                Console.print("written: \(out)")
                if let python { Console.print("load it in Python (model: an adapters.AutoAdapterModel): \(python)") }
                return
            }
            let losses = warnings.filter { $0.kind == .exchange }
            var fields: [String: SettingValue] = [
                "folder": .string(out), "format": .string(format.rawValue),
                "warnings": .list(losses.map { .string($0.commandLineText) }),
            ]
            if let python { fields["python"] = .string(python) }
            Console.print(json: fields)
        }
    }

    private func target() throws -> AdapterBundle.ExportFormat {
        switch format {
        case .adapterhub: .adapterHub(name: name)
        case .peft: .peft(try model.map { try Model(named: $0, threads: common.threads) })
        case .hf: .transformers(try Model(named: model ?? "", threads: common.threads), merges: merge)
        }
    }
}
