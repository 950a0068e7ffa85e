import Models
import Numerics

/// An invertible adapter: additive coupling of the two halves of each token's embedding (Dinh et al. 2015, eq. 3 to 7, as
/// in MAD-X, Pfeiffer et al. 2020, section 3.2).
///
/// y₁ = x₁ + F(x₂), y₂ = x₂ + G(y₁), with F, G: Linear [half / reduction, half], f, Linear [half, half / reduction]. It
/// stands after the embeddings; its inverse before the output embeddings of a language-modelling head. A part of a
/// method, not a method: `BottleneckAdapter` has it where `inv_adapter` says so.
struct NICE: Sendable {
    let reductionFactor: Double
    let activation: ActivationKind

    private static let home = Site(.afterEmbeddings)

    /// Whether something happens at a site.
    static func acts(at site: Site) -> Bool { site.kind == .afterEmbeddings || site.kind == .beforeOutputEmbeddings }

    private struct Shape {
        let first: Int
        let second: Int
        init(hidden: Int) { (first, second) = (hidden / 2, hidden - hidden / 2) }
    }

    private func width(_ half: Int) -> Int { max(1, Int(min(Double(half) / reductionFactor, 1_048_576))) }

    /// `afterEmbeddings/F.down.weight` and so on; N(0, 0.02) and zeros.
    func specs(_ architecture: Architecture) -> [ParameterSpec] {
        guard let site = architecture[Self.home] else { return [] }
        let shape = Shape(hidden: site.output)
        return [("F", shape.second, shape.first), ("G", shape.first, shape.second)].flatMap { net, reads, makes in
            let (scope, r) = ("\(Self.home.name)/\(net)", width(reads))
            return [
                ParameterSpec("\(scope).down.weight", [r, reads], .normal(0.02)),
                ParameterSpec("\(scope).down.bias", [r], .zeros, decays: false),
                ParameterSpec("\(scope).up.weight", [makes, r], .normal(0.02)),
                ParameterSpec("\(scope).up.bias", [makes], .zeros, decays: false),
            ]
        }
    }

    /// The coupling, or at the output embeddings its inverse: [tokens, hidden] both.
    func delta(at site: Site, _ context: SiteContext, _ tensors: MemberTensors) throws -> SiteDelta? {
        guard Self.acts(at: site) else { return nil }
        let builder = context.builder
        let x = try context.output()
        let shape = Shape(hidden: x.width)
        let x1 = builder.append(Columns(x, 0..<shape.first, in: builder))
        let x2 = builder.append(Columns(x, shape.first..<x.width, in: builder))
        /// half + sign · net(of)
        func moved(_ half: Value, by net: String, of other: Value, sign: Float) throws -> Value {
            let down = builder.append(
                Linear(
                    other, weight: try tensors(Self.home, "\(net).down.weight"),
                    bias: try tensors(Self.home, "\(net).down.bias"), in: builder))
            return builder.append(
                Linear(
                    builder.append(Activation(down, activation, in: builder)),
                    weight: try tensors(Self.home, "\(net).up.weight"), bias: try tensors(Self.home, "\(net).up.bias"),
                    residual: half, scale: sign, in: builder))
        }
        let (y1, y2): (Value, Value)
        if site.kind == .afterEmbeddings {
            y1 = try moved(x1, by: "F", of: x2, sign: 1)
            y2 = try moved(x2, by: "G", of: y1, sign: 1)
        } else {
            y2 = try moved(x2, by: "G", of: x1, sign: -1)
            y1 = try moved(x1, by: "F", of: y2, sign: -1)
        }
        return .replacement(builder.append(Concatenate([y1, y2], in: builder)))
    }
}
