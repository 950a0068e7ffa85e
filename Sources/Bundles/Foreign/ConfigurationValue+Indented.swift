import Adapters
import Files

extension ConfigurationValue {
    /// JSON as Python's json.dump(indent=2, sort_keys=True) lays it out.
    /// - Parameter floats: fields whose whole numbers have a fraction all the same: 1.0
    func indented(floats: Set<String> = [], field: String = "", by margin: String = "\n") -> String {
        let inner = margin + "  "
        switch self {
        case .number(let value) where floats.contains(field): return "\(value)"
        case .list(let values) where !values.isEmpty:
            let lines = values.map { $0.indented(floats: floats, field: field, by: inner) }
            return "[\(inner)" + lines.joined(separator: ",\(inner)") + "\(margin)]"
        case .map(let values) where !values.isEmpty:
            let lines = values.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }.map { key, value in
                "\(ConfigurationValue.string(key).json): \(value.indented(floats: floats, field: key, by: inner))"
            }
            return "{\(inner)" + lines.joined(separator: ",\(inner)") + "\(margin)}"
        default: return json
        }
    }
}
