import Adapters
import Files

/// The names of 2020's AdapterHub files, as today's library would read them.
enum AdapterHubFormerNames {
    private static let fields = [
        "MH_Adapter": "mh_adapter", "Output_Adapter": "output_adapter", "LN_after": "ln_after",
        "LN_before": "ln_before",
    ]
    /// How the first fusions attended; an adapter does not look at them.
    private static let fusionFields: Set<String> = ["attention_type", "new_attention_norm"]

    /// A configuration's fields under today's names.
    /// - Throws: `BundleError` for a field under both names, or an invertible adapter without its fields
    static func fields(
        _ stored: [String: ConfigurationValue], file: String
    ) throws(BundleError) -> [String: ConfigurationValue] {
        var fields: [String: ConfigurationValue] = [:]
        func set(_ field: String, _ value: ConfigurationValue, from former: String) throws(BundleError) {
            if let other = stored[field], other != value {
                throw AdapterHubConfiguration.refused(
                    file, "config.\(former)", value.json, "\(other.json), as \(field) says")
            }
            fields[field] = value
        }
        for (field, value) in stored.sorted(by: { $0.key < $1.key }) {
            if let now = Self.fields[field] {
                try set(now, value, from: field)
            } else if field == "invertible_adapter" {
                if value == .null { continue }
                guard case .map(let inner) = value, let kind = inner["block_type"] else {
                    throw AdapterHubConfiguration.refused(
                        file, "config.\(field)", value.json, "block_type and reduction_factor")
                }
                try set("inv_adapter", kind, from: field)
                try set("inv_adapter_reduction_factor", inner["reduction_factor"] ?? .null, from: field)
            } else if !fusionFields.contains(field), fields[field] == nil {
                fields[field] = value
            }
        }
        return fields
    }

    private static let modules = [
        ("attention_text_task_adapters", "adapters"), ("attention_text_lang_adapters", "adapters"),
        ("layer_text_task_adapters", "adapters"), ("layer_text_lang_adapters", "adapters"),
        ("invertible_lang_adapters", "invertible_adapters"),
    ]

    /// A tensor's name today: `…output.layer_text_task_adapters.NAME.…` is `…output.adapters.NAME.…`.
    static func tensor(_ name: String) -> String {
        name.split(separator: ".", omittingEmptySubsequences: false).map { part in
            modules.first { $0.0 == part }?.1 ?? String(part)
        }.joined(separator: ".")
    }
}
