import Files
import Models
import Numerics

/// BitFit: only biases are tuned, those of all projections and norms (Ben Zaken et al. 2022, section 3).
///
/// y = W x + b + c, and LN(x) + c, with c: [out], zeros. Where a projection or a norm has no bias, c is one. The keys' biases
/// count, as in the paper, though the softmax cancels them where positions are not rotary.
///
/// `targets` names projections and norms: query, key, value, attention_output, gate, intermediate, output, embedding_norm,
/// attention_norm, output_norm, final_norm, or all. "query,intermediate" is the paper's subset (section 4: b_q and b_m2).
package struct BitFit: AdapterMethod {
    package static let name = "bitfit"
    package static let presets: [(name: String, fields: [String: ConfigurationValue])] = [("bitfit", [:])]
    package static let defaults: [String: ConfigurationValue] = ["targets": .string("all"), "leave_out": .list([])]

    private let choice: SiteChoice

    package init(_ c: ConfigurationReader) throws(AdapterError) {
        choice = try SiteChoice(c, among: SiteRoles.projections + SiteRoles.norms)
    }

    package var notFusable: String? { "it shifts biases of the model, for all parts of a composition alike" }

    package func specs(_ architecture: Architecture) -> [ParameterSpec] {
        choice.sites(architecture).map {
            ParameterSpec("\($0.site.name)/bias", [$0.output], .zeros, decays: false)
        }
    }

    package func shift(at site: SiteSpec, _ tensors: MemberTensors) throws -> SiteShift? {
        choice.contains(site.site) ? SiteShift(bias: try tensors(site.site, "bias")) : nil
    }

    /// Nothing beside the shift.
    package func merge(into projection: inout Projection, _ tensor: (String) throws -> [Float]) {}

    package func mergedForm() -> MergedForm { .values }
}
