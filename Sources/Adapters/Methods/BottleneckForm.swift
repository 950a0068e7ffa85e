import Files
import Models
import Numerics

/// What BnConfig of the `adapters` library (1.3.0) lets a bottleneck have around its two matrices.
///
/// x → norm before → down → f → up → scale → dropout → gate, then the residual and the norm after, in the order that
/// `adapter_residual_before_ln` says.
struct BottleneckForm: Sendable {
    /// What the output is multiplied with.
    enum Scale: Sendable {
        case constant(Float)
        /// One number that is learned, from 1 on.
        case learned
        /// One number for each column that is learned, from 1 on.
        case channel
    }

    /// What the output is added to; a parallel bottleneck has h.
    enum Residual: Sendable {
        /// h, the sublayer's output
        case output
        /// What the bottleneck reads
        case source
        /// h + the sublayer's residual
        case sum
    }

    let scale: Scale
    let dropout: Float
    let hasNormBefore: Bool
    let hasNormAfter: Bool
    /// Whether the norm after is one of the sum with the residual.
    let addsBeforeNorm: Bool
    let residual: Residual
    /// Whether the sublayer ends with its own residual and norm, as without the adapter.
    let keepsEnd: Bool
    let hasGate: Bool

    /// Of torch's LayerNorm.
    private static let epsilon: Float = 1e-5

    /// - Throws: `AdapterError.field`
    init(_ c: ConfigurationReader) throws(AdapterError) {
        let parallel = try c.bool("is_parallel")
        let readsNormalized = try c.bool("original_ln_before")
        func refuse(_ field: String, _ found: String, _ expected: String) -> AdapterError {
            .field(source: c.source, field: field, found: found, expected: expected)
        }
        if parallel, readsNormalized {
            throw refuse("original_ln_before", "true", "false if is_parallel is true")
        }
        switch c["scaling"] {
        case .string("learned"): scale = .learned
        case .string("channel"): scale = .channel
        case .string(let word): throw refuse("scaling", "\"\(word)\"", "a number over 0, learned or channel")
        default: scale = .constant(Float(try c.number("scaling", above: 0)))
        }
        dropout = try c.probability("dropout")
        hasNormBefore = try c.bool("ln_before")
        hasNormAfter = try c.bool("ln_after")
        keepsEnd = try c.bool("original_ln_after")
        hasGate = try c.bool("use_gating")
        addsBeforeNorm = try c.bool("adapter_residual_before_ln")
        if addsBeforeNorm, parallel || !hasNormAfter {
            throw refuse("adapter_residual_before_ln", "true", "false unless ln_after is true and is_parallel false")
        }
        switch c["residual_before_ln"] {
        case .bool(true): residual = .output
        case .bool(false) where readsNormalized: residual = .source
        case .string("post_add") where readsNormalized: residual = .sum
        case let other:
            throw refuse(
                "residual_before_ln", other.json,
                readsNormalized ? "true, false or post_add" : "true unless original_ln_before is true")
        }
    }

    /// Whether it is a delta of h: what is added to h, in which case other adapters can be summed with it.
    var isSum: Bool {
        guard case .output = residual else { return false }
        return keepsEnd && !addsBeforeNorm
    }

    /// Whether it adds constant · (up z), with z narrow.
    var isFactored: Bool {
        guard case .constant = scale else { return false }
        return isSum && dropout == 0 && !hasNormAfter && !hasGate
    }

    /// Whether it adds constant · (up f(down x)) and does nothing else.
    var isPlain: Bool { isFactored && !hasNormBefore }

    /// The constant factor; 1 where the factor is learned.
    var constant: Float { if case .constant(let factor) = scale { factor } else { 1 } }

    // MARK: - Tensors

    private static func norm(_ site: Site, _ name: String, _ width: Int) -> [ParameterSpec] {
        [
            ParameterSpec("\(site.name)/\(name).weight", [width], .ones, decays: false),
            ParameterSpec("\(site.name)/\(name).bias", [width], .zeros, decays: false),
        ]
    }

    /// Those beside the two matrices and their biases.
    /// - Parameter reads: width of what the bottleneck reads
    func specs(_ site: SiteSpec, reads: Int) -> [ParameterSpec] {
        var specs = hasNormBefore ? Self.norm(site.site, "norm_before", reads) : []
        switch scale {
        case .constant: break
        case .learned: specs.append(ParameterSpec("\(site.site.name)/scaling", [1], .ones))
        case .channel: specs.append(ParameterSpec("\(site.site.name)/scaling", [site.output], .ones))
        }
        if hasNormAfter { specs += Self.norm(site.site, "norm_after", site.output) }
        if hasGate { specs += Gate.specs(site.site, input: reads, bias: .zeros) }
        return specs
    }

    // MARK: - Plan

    private func normalized(
        _ x: Value, _ name: String, at site: Site, _ tensors: MemberTensors, in builder: PlanBuilder
    ) throws -> Value {
        builder.append(
            LayerNorm(
                x, gamma: try tensors(site, "\(name).weight"), beta: try tensors(site, "\(name).bias"),
                epsilon: Self.epsilon, in: builder))
    }

    /// What the down matrix reads of x.
    func before(_ x: Value, at site: Site, _ tensors: MemberTensors, in builder: PlanBuilder) throws -> Value {
        hasNormBefore ? try normalized(x, "norm_before", at: site, tensors, in: builder) : x
    }

    /// What the site becomes.
    /// - Parameters:
    ///   - up: the up matrix's output, times the constant factor
    ///   - x: what the bottleneck reads
    func delta(
        _ up: Value, of x: Value, at site: Site, _ context: SiteContext, _ tensors: MemberTensors
    ) throws -> SiteDelta {
        let builder = context.builder
        var y = up
        switch scale {
        case .constant: break
        case .learned, .channel:
            y = builder.append(MultiplyRows(y, by: try factors(up.width, at: site, tensors, in: builder), in: builder))
        }
        if dropout > 0 {
            y = builder.append(
                DropAdd(y, dropout: DropoutSite(site: tensors.scope(site), rate: dropout), in: builder))
        }
        if hasGate {
            y = builder.append(GatedRows(y, by: try Gate.value(x, at: site, tensors, in: builder), in: builder))
        }
        if hasNormAfter, !addsBeforeNorm { y = try normalized(y, "norm_after", at: site, tensors, in: builder) }
        if isSum { return .dense(y) }
        let residual: Value =
            switch residual {
            case .output: try context.output()
            case .source: x
            case .sum: try context.sum()
            }
        y = builder.append(DropAdd(y, residual: residual, dropout: .none, in: builder))
        if addsBeforeNorm { y = try normalized(y, "norm_after", at: site, tensors, in: builder) }
        return keepsEnd ? .replacement(y) : .end(y)
    }

    /// The learned factors, [width].
    private func factors(
        _ width: Int, at site: Site, _ tensors: MemberTensors, in builder: PlanBuilder
    ) throws -> Operand {
        let scaling = try tensors(site, "scaling")
        guard case .learned = scale else { return scaling }
        return builder.derive("\(tensors.scope(site))/scaling", rows: 1) { inner in
            let one = inner.append(WeightRows(scaling.reshaped([1, 1]), in: inner))
            let ones = Weight([Float](repeating: 1, count: width), shape: [width, 1])
            return [inner.append(Linear(one, weight: .frozen(ones), bias: nil, in: inner))]
        }[0].reshaped([width])
    }
}
