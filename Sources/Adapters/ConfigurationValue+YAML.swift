import Files
import Yams

extension ConfigurationValue {
    /// From a YAML text's tree; nil for what is no configuration: a map with keys that are no scalars, or of one text.
    ///
    /// Not through Yams' own conversion, which ends the process at a map whose key is a map.
    init?(_ node: Node) {
        switch node {
        case .scalar(let scalar):
            self = scalar.style == .plain || scalar.style == .any ? Self.plain(scalar.string) : .string(scalar.string)
        case .sequence(let nodes):
            var values: [ConfigurationValue] = []
            for node in nodes {
                guard let value = ConfigurationValue(node) else { return nil }
                values.append(value)
            }
            self = .list(values)
        case .mapping(let pairs):
            var fields: [String: ConfigurationValue] = [:]
            for (key, node) in pairs {
                guard let key = key.scalar?.string, let value = ConfigurationValue(node),
                    fields.updateValue(value, forKey: key) == nil
                else { return nil }
            }
            self = .map(fields)
        case .alias: return nil
        }
    }

    /// A scalar without quotes.
    private static func plain(_ text: String) -> ConfigurationValue {
        switch text {
        case "", "~", "null", "Null", "NULL": return .null
        case "true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON": return .bool(true)
        case "false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF": return .bool(false)
        default:
            // Swift takes 'nan' and 'infinity' for numbers, too.
            let first = text.utf8.first ?? 0
            let mayBegin = (0x30...0x39).contains(first) || [0x2B, 0x2D, 0x2E].contains(first)
            guard mayBegin, let number = Double(text), number.isFinite else { return .string(text) }
            return .number(number)
        }
    }
}
