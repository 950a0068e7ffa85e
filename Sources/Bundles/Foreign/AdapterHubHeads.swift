import Files
import Models
import Numerics

/// Heads in AdapterHub's format.
///
/// The library's classification head of two layers is a `ClassificationHead`, or, with one output, a `RegressionHead` of one
/// number as it is: both libraries train one output with squared error. With one layer, which has no activation, it is a
/// `LinearClassificationHead` or a `LinearRegressionHead`. Its tagging head of one layer is a `TaggingHead`.
enum AdapterHubHeads {
    private static let (classification, tagging) = ("classification", "tagging")

    /// Whether the library has a head that computes what ours does.
    static func holds(_ head: any Head) -> Bool { configuration(head) != nil }

    /// `config` of head_config.json; nil: the library has no such head.
    static func configuration(_ head: any Head) -> ConfigurationValue? {
        switch head {
        case is TaggingHead: configuration(tagging, labels: head.labels, layers: 1, [:])
        case is ClassificationHead, is LinearClassificationHead: pooled(head.labels, head)
        case is RegressionHead where head.numbers.count == 1, is LinearRegressionHead where head.numbers.count == 1:
            pooled(AdapterHubLabels.anonymous(1), head)
        default: nil
        }
    }

    /// Whether a head has a linear layer alone.
    static func isLinear(_ head: any Head) -> Bool {
        head is TaggingHead || head is LinearClassificationHead || head is LinearRegressionHead
    }

    private static func pooled(_ labels: [String], _ head: any Head) -> ConfigurationValue {
        configuration(
            classification, labels: labels, layers: isLinear(head) ? 1 : 2,
            ["bias": .bool(true), "use_pooler": .bool(false)])
    }

    private static func configuration(
        _ type: String, labels: [String], layers: Int, _ more: [String: ConfigurationValue]
    ) -> ConfigurationValue {
        let ids = labels.enumerated().map { ($1, ConfigurationValue.number(Double($0))) }
        return .map(
            more.merging([
                "activation_function": .string("tanh"), "dropout_prob": .null, "head_type": .string(type),
                "label2id": .map(Dictionary(ids) { a, _ in a }), "layers": .init(layers),
                "num_labels": .init(labels.count),
            ]) { a, _ in a })
    }

    /// The head that a head_config.json describes.
    /// - Parameter fields: the whole file
    /// - Throws: `BundleError` naming the field
    static func head(_ fields: [String: ConfigurationValue], file: String) throws(BundleError) -> any Head {
        guard case .map(let config)? = fields["config"] else {
            throw AdapterHubConfiguration.refused(
                file, "config", fields["config"]?.json ?? "nothing",
                "a head of an adapter model (BertAdapterModel and its like)")
        }
        func wrong(_ field: String, _ expected: String) -> BundleError {
            AdapterHubConfiguration.refused(file, "config.\(field)", config[field]?.json ?? "nothing", expected)
        }
        func require(_ field: String, _ only: ConfigurationValue, or absent: ConfigurationValue? = nil)
            throws(BundleError)
        {
            guard (config[field] ?? absent) == only else { throw wrong(field, only.json) }
        }
        let isTagging = config["head_type"] == .string(tagging)
        guard isTagging || config["head_type"] == .string(classification) else {
            throw wrong("head_type", "\"\(classification)\" or \"\(tagging)\"")
        }
        let isLinear = config["layers"] == .number(1)
        guard isLinear || !isTagging && config["layers"] == .number(2) else {
            throw wrong("layers", isTagging ? "1" : "1 or 2")
        }
        if !isLinear { try require("activation_function", .string("tanh")) }
        try require("bias", .bool(true), or: .bool(true))
        try require("use_pooler", .bool(false), or: .bool(false))
        try require("dropout_prob", .null, or: .null)
        guard case .number(let number)? = config["num_labels"], let count = Int(exactly: number),
            (1...65_536).contains(count)
        else { throw wrong("num_labels", "a number in 1...65536") }
        let labels = try AdapterHubLabels.names(config, count: count, file: file)
        return isTagging
            ? TaggingHead(labels: labels)
            : AdapterHubLabels.head(
                labels, pooling: try AdapterHubLabels.pooling(fields, file: file), isLinear: isLinear)
    }

    /// The last layer of a head of one number, so that it gives numbers in the data's units: y = mean + deviation · (W x + b)
    /// = (deviation · W) x + (mean + deviation · b).
    /// - Parameters:
    ///   - tensor: one of the head's, under its name there
    static func folded(_ tensor: NamedTensor, name: String, _ scale: NumberScale) -> NamedTensor {
        let values: [Float]
        switch name {
        case "out.weight": values = tensor.values.map { scale.deviation * $0 }
        case "out.bias": values = tensor.values.map { scale.mean + scale.deviation * $0 }
        default: return tensor
        }
        return NamedTensor(tensor.name, tensor.shape, values)
    }
}
