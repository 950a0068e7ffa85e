import Models
import Numerics

/// Prefix tuning: learned keys and values before each sequence's own, in every layer (Li & Liang 2021, section 4).
///
/// With `flat` false, a network makes them from an embedding E [length, hidden] (section 4.3, as the `adapters` library):
/// up(f(down(E))) has 2 · width columns for each layer, its keys and then its values. The network runs once per step, not
/// once per sequence. With `use_gating`, each layer has a gate on its prefix, or with `shared_gating` false one on the keys and one
/// on the values (UniPELT, Mao et al. 2022; `Gate`). With `takes_positions`, the text's positions begin after the prefix's, as in `peft`, which gives
/// the model the prefix as keys and values of tokens that it has read before. Bundles of trained adapters hold the flat form: the keys and values themselves, [length, width].
package struct PrefixTuning: AdapterMethod {
    package static let name = "prefix_tuning"
    package static let presets: [(name: String, fields: [String: ConfigurationValue])] = [
        ("prefix_tuning", [:]), ("prefix_tuning_flat", ["flat": .bool(true)]),
    ]
    package static let defaults: [String: ConfigurationValue] = [
        "prefix_length": .number(30), "bottleneck_size": .number(512), "non_linearity": .string("tanh"),
        "dropout": .number(0), "flat": .bool(false), "leave_out": .list([]), "use_gating": .bool(false),
        "shared_gating": .bool(true), "takes_positions": .bool(false),
    ]
    package static let laterFields: Set<String> = ["use_gating", "shared_gating", "takes_positions"]

    package static let trainingFields: Set<String> = ["bottleneck_size", "non_linearity", "dropout"]

    package let length: Int
    package let isFlat: Bool
    private let bottleneck: Int
    private let activation: ActivationKind
    private let dropout: Float
    private let leaveOut: Set<Int>
    package let hasGate: Bool
    private let sharesGate: Bool
    package let takesPositions: Bool

    package init(_ c: ConfigurationReader) throws(AdapterError) {
        length = try c.integer("prefix_length", in: 1...4096)
        bottleneck = try c.integer("bottleneck_size", in: 1...65_536)
        activation = try c.choice("non_linearity", as: ActivationKind.self)
        dropout = try c.probability("dropout")
        isFlat = try c.bool("flat")
        leaveOut = try c.layers("leave_out")
        hasGate = try c.bool("use_gating")
        sharesGate = try c.bool("shared_gating")
        takesPositions = try c.bool("takes_positions")
    }

    package var mixesTokens: Bool { hasGate }

    package var virtualTokens: VirtualTokens? {
        takesPositions ? VirtualTokens(count: 0, place: .first, positions: length) : nil
    }

    /// The projections whose output gets a prefix: keys and values of each layer, in this order.
    package func sites(_ architecture: Architecture) -> [SiteSpec] {
        let keys = architecture.sites(.key)
        return keys.compactMap(\.site.layer).filter { !leaveOut.contains($0) }.flatMap { layer in
            [Site.Kind.key, .value].compactMap { architecture[Site($0, layer: layer)] }
        }
    }

    package var notFusable: String? { "its keys and values are read by the attention itself" }

    package func specs(_ architecture: Architecture) -> [ParameterSpec] {
        let sites = sites(architecture)
        let gates =
            hasGate
            ? sites.filter { $0.site.kind == .key }.flatMap {
                Gate.specs(
                    $0.site, input: $0.input, outputs: sharesGate ? 1 : 2, bias: .kaimingUniform(fanIn: $0.input))
            } : []
        if isFlat {
            return sites.map { ParameterSpec("\($0.site.name)/prefix", [length, $0.output], .normal(1)) } + gates
        }
        guard let input = sites.first?.input else { return gates }
        let output = sites.reduce(0) { $0 + $1.output }
        let (down, up) = (Initializer.kaimingUniform(fanIn: input), Initializer.kaimingUniform(fanIn: bottleneck))
        return [
            ParameterSpec("prefix/embedding", [length, input], .normal(1)),
            ParameterSpec("prefix/down.weight", [bottleneck, input], down),
            ParameterSpec("prefix/down.bias", [bottleneck], down, decays: false),
            ParameterSpec("prefix/up.weight", [output, bottleneck], up),
            ParameterSpec("prefix/up.bias", [output], up, decays: false),
        ] + gates
    }

    package func extraKeysValues(
        layer: Int, input: Value, of architecture: Architecture, _ tensors: MemberTensors, in builder: PlanBuilder
    ) throws -> (keys: Value, values: Value, rows: Int)? {
        guard !leaveOut.contains(layer) else { return nil }
        let gate =
            hasGate ? try Gate.value(input, at: Site(.key, layer: layer), tensors, in: builder) : nil
        let prefixes = try prefixes(of: architecture, tensors, in: builder)
        /// [sequences, length · width]
        func value(_ kind: Site.Kind) throws -> Value {
            let site = Site(kind, layer: layer)
            let prefix = try prefixes[site] ?? tensors(site, "prefix")
            var rows = builder.append(RepeatedTensor(prefix, rows: .sequences, in: builder))
            if dropout > 0 {
                let random = DropoutSite(site: "\(tensors.scope(site))/prefix", rate: dropout)
                rows = builder.append(DropAdd(rows, dropout: random, in: builder))
            }
            guard let gate else { return rows }
            return builder.append(
                GatedRows(rows, by: gate, column: kind == .key ? 0 : gate.width - 1, in: builder))
        }
        return (try value(.key), try value(.value), length)
    }

    /// The keys and values that the network makes, by site; none in the flat form.
    private func prefixes(
        of architecture: Architecture, _ tensors: MemberTensors, in builder: PlanBuilder
    ) throws -> [Site: Operand] {
        guard !isFlat else { return [:] }
        let sites = sites(architecture)
        let operands = try builder.derive("\(tensors.scope)/prefix", rows: length) { rows in
            let embedding = rows.append(WeightRows(try tensors("prefix/embedding"), in: rows))
            let down = rows.append(
                Linear(
                    embedding, weight: try tensors("prefix/down.weight"), bias: try tensors("prefix/down.bias"),
                    in: rows))
            let up = rows.append(
                Linear(
                    rows.append(Activation(down, activation, in: rows)), weight: try tensors("prefix/up.weight"),
                    bias: try tensors("prefix/up.bias"), in: rows))
            var column = 0
            return sites.map { site in
                defer { column += site.output }
                return rows.append(Columns(up, column..<column + site.output, in: rows))
            }
        }
        return Dictionary(zip(sites.map(\.site), operands)) { first, _ in first }
    }

    package var savedFields: [String: ConfigurationValue] { isFlat ? [:] : ["flat": .bool(true)] }

    package func savedTensors(_ architecture: Architecture, _ tensors: MemberTensors) throws -> [String: [Float]] {
        let prefixes = try prefixes(of: architecture, tensors, in: PlanBuilder())
        return Dictionary(prefixes.map { ("\($0.key.name)/prefix", $0.value.values) }) { first, _ in first }
    }

    /// Of the form that bundles hold.
    package func mergedForm() throws(MergeFault) -> MergedForm {
        guard isFlat else { throw MergeFault("flat", found: "false", expected: "true, the form that bundles hold") }
        return .values
    }
}
