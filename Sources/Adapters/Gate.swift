import Models
import Numerics

/// A learned gate on what a method adds to a text (Mao et al. 2022, UniPELT, section 3.2, as `adapters` has it): the mean of
/// σ(W x + b) over the text's tokens, [sequences, outputs].
///
/// The library takes the mean over padding, too, so its gates depend on the longest text of a batch; here a text's own
/// tokens count. W: [outputs, in], N(0, 0.02).
enum Gate {
    private static let (weight, bias) = ("gate.weight", "gate.bias")

    /// - Parameter site: whose name the tensors are under
    static func specs(_ site: Site, input: Int, outputs: Int = 1, bias start: Initializer) -> [ParameterSpec] {
        [
            ParameterSpec("\(site.name)/\(weight)", [outputs, input], .normal(0.02)),
            ParameterSpec("\(site.name)/\(bias)", [outputs], start, decays: false),
        ]
    }

    /// - Parameter x: [tokens, in]
    static func value(_ x: Value, at site: Site, _ tensors: MemberTensors, in builder: PlanBuilder) throws -> Value {
        let scores = builder.append(
            Linear(x, weight: try tensors(site, weight), bias: try tensors(site, bias), in: builder))
        return builder.append(SequenceGate(scores, in: builder))
    }
}
