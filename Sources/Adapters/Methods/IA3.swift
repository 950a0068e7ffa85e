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

    /// Width of what is multiplied at a site; nil where nothing is.
    private func width(at site: Site, _ encoder: EncoderConfiguration) -> Int? {
        guard let layer = site.layer, !leaveOut.contains(layer) else { return nil }
        return switch site.kind {
        case .key, .value: encoder.hidden
        case .intermediate: encoder.intermediate
        default: nil
        }
    }

    package func specs(_ encoder: EncoderConfiguration) -> [ParameterSpec] {
        (0..<encoder.layers).flatMap { layer in
            [Site.Kind.key, .value, .intermediate].compactMap { kind in
                let site = Site(kind, layer: layer)
                return width(at: site, encoder).map { ParameterSpec("\(site.name)/factors", [$0], .ones) }
            }
        }
    }

    package func delta(at site: Site, _ context: SiteContext, _ tensors: MemberTensors) throws -> SiteDelta? {
        guard let layer = site.layer, !leaveOut.contains(layer), [.key, .value, .intermediate].contains(site.kind)
        else {
            return nil
        }
        return .replacement(
            context.builder.append(
                MultiplyRows(try context.output(), by: try tensors(site, "factors"), in: context.builder)))
    }
}
