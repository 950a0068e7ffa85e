import Models

/// AdapterHub's tensor names for ours: one table for import and export, so that the two cannot differ.
///
/// A bottleneck adapter's, under `bert.encoder.layer.N.`: `output.adapters.NAME.adapter_down.0.weight` after the
/// feed-forward, `attention.output.adapters.NAME.…` after attention; a fusion's: `…adapter_fusion_layer.A,B.query.weight`;
/// a head's: `heads.NAME.1.weight` (dense) and `.4.` (out).
enum AdapterHubNames {
    private static let sites: [(ours: Site.Kind, theirs: String)] = [
        (.afterAttention, "attention.output"), (.afterFeedForward, "output"),
    ]
    private static let bottleneck: [(ours: String, theirs: String)] = [
        ("down.weight", "adapter_down.0.weight"), ("down.bias", "adapter_down.0.bias"),
        ("up.weight", "adapter_up.weight"), ("up.bias", "adapter_up.bias"),
    ]
    private static let head: [(ours: String, theirs: String)] = [
        ("dense.weight", "1.weight"), ("dense.bias", "1.bias"), ("out.weight", "4.weight"), ("out.bias", "4.bias"),
    ]

    /// `afterFeedForward/3/down.weight` to `bert.encoder.layer.3.output.adapters.NAME.adapter_down.0.weight`.
    static func adapter(_ ours: String, name: String, prefix: String) -> String? {
        guard let (stem, tensor) = layer(ours, prefix: prefix),
            let theirs = bottleneck.first(where: { $0.ours == tensor })?.theirs
        else { return nil }
        return "\(stem).adapters.\(name).\(theirs)"
    }

    /// `afterFeedForward/3/query.weight` to `bert.encoder.layer.3.output.adapter_fusion_layer.A,B.query.weight`.
    static func fusion(_ ours: String, names: [String], prefix: String) -> String? {
        guard let (stem, tensor) = layer(ours, prefix: prefix) else { return nil }
        return "\(stem).adapter_fusion_layer.\(names.joined(separator: ",")).\(tensor)"
    }

    /// `dense.weight` to `heads.NAME.1.weight`.
    static func head(_ ours: String, name: String) -> String? {
        head.first { $0.ours == ours }.map { "heads.\(name).\($0.theirs)" }
    }

    /// (`bert.encoder.layer.3.output`, `down.weight`) of `afterFeedForward/3/down.weight`
    private static func layer(_ ours: String, prefix: String) -> (String, String)? {
        let parts = ours.split(separator: "/").map(String.init)
        guard parts.count == 3, let site = sites.first(where: { $0.ours.rawValue == parts[0] }) else { return nil }
        return ("\(prefix).encoder.layer.\(parts[1]).\(site.theirs)", parts[2])
    }
}
