import Adapters
import Files
import Models

/// A composition that only multiplies what its adapters add, as one adapter with equal outputs.
///
/// A weighted sum of bottlenecks is one bottleneck: their down matrices stacked, their weighted up matrices side by side. A weighted
/// sum of LoRA is LoRA of the summed rank.
package struct BundleCollapse {
    private let bundle: AdapterBundle
    private let file: String
    private let architecture: Architecture
    private let terms: [WeightedTerm]
    private let tensors: [String: [Float]]

    /// - Parameter file: for messages
    /// - Throws: `BundleError.merge` for a bundle without a composition, or with a block that does more; `AdapterError`
    package init(_ bundle: AdapterBundle, file: String) throws {
        guard case .block? = bundle.composition, bundle.overlay == nil, let tree = bundle.composition else {
            throw BundleError.merge(
                file: file, field: "composition", found: "a bundle of kind \(bundle.kind.rawValue)",
                expected: "several adapters, such as an average or scalearn", fix: "use the bundle as it is")
        }
        self.bundle = bundle
        self.file = file
        architecture = try Architecture(bundle.base.shape)
        let own = Dictionary(bundle.tensors.map { ($0.name, $0.values) }) { first, _ in first }
        tensors = own
        terms = try WeightedTerm.all(Outline(tree, members: bundle.members), file: file) { name in
            try Self.values(name, own, file)
        }
    }

    private static func values(_ name: String, _ tensors: [String: [Float]], _ file: String) throws -> [Float] {
        guard let values = tensors[name] else {
            throw BundleError.merge(
                file: file, field: name, found: "missing", expected: "a tensor", fix: "write the bundle again")
        }
        return values
    }

    /// The bundle with one adapter; heads, provenance and scores stay, since its outputs do.
    /// - Parameter name: of the bundle and its adapter; nil: the bundle's
    /// - Throws: `BundleError.merge` for adapters that cannot become one, naming the adapter and the field
    package func run(name: String? = nil) throws -> AdapterBundle {
        let adapter = try collapsed()
        let name = name ?? bundle.name
        let member = Member(name: GroupName.safe(name), configuration: adapter.configuration)
        var result = AdapterBundle(
            name: name, base: bundle.base, members: [member], composition: .leaf(member.name), heads: bundle.heads,
            provenance: bundle.provenance)
        let own = Dictionary(adapter.tensors.map { ("\(member.scope)/\($0.name)", $0.values) }) { first, _ in first }
        result.tensors = try result.specs().map { spec in
            let values = try Self.values(spec.name, own.merging(tensors) { first, _ in first }, file)
            guard values.count == spec.count else {
                throw BundleError.merge(
                    file: file, field: spec.name, found: counted(values.count, "value"),
                    expected: "shape \(spec.shape)", fix: "use the bundle as it is")
            }
            return NamedTensor(spec.name, spec.shape, values)
        }
        result.language = bundle.language
        result.provenance.startedFrom = [:]
        result.provenance.settings = settings
        return result
    }

    /// The training's settings, with what was collapsed.
    private var settings: String {
        var fields: [String: ConfigurationValue] = [:]
        if case .map(let map)? = ConfigurationValue(json: bundle.provenance.settings) { fields = map }
        let adapters: [ConfigurationValue] = bundle.members.map { member in
            .map([
                "adapter": .string(member.name),
                "content": .string(bundle.contentHash(of: member.scope, configuration: member.configuration.json)),
            ])
        }
        fields["collapse"] = .map([
            "composition": .string(bundle.composition?.text ?? ""), "adapters": .list(adapters),
        ])
        return ConfigurationValue.map(fields).json
    }

    private func collapsed() throws -> (configuration: AdapterConfiguration, tensors: [NamedTensor]) {
        func tensor(_ term: WeightedTerm, _ name: String) throws -> [Float] {
            try Self.values("\(term.member.scope)/\(name)", tensors, file)
        }
        for term in terms where type(of: term.method).name != type(of: terms[0].method).name {
            throw fault(
                term, "method", found: term.member.configuration.method,
                expected: "\(terms[0].member.configuration.method), as adapter \(terms[0].member.name) has")
        }
        switch terms[0].method {
        case is BottleneckAdapter:
            return try CollapsedBottleneck(terms, architecture, fault: fault).adapter(tensor)
        case is LoRA: return try CollapsedLoRA(terms, architecture, fault: fault).adapter(tensor)
        default:
            throw fault(
                terms[0], "method", found: terms[0].member.configuration.method,
                expected: "\(BottleneckAdapter.name) or \(LoRA.name)")
        }
    }

    private func fault(_ term: WeightedTerm, _ field: String, found: String, expected: String) -> BundleError {
        .merge(
            file: "\(file): adapter \(term.member.name)", field: field, found: found, expected: expected,
            fix: "its effect is no part of one adapter of the other's form; use the bundle as it is")
    }
}
