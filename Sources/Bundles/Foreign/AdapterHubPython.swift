import Adapters
import Models

/// How an export is loaded by the library it is for.
enum AdapterHubPython {
    /// Statements in Python for a `model` of the `adapters` library. Without `use_safetensors`, the library looks for
    /// pickles.
    /// - Parameter folder: as Python is to open it
    static func line(_ bundle: AdapterBundle, folder: String) -> String {
        let adapters = (bundle.composition?.members ?? []).map { AdapterHubNames.theirs($0) }
        let heads = bundle.heads.filter { AdapterHubHeads.holds($0.head) }.map { AdapterHubNames.theirs($0.name) }
        func load(_ what: String, _ path: String, active: Bool = false) -> String {
            let text = path.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
            return "model.load_\(what)(\"\(text)\", use_safetensors=True\(active ? ", set_active=True" : ""))"
        }
        var lines: [String]
        switch bundle.kind {
        case .head: lines = []
        case .adapter: lines = [load("adapter", folder, active: true)]
        case .fusion where bundle.composition?.isFlat == true:
            lines = adapters.map { load("adapter", "\(folder)/\($0)") }
            lines.append(load("adapter_fusion", folder, active: true))
        default: return load("adapter_setup", folder, active: true)
        }
        // One head is beside the adapter or the fusion, which bring it along
        if heads.count > 1 {
            lines += heads.map { load("head", "\(folder)/\(AdapterHubExport.furtherHeads)/\($0)") }
        } else if lines.isEmpty {
            lines = [load("head", folder)]
        }
        return lines.joined(separator: "; ")
    }
}

extension AdapterBundle {
    /// The Python statements that load a folder that `AdapterHubExport` wrote.
    package func adapterHubPython(folder: String) -> String { AdapterHubPython.line(self, folder: folder) }
}
