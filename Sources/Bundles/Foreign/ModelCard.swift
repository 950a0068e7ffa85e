import Adapters
import Files
import Foundation
import Models

/// The README.md of an exported folder: what it contains, what it was trained on, its scores, and how to load it.
///
/// Its head is the YAML that model hubs read. It has no times and no paths: the same bundle gives the same card.
struct ModelCard {
    static let file = "README.md"
    /// Tells a card from a README that somebody wrote.
    private static let mark = "<!-- This file was written with the export of a bundle; another export replaces it. -->"

    let bundle: AdapterBundle
    /// Name of the Python library that loads the folder.
    let library: String
    /// Python statements that load the folder.
    let loading: String
    /// What the folder does not contain, or what the library will do otherwise.
    let notes: [String]

    /// Whether an export may replace the README of a folder.
    static func isReplaceable(in folder: URL) -> Bool {
        guard let data = FileManager.default.contents(atPath: folder.appendingPathComponent(file).path) else {
            return true
        }
        return String(decoding: data, as: UTF8.self).contains(mark)
    }

    var data: Data { Data(text.utf8) }

    /// The base's name as a text of Python.
    static func base(_ bundle: AdapterBundle) -> String { ConfigurationValue.string(bundle.base.name).json }

    private var text: String {
        var parts = [
            frontMatter + Self.mark, "# \(Self.line(bundle.name))", "Exported from a bundle with this content:",
            Self.table([("field", "value")] + contents),
        ]
        if !scores.isEmpty { parts += ["## Scores on dev", Self.table([("task and metric", "value")] + scores)] }
        parts += ["## Load it", "```python\n\(loading)\n```"]
        if !notes.isEmpty {
            parts += ["## Notes", notes.map { "- \(Self.line($0))" }.joined(separator: "\n")]
        }
        return parts.joined(separator: "\n\n") + "\n"
    }

    private var frontMatter: String {
        var lines = ["library_name: \(library)", "tags:", "- amalgam"]
        lines += Set(bundle.members.map(\.configuration.method)).sorted().map { "- \($0)" }
        if !bundle.provenance.license.isEmpty {
            lines.append("license_name: \(ConfigurationValue.string(bundle.provenance.license).json)")
        }
        return "---\n\(lines.joined(separator: "\n"))\n---\n\n"
    }

    private var contents: [(String, String)] {
        let (base, provenance) = (bundle.base, bundle.provenance)
        var rows = [
            ("kind", bundle.kind.rawValue),
            (
                "base model",
                "\(base.name): \(base.shape.family), \(base.shape.layers) layers, hidden \(base.shape.hidden)"
            ),
            ("fingerprint of the base's weights (SHA-256)", base.fingerprint ?? "unknown"),
        ]
        for member in bundle.members { rows.append(("adapter \(member.name)", member.configuration.json)) }
        if let composition = bundle.composition { rows.append(("composition", composition.text)) }
        if let language = bundle.language { rows.append(("on language adapter", "\(language.name), \(language.hash)")) }
        for head in bundle.heads {
            rows.append(("head \(head.name)", "\(head.head.kind): \(head.head.output.summary)"))
        }
        rows.append(("parameters", "\(bundle.tensors.reduce(0) { $0 + $1.values.count })"))
        guard provenance.steps > 0 || !provenance.task.isEmpty else { return rows }
        rows += [
            ("trained on", provenance.task), ("SHA-256 of the training and dev examples", provenance.dataSHA256),
            ("license of the data", provenance.license), ("settings", provenance.settings),
            ("steps, epochs, seed", "\(provenance.steps), \(provenance.epochs), \(provenance.seed)"),
            ("kernels", provenance.kernels),
        ]
        return rows.filter { !$0.1.isEmpty }
    }

    private var scores: [(String, String)] {
        guard case .map(let tasks)? = ConfigurationValue(json: bundle.provenance.metrics) else { return [] }
        return tasks.sorted { $0.key < $1.key }.flatMap { task, value -> [(String, String)] in
            guard case .map(let metrics) = value else { return [("\(task)", value.json)] }
            return metrics.sorted { $0.key < $1.key }.compactMap { name, value in
                name == "metric" ? nil : ("\(task): \(name)", value.json)
            }
        }
    }

    private static func table(_ rows: [(String, String)]) -> String {
        var lines = rows.map { "| \(cell($0.0)) | \(cell($0.1)) |" }
        lines.insert("| --- | --- |", at: 1)
        return lines.joined(separator: "\n")
    }

    /// A name in a cell neither ends it nor begins markup.
    private static func cell(_ text: String) -> String {
        line(text).replacing("\\", with: "\\\\").replacing("|", with: "\\|").replacing("<", with: "&lt;")
    }

    private static func line(_ text: String) -> String {
        String(text.map { $0.isNewline || $0 == "\t" ? " " : $0 })
    }
}
