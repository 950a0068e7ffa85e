import Files
import Models
import Numerics

/// How a fusion attends. Fields are those of AdapterHub's AdapterFusionConfig that change what is computed.
package struct FusionConfiguration: Equatable, Sendable {
    /// With a value matrix (`dynamic`) or without (`static`).
    package var value: Bool
    /// λ of λ ‖I − V‖², Frobenius, in each layer.
    package var regularization: Float
    package var temperature: Float

    package static let dynamic = FusionConfiguration(value: true, regularization: 0.01, temperature: 1)
    package static let `static` = FusionConfiguration(value: false, regularization: 0, temperature: 1)

    package init(value: Bool, regularization: Float, temperature: Float) {
        self.value = value
        self.regularization = regularization
        self.temperature = temperature
    }

    package var json: ConfigurationValue {
        .map([
            "value": .bool(value), "regularization": .number(Double(regularization)),
            "temperature": .number(Double(temperature)),
        ])
    }

    package init?(json: ConfigurationValue) {
        guard case .map(let map) = json, case .bool(let value)? = map["value"],
            case .number(let regularization)? = map["regularization"],
            case .number(let temperature)? = map["temperature"],
            regularization >= 0, temperature > 0
        else { return nil }
        self.init(value: value, regularization: Float(regularization), temperature: Float(temperature))
    }

    /// The fusion's own tensors over the sites in `sites`: Q and K N(0, 0.02) with zero biases, V the identity with 1e-6
    /// off the diagonal.
    package func specs(sites: [SiteSpec]) -> [ParameterSpec] {
        sites.flatMap { site in
            let (scope, d) = ("fusion/\(site.site.name)", site.output)
            return [
                ParameterSpec("\(scope)/query.weight", [d, d], .normal(0.02)),
                ParameterSpec("\(scope)/query.bias", [d], .zeros, decays: false),
                ParameterSpec("\(scope)/key.weight", [d, d], .normal(0.02)),
                ParameterSpec("\(scope)/key.bias", [d], .zeros, decays: false),
            ] + (value ? [ParameterSpec("\(scope)/value.weight", [d, d], .identity(off: 1e-6))] : [])
        }
    }
}

/// AdapterFusion (Pfeiffer et al. 2021, section 3.2): at each site, attention of the token's representation over the
/// frozen adapters' outputs.
///
/// query = what the last member reads; keys and values = the members' up-projections, without residual; out = Σ pₙ V uₙ.
/// All members run as one wide product (see `FusionMix`).
struct FuseBlock: SitePlugin {
    private let members: [(member: Member, method: any AdapterMethod)]
    private let configuration: FusionConfiguration
    private let dropout: Float
    private let operand: OperandTable

    /// - Throws: `AdapterError.composition` for a member without bottlenecks.
    init(
        _ members: [(member: Member, method: any AdapterMethod)], configuration: FusionConfiguration,
        architecture: Architecture, operand: OperandTable
    ) throws(AdapterError) {
        for (member, method) in members {
            let sites = Self.sites([method], architecture)
            guard !sites.isEmpty else {
                throw .composition(
                    "adapter \(member.name): found method \(member.configuration.method), expected bottleneck; only "
                        + "bottleneck adapters can be fused")
            }
        }
        self.members = members
        self.configuration = configuration
        dropout = architecture.configuration.attentionDropout
        self.operand = operand
    }

    /// Sites at which any of the methods has a bottleneck, lowest first.
    static func sites(_ methods: [any AdapterMethod], _ architecture: Architecture) -> [SiteSpec] {
        architecture.sites(.afterAttention, .afterFeedForward).filter { site in
            methods.contains { $0.bottleneck(at: site) != nil }
        }
    }

    private struct Part {
        let shape: Bottleneck
        let down: Operand
        let downBias: Operand
        let up: Operand
        let upBias: Operand
    }

    private func parts(at spec: SiteSpec) throws -> [Part] {
        try members.compactMap { member, method in
            guard let shape = method.bottleneck(at: spec) else { return nil }
            let (tensors, site) = (MemberTensors(operand, prefix: member.scope), spec.site)
            return Part(
                shape: shape, down: try tensors(site, "down.weight"), downBias: try tensors(site, "down.bias"),
                up: try tensors(site, "up.weight"), upBias: try tensors(site, "up.bias"))
        }
    }

