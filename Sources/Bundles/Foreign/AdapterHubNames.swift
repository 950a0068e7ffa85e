import Adapters
import Models

/// AdapterHub's names for ours: one table for import and export, so that the two cannot differ.
///
/// A bottleneck adapter's tensors, under `bert.encoder.layer.N.`: `output.adapters.NAME.adapter_down.0.weight` after the
/// feed-forward, an invertible part's under `bert.invertible_adapters.NAME.`, `attention.output.adapters.NAME.…` after
/// attention; a fusion's: `…adapter_fusion_layer.A,B.query.weight`; a head's: `heads.NAME.1.weight` (dense) and `.4.` (out).
/// `AdapterHubSpelling` has what other families call the same.
enum AdapterHubNames {
    private static let sites: [(ours: Site.Kind, theirs: String)] = [
        (.afterAttention, "attention.output"), (.afterFeedForward, "output"),
    ]
    private static let bottleneck: [(ours: String, theirs: String)] = [
        ("down.weight", "adapter_down.0.weight"), ("down.bias", "adapter_down.0.bias"),
        ("up.weight", "adapter_up.weight"), ("up.bias", "adapter_up.bias"), ("scaling", "scaling"),
        ("norm_before.weight", "\(normBefore).weight"), ("norm_before.bias", "\(normBefore).bias"),
        ("norm_after.weight", "adapter_norm_after.weight"), ("norm_after.bias", "adapter_norm_after.bias"),
        ("gate.weight", "gate.weight"), ("gate.bias", "gate.bias"),
    ]
    /// Of Compacter, in place of the matrices and biases.
    private static let hypercomplex: [(ours: String, theirs: String)] = [
        ("down", "adapter_down.0"), ("up", "adapter_up"),
    ].flatMap { ours, theirs in
        [("bias", "b")].map { ("\(ours).\($0)", "\(theirs).\($1)") }
            + ["W", "W_left", "W_right", "phm_rule", "phm_rule_left", "phm_rule_right"].map {
                ("\(ours).\($0)", "\(theirs).\($0)")
            }
    }
    private static let sharedRules = ["phm_rule", "phm_rule_left", "phm_rule_right"]
    private static let normBefore = "adapter_norm_before"
    /// With a norm before, the network is the norm, the down matrix and the activation: 0, 1 and 2.
    private static let (first, second) = (".adapter_down.0.", ".adapter_down.1.")
    /// `bert.encoder.layer.N.attention.self.query.loras.NAME.lora_A`
    private static let projections: [(ours: Site.Kind, theirs: String)] = [
        (.query, "attention.self.query"), (.key, "attention.self.key"), (.value, "attention.self.value"),
        (.intermediate, "intermediate.dense"), (.feedForwardOutput, "output.dense"),
    ]
    private static let lora: [(ours: String, theirs: String)] = [
        ("A", "lora_A"), ("B", "lora_B"), ("factors", "lora_B"), ("gate.weight", "gate.weight"),
        ("gate.bias", "gate.bias"),
    ]
    /// `bert.encoder.layer.N.attention.self.prefix_tuning.prefix_gates.NAME.weight`
    private static let prefixGates: [(ours: Site.Kind, theirs: String)] = [(.key, "attention.self.prefix_tuning")]
    private static let prefixGate: [(ours: String, theirs: String)] = [
        ("gate.weight", "weight"), ("gate.bias", "bias"),
    ]
    /// `bert.invertible_adapters.NAME.F.0.weight`
    private static let invertible: [(ours: String, theirs: String)] = ["F", "G"].flatMap { net in
        [("down", "0"), ("up", "2")].flatMap { ours, theirs in
            ["weight", "bias"].map { ("\(net).\(ours).\($0)", "\(net).\(theirs).\($0)") }
        }
    }
    private static let head: [(ours: String, theirs: String)] = [
        ("dense.weight", "1.weight"), ("dense.bias", "1.bias"), ("out.weight", "4.weight"), ("out.bias", "4.bias"),
    ]
    /// Of a head with one layer.
    private static let linearHead: [(ours: String, theirs: String)] = [
        ("out.weight", "1.weight"), ("out.bias", "1.bias"),
    ]
    /// What stands before `encoder.layer.` and which class saves it, by model type.
    private static let models: [String: (prefix: String, modelClass: String)] = [
        "bert": ("bert.", "BertAdapterModel"), "distilbert": ("distilbert.", "DistilBertAdapterModel"),
        "roberta": ("roberta.", "RobertaAdapterModel"),
        "xlm-roberta": ("roberta.", "XLMRobertaAdapterModel"),
    ]

    static var modelTypes: [String] { models.keys.sorted() }
    static func prefix(modelType: String) -> String? { models[modelType]?.prefix }
    static func modelClass(modelType: String) -> String? { models[modelType]?.modelClass }

