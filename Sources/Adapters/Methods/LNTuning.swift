import Files
import Models
import Numerics

/// Layer-norm tuning: the weights and biases of norms are tuned (Qi et al. 2022; Zhao et al. 2024), as `peft`'s LN tuning.
///
/// y = (γ + g) ⊙ (x − mean) / √(variance + ε) + β + c, with g, c: [width], zeros; no c where the norm has no β.
///
/// `targets` names norms: embedding_norm, attention_norm, output_norm, final_norm, or all.
package struct LNTuning: AdapterMethod {
    package static let name = "ln_tuning"
    package static let presets: [(name: String, fields: [String: ConfigurationValue])] = [("ln_tuning", [:])]
    package static let defaults: [String: ConfigurationValue] = ["targets": .string("all"), "leave_out": .list([])]

    private let choice: SiteChoice

    package init(_ c: ConfigurationReader) throws(AdapterError) {
        choice = try SiteChoice(c, among: SiteRoles.norms)
    }

    package var notFusable: String? { "it shifts norms of the model, for all parts of a composition alike" }

    /// The norms that it tunes.
    package func sites(_ architecture: Architecture) -> [SiteSpec] { choice.sites(architecture) }

    package func specs(_ architecture: Architecture) -> [ParameterSpec] {
        sites(architecture).flatMap { norm in
            (norm.bias == nil ? ["weight"] : ["weight", "bias"]).map {
                ParameterSpec("\(norm.site.name)/\($0)", [norm.output], .zeros, decays: false)
            }
        }
    }

    package func shift(at site: SiteSpec, _ tensors: MemberTensors) throws -> SiteShift? {
        guard choice.contains(site.site) else { return nil }
        return SiteShift(
            weight: try tensors(site.site, "weight"), bias: site.bias == nil ? nil : try tensors(site.site, "bias"))
    }

    /// Nothing beside the shift.
    package func merge(into projection: inout Projection, _ tensor: (String) throws -> [Float]) {}

    package func mergedForm() -> MergedForm { .values }
}