    func delta(at site: Site, _ context: SiteContext) throws -> SiteDelta? {
        let parts = try parts(at: context.spec)
        guard let last = parts.last else { return nil }
        let builder = context.builder
        func own(_ tensor: String) throws -> Operand { try operand("fusion/\(site.name)/\(tensor)") }

        let narrow = try narrow(parts, context)
        let ups = stackedUps(parts, output: context.spec.output)
        let key = try own("key.weight")
        let query = builder.append(
            Linear(
                try context.value(last.shape.source), weight: try own("query.weight"), bias: try own("query.bias"),
                in: builder))
        let keyBias = try own("key.bias")
        let queryBias = builder.append(
            Linear(query, weight: keyBias.reshaped([1, context.spec.output]), bias: nil, in: builder))
        let seen = builder.append(Linear(query, weight: key, bias: nil, weightTransposed: true, in: builder))
        let throughUps = builder.append(
            Linear(seen, weight: .frozen(ups), bias: nil, weightTransposed: true, in: builder))
        let mixed = builder.append(
            FusionMix(
                w: throughUps, z: narrow, queryBias: queryBias, widths: parts.map(\.shape.width),
                temperature: configuration.temperature,
                dropout: DropoutSite(site: "fusion/\(site.name)", rate: dropout), in: builder))
        guard configuration.value else { return .factored(narrow: mixed, up: .frozen(ups), bias: nil, scale: 1) }
        let up = builder.append(Linear(mixed, weight: .frozen(ups), bias: nil, in: builder))
        return .dense(
            builder.append(
                Linear(
                    up, weight: try own("value.weight"), bias: nil, identityPull: configuration.regularization,
                    in: builder)))
    }

    /// All members' narrow activations side by side, [rows, Σ widths]: neighbours that read the same value with the same
    /// non-linearity share one wide product.
    private func narrow(_ parts: [Part], _ context: SiteContext) throws -> Value {
        var groups: [[Part]] = []
        for part in parts {
            if let shape = groups.last?.first?.shape, shape.source == part.shape.source,
                shape.activation == part.shape.activation
            {
                groups[groups.count - 1].append(part)
            } else {
                groups.append([part])
            }
        }
        let values = try groups.map { group in
            let width = group.reduce(0) { $0 + $1.shape.width }
            let input = try context.value(group[0].shape.source)
            let down = Weight(group.flatMap { $0.down.array }, shape: [width, input.width])
            let bias = Weight(group.flatMap { $0.downBias.array }, shape: [width])
            let sum = context.builder.append(
                Linear(input, weight: .frozen(down), bias: .frozen(bias), in: context.builder))
            return context.builder.append(Activation(sum, group[0].shape.activation, in: context.builder))
        }
        return values.count == 1 ? values[0] : context.builder.append(Concatenate(values, in: context.builder))
    }

    /// [output, Σ widths + N]: the scaled up matrices side by side, then their scaled biases as one column each.
    private func stackedUps(_ parts: [Part], output: Int) -> Weight {
        let width = parts.reduce(0) { $0 + $1.shape.width } + parts.count
        var values = [Float](repeating: 0, count: output * width)
        var column = 0
        for (n, part) in parts.enumerated() {
            let (up, bias, r) = (part.up.array, part.upBias.array, part.shape.width)
            for row in 0..<output {
                for c in 0..<r { values[row * width + column + c] = part.shape.scale * up[row * r + c] }
                values[row * width + width - parts.count + n] = part.shape.scale * bias[row]
            }
            column += r
        }
        return Weight(values, shape: [output, width])
    }
}

extension FusionConfiguration {
    /// The fusion's own tensors over these members.
    package func specs(_ members: [Member], _ architecture: Architecture) throws(AdapterError) -> [ParameterSpec] {
        var methods: [any AdapterMethod] = []
        for member in members { methods.append(try member.configuration.makeMethod()) }
        return specs(sites: FuseBlock.sites(methods, architecture))
    }
}

extension Operand {
    fileprivate var array: [Float] {
        Array(UnsafeBufferPointer(start: floats, count: shape.reduce(1, *)))
    }
}
