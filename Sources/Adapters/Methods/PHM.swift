import Files
import Models
import Numerics

/// Parametrized hypercomplex multiplication: a bottleneck's matrices as sums of Kronecker products (Karimi Mahabadi et al. 2021,
/// Compacter, eq. 5 to 7; as `adapters`: src/adapters/methods/modeling.py).
///
/// A matrix [in, out] is Σᵢ Aᵢ ⊗ Wᵢ over `phm_dim` = n terms. The rule A: [n, n, n] is one for the whole adapter with
/// `shared_phm_rule`. Wᵢ: [in / n, out / n] is a product of two factors of rank `phm_rank` with `factorized_phm_W`; with
/// `factorized_phm_rule`, Aᵢ is one of rank 1. Widths are multiples of n: the bottleneck's is rounded up to one.
package struct PHM: Sendable {
    package static let defaults: [String: ConfigurationValue] = [
        "phm_dim": .number(4), "phm_rank": .number(1), "factorized_phm_W": .bool(true), "shared_W_phm": .bool(false),
        "shared_phm_rule": .bool(true), "factorized_phm_rule": .bool(false), "phm_c_init": .string("normal"),
        "phm_init_range": .number(0.0001), "learn_phm": .bool(true),
        "hypercomplex_nonlinearity": .string("glorot-uniform"), "phm_bias": .bool(true),
    ]

    /// How the rule starts: N(0, `phm_init_range`), or U(−1, 1); a matrix's own rule N(0, 0.01) or U(−0.01, 0.01).
    private enum RuleStart: String, CaseIterable, Sendable { case normal, uniform }

    /// How each Wᵢ or its factors start. (The library takes Glorot's normal distribution whatever it is told.)
    private enum WeightStart: String, CaseIterable, Sendable {
        case glorotUniform = "glorot-uniform"
        case glorotNormal = "glorot-normal"
        case normal
    }

    private let n: Int
    /// Of each Wᵢ; nil: it is not factorized.
    private let rank: Int?
    private let sharesRule: Bool
    private let factorizesRule: Bool
    private let ruleStart: RuleStart
    private let weightStart: WeightStart
    private let range: Float
    let hasBias: Bool

    /// nil: `phm_layer` is false.
    /// - Throws: `AdapterError.field`
    init?(_ c: ConfigurationReader) throws(AdapterError) {
        guard try c.bool("phm_layer") else { return nil }
        n = try c.integer("phm_dim", in: 1...256)
        let rank = try c.integer("phm_rank", in: 1...65_536)
        self.rank = try c.bool("factorized_phm_W") ? rank : nil
        sharesRule = try c.bool("shared_phm_rule")
        factorizesRule = try c.bool("factorized_phm_rule")
        ruleStart = try c.choice("phm_c_init", as: RuleStart.self)
        weightStart = try c.choice("hypercomplex_nonlinearity", as: WeightStart.self)
        range = Float(try c.number("phm_init_range", above: 0))
        hasBias = try c.bool("phm_bias")
        try c.require("shared_W_phm", .bool(false))
        try c.require("learn_phm", .bool(true))
        guard c["init_weights"] == .string("bert") else {
            throw .field(
                source: c.source, field: "init_weights", found: c["init_weights"].json,
                expected: "\"bert\" if phm_layer is true, whose matrices start as hypercomplex_nonlinearity says")
        }
    }

    /// A bottleneck's width, rounded up to a multiple of n.
    func width(_ width: Int) -> Int { (width + n - 1) / n * n }

    /// - Throws: `AdapterError.field` for a width of the base that n does not divide
    func check(_ widths: Int...) throws(AdapterError) {
        for width in widths where width % n != 0 {
            throw .field(
                source: "adapter", field: "phm_dim", found: "\(n)", expected: "a divisor of the hidden size, \(width)")
        }
    }

    private func ruleSpecs(_ scope: String, isShared: Bool) -> [ParameterSpec] {
        let start: Initializer =
            switch ruleStart {
            case .normal: .normal(isShared ? range : 0.01)
            case .uniform: .uniform(isShared ? 1 : 0.01)
            }
        return factorizesRule
            ? [
                ParameterSpec("\(scope)phm_rule_left", [n, n, 1], start),
                ParameterSpec("\(scope)phm_rule_right", [n, 1, n], start),
            ] : [ParameterSpec("\(scope)phm_rule", [n, n, n], start)]
    }

    /// The tensors that belong to no site.
    var sharedSpecs: [ParameterSpec] { sharesRule ? ruleSpecs("", isShared: true) : [] }

    /// The tensors of one matrix.
    /// - Parameter scope: before their names: afterFeedForward/3/down.
    func specs(_ scope: String, input: Int, output: Int) -> [ParameterSpec] {
        func spec(_ name: String, _ rows: Int, _ columns: Int) -> ParameterSpec {
            let sum = Float(rows + columns)
            let start: Initializer =
                switch weightStart {
                case .glorotUniform: .uniform((6 / sum).squareRoot())
                case .glorotNormal: .normal((2 / sum).squareRoot())
                case .normal: .normal(range)
                }
            return ParameterSpec("\(scope).\(name)", [n, rows, columns], start)
        }
        let weights =
            rank.map { [spec("W_left", input / n, $0), spec("W_right", $0, output / n)] }
            ?? [spec("W", input / n, output / n)]
        return weights + (sharesRule ? [] : ruleSpecs("\(scope).", isShared: false))
    }

    /// The weight of a product, [output, input].
    /// - Parameter name: of the matrix: down
    func weight(
        _ name: String, output: Int, at site: Site, _ tensors: MemberTensors, in builder: PlanBuilder
    ) throws -> Operand {
        func matrices(_ name: String, isProduct: Bool, _ tensor: (String) throws -> Operand) rethrows
            -> KroneckerSum.Matrices
        {
            isProduct ? .product(try tensor("\(name)_left"), try tensor("\(name)_right")) : .whole(try tensor(name))
        }
        let rule = try matrices("phm_rule", isProduct: factorizesRule) {
            sharesRule ? try tensors($0) : try tensors(site, "\(name).\($0)")
        }
        let weights = try matrices("W", isProduct: rank != nil) { try tensors(site, "\(name).\($0)") }
        return builder.derive("\(tensors.scope(site))/\(name)", rows: output) { inner in
            [inner.append(KroneckerSum(rule: rule, weights: weights, in: inner))]
        }[0]
    }
}