    /// `afterFeedForward/3/down.weight` to `bert.encoder.layer.3.output.adapters.NAME.adapter_down.0.weight`.
    /// - Parameters:
    ///   - method: the adapter's; nil: one whose tensors' names tell all
    ///   - prefix: `bert.`; empty for a model saved without its family's name
    static func adapter(
        _ ours: String, of method: (any AdapterMethod)? = nil, name: String, prefix: String
    ) -> String? {
        if let union = method as? Union {
            guard let (part, own) = union.part(of: ours) else { return nil }
            return adapter(own, of: part.method, name: name, prefix: prefix)
        }
        if method is PrefixTuning, let (stem, tensor) = layer(ours, prefix: prefix, among: prefixGates) {
            return prefixGate.first { $0.ours == tensor }.map { "\(stem).prefix_gates.\(name).\($0.theirs)" }
        }
        if sharedRules.contains(ours) { return "\(prefix)shared_parameters.\(name).\(ours)" }
        let home = "\(Site.Kind.afterEmbeddings.rawValue)/"
        if ours == "\(home)prompt" { return "\(prefix)\(AdapterHubPrompt.module)\(name).prompt_embedding.weight" }
        if ours.hasPrefix(home) {
            return invertible.first { $0.ours == ours.dropFirst(home.count) }.map {
                "\(prefix)invertible_adapters.\(name).\($0.theirs)"
            }
        }
        if let (stem, tensor) = layer(ours, prefix: prefix, among: projections),
            let theirs = lora.first(where: { $0.ours == tensor })?.theirs
        {
            return "\(stem).loras.\(name).\(theirs)"
        }
        let adapter = method as? BottleneckAdapter
        guard let (stem, tensor) = layer(ours, prefix: prefix),
            let theirs = ((adapter?.isHypercomplex == true ? hypercomplex : []) + bottleneck).first(where: {
                $0.ours == tensor
            })?.theirs
        else { return nil }
        let full = "\(stem).adapters.\(name).\(theirs)"
        let hasNormBefore = adapter?.hasNormBefore == true
        return hasNormBefore ? full.replacing(first, with: second, maxReplacements: 1) : full
    }

    /// The shape that the library has for a tensor: that of a vector of factors is [out, 1].
    static func shape(_ ours: [Int], theirs: String) -> [Int] {
        ours.count == 1 && theirs.hasSuffix(".lora_B") ? ours + [1] : ours
    }

    /// The other name under which the library's files hold a tensor; nil: none.
    static func copy(_ theirs: String) -> String? {
        theirs.contains(".\(normBefore).") ? theirs.replacing(".\(normBefore).", with: first) : nil
    }

    /// Of a fusion by itself: its own tensors.
    static let fusionScope = "blocks/fuse"

    /// `afterFeedForward/3/query.weight` to `bert.encoder.layer.3.output.adapter_fusion_layer.A,B.query.weight`.
    /// - Parameter name: the fusion's: its members' names with commas, unless whoever made it chose another
    static func fusion(_ ours: String, name: String, prefix: String) -> String? {
        guard let (stem, tensor) = layer(ours, prefix: prefix) else { return nil }
        return "\(stem).adapter_fusion_layer.\(name).\(tensor)"
    }

    /// `dense.weight` to `heads.NAME.1.weight`.
    /// - Parameter kind: the head; nil: one of two layers
    static func head(_ ours: String, of kind: (any Head)? = nil, name: String) -> String? {
        (kind.map(AdapterHubHeads.isLinear) == true ? linearHead : head).first { $0.ours == ours }.map {
            "heads.\(name).\($0.theirs)"
        }
    }

    /// A tensor in full, `members/NAME/…`, `blocks/ID/…` or `heads/NAME/…`, by the module that holds it.
    /// - Parameters:
    ///   - scope: `members/NAME`, `blocks/ID` or `heads/NAME`
    ///   - method: of a member
    ///   - head: where the scope is a head's; nil: one of two layers
    ///   - module: the module's name there
    static func theirs(
        _ ours: String, scope: String, method: (any AdapterMethod)?, head kind: (any Head)? = nil, module: String,
        prefix: String
    ) -> String? {
        let own = String(ours.dropFirst(scope.count + 1))
        if scope.hasPrefix("blocks/") { return fusion(own, name: module, prefix: prefix) }
        return scope.hasPrefix("heads/")
            ? head(own, of: kind, name: module) : adapter(own, of: method, name: module, prefix: prefix)
    }

    /// (`bert.encoder.layer.3.output`, `down.weight`) of `afterFeedForward/3/down.weight`
    private static func layer(
        _ ours: String, prefix: String, among sites: [(ours: Site.Kind, theirs: String)] = sites
    ) -> (String, String)? {
        let parts = ours.split(separator: "/").map(String.init)
        guard parts.count == 3, let site = sites.first(where: { $0.ours.rawValue == parts[0] }) else { return nil }
        return ("\(prefix)encoder.layer.\(parts[1]).\(site.theirs)", parts[2])
    }

    /// (`bert.`, `3`) of `bert.encoder.layer.3.output.adapters.…`; nil for a tensor outside the layers.
    static func place(_ theirs: String) -> (prefix: String, layer: String)? {
        let parts = theirs.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        for i in parts.indices where i + 2 < parts.count && parts[i] == "encoder" && parts[i + 1] == "layer" {
            let before = parts[..<i].joined(separator: ".")
            return (i == 0 ? "" : before + ".", parts[i + 2])
        }
        return nil
    }

    /// A name of theirs as a bundle can hold it: `/` would be a path there.
    /// - Returns: nil for a name that cannot be one
    static func ours(_ name: String) -> String? {
        let name = String(name.map { $0 == "/" ? "_" : $0 })
        return BundleFile.isName(name) ? name : nil
    }

    /// A name of ours as AdapterHub can hold it: torch's modules take no dot, a fusion's name joins by commas, and an
    /// adapter's is a folder's too.
    static func theirs(_ name: String) -> String {
        String(name.map { ".,/".contains($0) ? "_" : $0 })
    }
}
