import Files
import Models
import Numerics

/// Representation finetuning: edits of a layer's output at the first and the last tokens of a text, within a subspace that is
/// learned (Wu et al. 2024, eq. 2; as `adapters`: src/adapters/methods/reft.py).
///
/// h ← dropout(h + Rᵀ (f(W h + b) − R h)), with R, W: [r, hidden], b: [r] and f the identity unless `non_linearity` names
/// another. LoReFT (`loreft`) keeps R's rows orthonormal (`OrthonormalRows`), NoReFT (`noreft`) does not, and DiReFT (`direft`)
/// also leaves R h out (`subtract_projection: false`).
///
/// It acts on the first `prefix_positions` and the last `suffix_positions` tokens, special tokens and prompts included, with
/// tensors of their own unless `tied_weights` is true. Where both meet in a short text, the suffix acts.
package struct ReFT: AdapterMethod {
    package static let name = "reft"
    package static let presets: [(name: String, fields: [String: ConfigurationValue])] = [
        ("loreft", [:]), ("noreft", ["orthogonality": .bool(false)]),
        ("direft", ["orthogonality": .bool(false), "subtract_projection": .bool(false)]),
    ]
    package static let defaults: [String: ConfigurationValue] = [
        "layers": .string("all"), "prefix_positions": .number(3), "suffix_positions": .number(0), "r": .number(1),
        "orthogonality": .bool(true), "tied_weights": .bool(false), "subtract_projection": .bool(true),
        "dropout": .number(0.05), "non_linearity": .null,
    ]

    private static let mostPositions = 1_048_576

    /// Which tokens an edit is for. With tied weights there is one edit for both.
    package enum Place: String, CaseIterable, Sendable {
        case prefix, suffix, tied
    }

    /// nil: all
    package let layers: Set<Int>?
    private let prefix: Int
    private let suffix: Int
    package let rank: Int
    package let isOrthonormal: Bool
    private let isTied: Bool
    package let subtracts: Bool
    private let dropout: Float
    private let activation: ActivationKind?

    package init(_ c: ConfigurationReader) throws(AdapterError) {
        layers = c["layers"] == .string("all") ? nil : try c.layers("layers")
        prefix = try c.integer("prefix_positions", in: 0...Self.mostPositions)
        suffix = try c.integer("suffix_positions", in: 0...Self.mostPositions)
        rank = try c.integer("r", in: 1...65_536)
        isOrthonormal = try c.bool("orthogonality")
        isTied = try c.bool("tied_weights")
        subtracts = try c.bool("subtract_projection")
        dropout = try c.probability("dropout")
        activation = c["non_linearity"] == .null ? nil : try c.choice("non_linearity", as: ActivationKind.self)
        guard prefix + suffix > 0 else {
            throw .field(
                source: c.source, field: "prefix_positions", found: "0",
                expected: "1 or more here or in suffix_positions; otherwise no token is edited")
        }
        if layers?.isEmpty == true {
            throw .field(
                source: c.source, field: "layers", found: "[]", expected: "all, or a list of one layer or more")
        }
    }

    private func acts(at site: Site) -> Bool {
        guard site.kind == .afterFeedForward, let layer = site.layer else { return false }
        return layers?.contains(layer) ?? true
    }

    /// The edits that it has.
    package var places: [Place] {
        isTied ? [.tied] : (prefix > 0 ? [.prefix] : []) + (suffix > 0 ? [.suffix] : [])
    }

    /// Where it acts.
    package func sites(_ architecture: Architecture) -> [SiteSpec] {
        architecture.sites(.afterFeedForward).filter { acts(at: $0.site) }
    }

    package func specs(_ architecture: Architecture) -> [ParameterSpec] {
        sites(architecture).flatMap { spec in
            places.flatMap { place -> [ParameterSpec] in
                let (scope, width) = ("\(spec.site.name)/\(place.rawValue)", spec.output)
                // Reflections along such vectors turn the first axes to random directions
                let free = Initializer.normal(1 / Float(width).squareRoot())
                return [
                    ParameterSpec("\(scope).source.weight", [rank, width], .kaimingUniform(fanIn: width)),
                    ParameterSpec("\(scope).source.bias", [rank], .kaimingUniform(fanIn: width), decays: false),
                    ParameterSpec(
                        "\(scope).projection", [rank, width],
                        isOrthonormal ? free : .kaimingUniform(fanIn: width), decays: !isOrthonormal),
                ]
            }
        }
    }

    /// - Throws: `AdapterError.field` for a rank or a layer that the base does not have
    package func start(_ architecture: Architecture, weight: (SiteSpec) throws -> [Float]) throws -> AdapterStart {
        for spec in architecture.sites(.afterFeedForward) { try check(rankAt: spec) }
        let count = architecture.configuration.layers
        if let layer = layers?.sorted().last, layer >= count {
            throw AdapterError.field(
                source: "adapter", field: "layers", found: "\(layer)", expected: "layers in 0...\(count - 1)")
        }
        return AdapterStart()
    }

    private func check(rankAt spec: SiteSpec) throws(AdapterError) {
        guard rank >= spec.output else { return }
        throw .field(
            source: "adapter", field: "r", found: "\(rank)",
            expected: "less than the hidden size, \(spec.output): an edit has a subspace of it")
    }

    package func delta(at site: Site, _ context: SiteContext, _ tensors: MemberTensors) throws -> SiteDelta? {
        guard acts(at: site) else { return nil }
        try check(rankAt: context.spec)
        let h = try context.normalized()
        let edits = try places.map { place in
            (place, try edited(h, at: site, place, tensors, in: context.builder))
        }
        func edit(_ place: Place) -> Value? { edits.first { $0.0 == place || $0.0 == .tied }?.1 }
        return .end(
            context.builder.append(
                SelectByEdge(
                    h, first: prefix > 0 ? edit(.prefix).map { ($0, prefix) } : nil,
                    last: suffix > 0 ? edit(.suffix).map { ($0, suffix) } : nil, in: context.builder)))
    }

    /// The edit of every row; only those at the ends are used.
    private func edited(
        _ h: Value, at site: Site, _ place: Place, _ tensors: MemberTensors, in builder: PlanBuilder
    ) throws -> Value {
        func tensor(_ name: String) throws -> Operand { try tensors(site, "\(place.rawValue).\(name)") }
        let scope = "\(tensors.scope(site))/\(place.rawValue)"
        var projection = try tensor("projection")
        if isOrthonormal {
            let free = projection
            projection =
                builder.derive("\(scope).projection", rows: rank) { inner in
                    [inner.append(OrthonormalRows(free, in: inner))]
                }[0]
        }
        var source = builder.append(
            Linear(h, weight: try tensor("source.weight"), bias: try tensor("source.bias"), in: builder))
        if let activation { source = builder.append(Activation(source, activation, in: builder)) }
        if subtracts {
            let projected = builder.append(Linear(h, weight: projection, bias: nil, in: builder))
            source = builder.append(WeightedSum([source, projected], weights: [1, -1], in: builder))
        }
        let sum = builder.append(
            Linear(source, weight: projection, bias: nil, residual: h, weightTransposed: true, in: builder))
        guard dropout > 0 else { return sum }
        return builder.append(DropAdd(sum, dropout: DropoutSite(site: scope, rate: dropout), in: builder))
    }

    package var notFusable: String? { "it edits what a layer gives, and adds nothing within the layer" }

    package func mergedForm() throws(MergeFault) -> MergedForm {
        throw MergeFault(
            "method", found: Self.name,
            expected: "a method whose parameters add up: each ReFT edits another subspace",
            fix: "compose them instead: --compose 'stack(…)'")
    }
}
