import Files
import Models
import Numerics

/// Bottleneck adapters: delta = scaling · (up f(down x)), added to h before the block's norm.
///
/// Pfeiffer et al. 2021 (`seq_bn`), Houlsby et al. 2019 (`double_seq_bn`), He et al. 2022 (`par_bn`). Fields are those of
/// AdapterHub's BnConfig; x = LN(h + input) with `original_ln_before`, else h; the sublayer's input with `is_parallel`.
/// `BottleneckForm` has the options that stand around the two matrices: norms, learned scales, dropout, gates, residuals.
/// With `phm_layer`, the two matrices are sums of Kronecker products (`PHM`): Compacter (`compacter`, `compacter++`).
/// With `inv_adapter` an invertible adapter (`NICE`) beside it: MAD-X's language adapters (`seq_bn_inv`).
package struct BottleneckAdapter: AdapterMethod {
    package static let name = "bottleneck"

    package static let presets: [(name: String, fields: [String: ConfigurationValue])] = [
        ("seq_bn", [:]),
        (
            "double_seq_bn",
            ["mh_adapter": .bool(true), "original_ln_before": .bool(false), "non_linearity": .string("swish")]
        ),
        ("seq_bn_inv", invertible),
        (
            "double_seq_bn_inv",
            [
                "mh_adapter": .bool(true), "original_ln_before": .bool(false), "non_linearity": .string("swish"),
            ].merging(invertible) { $1 }
        ),
        (
            "par_bn",
            [
                "reduction_factor": .number(2), "original_ln_before": .bool(false), "is_parallel": .bool(true),
                "scaling": .number(4), "init_weights": .string("mam_adapter"),
            ]
        ),
        (
            "scaled_par_bn",
            [
                "reduction_factor": .number(2), "original_ln_before": .bool(false), "is_parallel": .bool(true),
                "scaling": .string("learned"), "init_weights": .string("mam_adapter"),
            ]
        ),
        ("compacter++", compacter),
        ("compacter", compacter.merging(["mh_adapter": .bool(true), "original_ln_before": .bool(false)]) { $1 }),
    ]

    private static let invertible: [String: ConfigurationValue] = [
        "inv_adapter": .string("nice"), "inv_adapter_reduction_factor": .number(2),
    ]

    private static let compacter: [String: ConfigurationValue] = [
        "phm_layer": .bool(true), "reduction_factor": .number(32), "non_linearity": .string("gelu"),
    ]

    package static let defaults: [String: ConfigurationValue] = [
        "mh_adapter": .bool(false), "output_adapter": .bool(true), "reduction_factor": .number(16),
        "non_linearity": .string("relu"), "original_ln_before": .bool(true), "original_ln_after": .bool(true),
        "ln_before": .bool(false), "ln_after": .bool(false), "residual_before_ln": .bool(true),
        "adapter_residual_before_ln": .bool(false), "is_parallel": .bool(false), "scaling": .number(1),
        "init_weights": .string("bert"), "use_gating": .bool(false), "dropout": .number(0), "leave_out": .list([]),
        "phm_layer": .bool(false), "inv_adapter": .null, "inv_adapter_reduction_factor": .null,
    ].merging(PHM.defaults) { $1 }

    package static let laterFields = Set(PHM.defaults.keys)

    package static let trainingFields: Set<String> = [
        "init_weights", "phm_c_init", "phm_init_range", "hypercomplex_nonlinearity",
    ]

    /// How the matrices are initialized; biases are 0.
    enum Start: String, CaseIterable, Sendable {
        /// N(0, 0.02)
        case bert
        /// down Kaiming-uniform with a = √5, up 0
        case mam_adapter
    }

    private let afterAttention: Bool
    private let afterFeedForward: Bool
    private let reductionFactor: LayerFactors
    private let activation: ActivationKind
    private let source: Bottleneck.Source
    private let form: BottleneckForm
    private let start: Start
    private let leaveOut: Set<Int>
    private let phm: PHM?
    private let invertible: NICE?

    package init(_ c: ConfigurationReader) throws(AdapterError) {
        afterAttention = try c.bool("mh_adapter")
        afterFeedForward = try c.bool("output_adapter")
        reductionFactor = try c.layerFactors("reduction_factor")
        activation = try c.choice("non_linearity", as: ActivationKind.self)
        let parallel = try c.bool("is_parallel")
        source = try parallel ? .input : c.bool("original_ln_before") ? .normalized : .output
        form = try BottleneckForm(c)
        start = try c.choice("init_weights", as: Start.self)
        leaveOut = try c.layers("leave_out")
        phm = try PHM(c)
        if c["inv_adapter"] == .null {
            invertible = nil
        } else {
            try c.require("inv_adapter", .string("nice"))
            invertible = NICE(
                reductionFactor: try c.number("inv_adapter_reduction_factor", above: 0), activation: activation)
        }
        guard afterAttention || afterFeedForward else {
            throw .field(
                source: c.source, field: "output_adapter", found: "false",
                expected: "true here or in mh_adapter; otherwise there is no adapter")
        }
    }

    private func acts(at site: Site) -> Bool {
        guard let layer = site.layer, !leaveOut.contains(layer) else { return false }
        return switch site.kind {
        case .afterAttention: afterAttention
        case .afterFeedForward: afterFeedForward
        default: false
        }
    }

    package var mixesTokens: Bool { form.hasGate }
    /// Whether its matrices are sums of Kronecker products.
    package var isHypercomplex: Bool { phm != nil }
    /// Whether what it reads is normalized by a norm of its own.
    package var hasNormBefore: Bool { form.hasNormBefore }

    package func bottleneck(at site: SiteSpec) -> Bottleneck? { form.isSum ? shape(at: site) : nil }

    private func shape(at site: SiteSpec) -> Bottleneck? {
        guard acts(at: site.site) else { return nil }
        let width = reducedWidth(at: site)
        return Bottleneck(
            source: source, activation: activation, width: phm?.width(width) ?? width, scale: form.constant,
            isPlain: form.isPlain && phm == nil)
    }

    private func reducedWidth(at site: SiteSpec) -> Int {
        // A file may say 1e-300: no tensor has such a shape, but there must be a number to compare with
        max(1, Int(min(Double(site.output) / reductionFactor[site.site.layer ?? 0], 1_048_576)))
    }

    /// The first site where its width is rounded up to a multiple of `phm_dim`; nil: none.
    package func widened(_ architecture: Architecture) -> Site? {
        architecture.sites(.afterAttention, .afterFeedForward).first { site in
            shape(at: site).map { $0.width != reducedWidth(at: site) } ?? false
        }?.site
    }

    package func specs(_ architecture: Architecture) -> [ParameterSpec] {
        var specs = (invertible?.specs(architecture) ?? []) + (phm?.sharedSpecs ?? [])
        for site in architecture.sites(.afterAttention, .afterFeedForward) {
            guard let bottleneck = shape(at: site) else { continue }
            let (r, scope) = (bottleneck.width, site.site.name)
            let reads = bottleneck.source == .input ? site.input : site.output
            let (down, up): (Initializer, Initializer) =
                start == .bert ? (.normal(0.02), .normal(0.02)) : (.kaimingUniform(fanIn: reads), .zeros)
            for (name, input, output, start) in [("down", reads, r, down), ("up", r, site.output, up)] {
                specs +=
                    phm?.specs("\(scope)/\(name)", input: input, output: output)
                    ?? [ParameterSpec("\(scope)/\(name).weight", [output, input], start)]
                guard phm?.hasBias ?? true else { continue }
                specs.append(ParameterSpec("\(scope)/\(name).bias", [output], .zeros, decays: false))
            }
            specs += form.specs(site, reads: reads)
        }
        return specs
    }

    package func mergedForm() throws(MergeFault) -> MergedForm {
        guard invertible == nil else {
            throw MergeFault(
                "inv_adapter", found: "nice",
                expected: "none: the mean of two invertible adapters is not the mean of what they do",
                fix: "merge adapters of the configuration seq_bn, or use each where it belongs: --compose 'stack(…)'")
        }
        guard phm == nil else {
            throw MergeFault(
                "phm_layer", found: "true",
                expected: "false: a matrix is a sum of products of what is learned, and sums of products do not add up",
                fix: MergeFault.compose)
        }
        return .values
    }

    /// - Throws: `AdapterError.field` for a base whose widths are no multiples of `phm_dim`
    package func start(_ architecture: Architecture, weight: (SiteSpec) throws -> [Float]) throws -> AdapterStart {
        for site in architecture.sites(.afterAttention, .afterFeedForward) where acts(at: site.site) {
            try phm?.check(site.input, site.output)
        }
        return AdapterStart()
    }

    package func delta(at site: Site, _ context: SiteContext, _ tensors: MemberTensors) throws -> SiteDelta? {
        if NICE.acts(at: site) { return try invertible?.delta(at: site, context, tensors) }
        guard acts(at: site) else { return nil }
        guard let shape = shape(at: context.spec) else { return nil }
        let (builder, x) = (context.builder, try context.value(source))
        try phm?.check(x.width, context.spec.output)
        func matrix(_ name: String, output: Int) throws -> (weight: Operand, bias: Operand?) {
            (
                try phm?.weight(name, output: output, at: site, tensors, in: builder)
                    ?? tensors(site, "\(name).weight"),
                phm?.hasBias ?? true ? try tensors(site, "\(name).bias") : nil
            )
        }
        let first = try matrix("down", output: shape.width)
        let down = builder.append(
            Linear(
                try form.before(x, at: site, tensors, in: builder), weight: first.weight, bias: first.bias, in: builder)
        )
        let narrow = builder.append(Activation(down, activation, in: builder))
        let (up, bias) = try matrix("up", output: context.spec.output)
        if form.isFactored {
            return .factored(narrow: narrow, up: up, bias: bias, scale: form.constant)
        }
        return try form.delta(
            builder.append(Linear(narrow, weight: up, bias: bias, scale: form.constant, in: builder)), of: x, at: site,
            context, tensors)
    }
}
