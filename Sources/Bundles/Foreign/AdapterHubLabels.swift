import Adapters
import Files
import Models
import Numerics

/// The names of a classification head's labels: `label2id`, or `id2label`, or both where they agree.
enum AdapterHubLabels {
    /// In the order of their numbers; LABEL_0, LABEL_1 … where the file has no names.
    static func names(
        _ fields: [String: ConfigurationValue], count: Int, file: String
    ) throws(BundleError) -> [String] {
        let byLabel = try entries(fields["label2id"], "label2id", file) { ($1, .string($0)) }
        let byID = try entries(fields["id2label"], "id2label", file) { (.string($0), $1) }
        var labels: [String]?
        if let byLabel { labels = try list(byLabel, "label2id", count, file) }
        var others: [String]?
        if let byID { others = try list(byID, "id2label", count, file) }
        if let labels, let others, labels != others {
            throw AdapterHubConfiguration.refused(
                file, "config.id2label", others.joined(separator: ", "),
                "\(labels.joined(separator: ", ")), as label2id says")
        }
        return labels ?? others ?? anonymous(count)
    }

    /// The head on the first token that has these labels. Both libraries train one output as a number, as it is: squared
    /// error, without a softmax.
    /// - Parameter isLinear: the one with a single layer
    static func head(_ labels: [String], pooling: Pool.Kind = .first, isLinear: Bool = false) -> any Head {
        let request = HeadRequest(labels: labels, pooling: pooling, textPrefix: "", numbers: [.identity])
        guard labels.count > 1 else { return isLinear ? LinearRegressionHead(request) : RegressionHead(request) }
        return isLinear ? LinearClassificationHead(request) : ClassificationHead(request)
    }

    /// Where a file of ours says what the library has no field for. It does not look there.
    private static let ours = "amalgam"

    /// What the library's head cannot say; nothing for a head that is as the library's.
    static func recorded(_ head: any Head) -> [String: ConfigurationValue] {
        guard case .pooled(let pooling) = head.input, pooling != .first else { return [:] }
        return [ours: .map(["pooling": .string(pooling.rawValue)])]
    }

    /// The pooling that an export of ours recorded; the first token otherwise.
    static func pooling(_ fields: [String: ConfigurationValue], file: String) throws(BundleError) -> Pool.Kind {
        guard case .map(let recorded)? = fields[ours], let value = recorded["pooling"] else { return .first }
        guard case .string(let name) = value, let pooling = Pool.Kind(rawValue: name) else {
            throw AdapterHubConfiguration.refused(
                file, "\(ours).pooling", value.json, Pool.Kind.allCases.map(\.rawValue).joined(separator: ", "))
        }
        return pooling
    }

    /// What a head without names gets.
    static func anonymous(_ count: Int) -> [String] { (0..<count).map { "LABEL_\($0)" } }

    /// A map's members as (number, label); nil for no map.
    private static func entries(
        _ value: ConfigurationValue?, _ field: String, _ file: String,
        _ pair: (String, ConfigurationValue) -> (id: ConfigurationValue, label: ConfigurationValue)
    ) throws(BundleError) -> [(id: ConfigurationValue, label: ConfigurationValue)]? {
        guard let value, value != .null else { return nil }
        guard case .map(let map) = value else {
            throw AdapterHubConfiguration.refused(file, "config.\(field)", value.json, "labels with numbers")
        }
        return map.sorted { $0.key < $1.key }.map { pair($0.key, $0.value) }
    }

    private static func list(
        _ entries: [(id: ConfigurationValue, label: ConfigurationValue)], _ field: String, _ count: Int, _ file: String
    ) throws(BundleError) -> [String] {
        var labels = [String?](repeating: nil, count: count)
        for (id, label) in entries {
            let number: Int? =
                switch id {
                case .number(let number): Int(exactly: number)
                // JSON's keys are text
                case .string(let text): Int(text)
                default: nil
                }
            guard let number, labels.indices.contains(number), labels[number] == nil, case .string(let name) = label
            else {
                throw AdapterHubConfiguration.refused(
                    file, "config.\(field)", "\(shown(label)): \(shown(id))",
                    "each number in 0..<\(count) once, with a name")
            }
            labels[number] = name
        }
        var names: [String] = []
        for (i, label) in labels.enumerated() {
            guard let label else {
                throw AdapterHubConfiguration.refused(
                    file, "config.\(field)", "none with \(i)", counted(count, "label"))
            }
            names.append(label)
        }
        return names
    }

    private static func shown(_ value: ConfigurationValue) -> String {
        if case .string(let text) = value { String(text.prefix(40)) } else { value.json }
    }
}
