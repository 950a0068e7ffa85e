import Files
import Models
import Numerics

/// (IA)³: learned factors on keys, values and the feed-forward's inner activations (Liu et al. 2022, section 3.3).
///
/// y = l ⊙ (W x + b), l: [out], starting at 1; in the feed-forward before the non-linearity, as the `adapters` library.
package struct IA3: AdapterMethod {
    package static let name = "ia3"
    package static let presets: [(name: String, fields: [String: ConfigurationValue])] = [("ia3", [:])]
    package static let defaults: [String: ConfigurationValue] = ["leave_out": .list([])]

    private let leaveOut: Set<Int>

    package init(_ c: ConfigurationReader) throws(AdapterError) { leaveOut = try c.layers("leave_out") }

    private static let roles: [Site.Kind] = [.key, .value, .intermediate]

    private func acts(at site: Site) -> Bool {
        site.layer.map { !leaveOut.contains($0) && Self.roles.contains(site.kind) } ?? false
    }

    package func specs(_ architecture: Architecture) -> [ParameterSpec] {
        architecture.sites(Self.roles).filter { acts(at: $0.site) }.map {
            ParameterSpec("\($0.site.name)/factors", [$0.output], .ones)
        }
    }

    package func delta(at site: Site, _ context: SiteContext, _ tensors: MemberTensors) throws -> SiteDelta? {
        guard acts(at: site) else { return nil }
        return .replacement(
            context.builder.append(
                MultiplyRows(try context.output(), by: try tensors(site, "factors"), in: context.builder)))
    }

    package var notFusable: String? { "it multiplies keys, values and inner activations, and adds nothing" }

    /// l ⊙ (W x + b) = (diag(l) W) x + l ⊙ b
    package func merge(into projection: inout Projection, _ tensor: (String) throws -> [Float]) throws {
        guard acts(at: projection.site.site) else { return }
        let width = projection.site.input
        for (row, factor) in try tensor("factors").enumerated() {
            for i in row * width..<(row + 1) * width { projection.weight[i] *= factor }
            projection.bias?[row] *= factor
        }
    }

    package func mergedForm() -> MergedForm { .values }
}
