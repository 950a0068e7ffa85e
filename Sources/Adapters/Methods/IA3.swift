import Files
import Models
import Numerics

/// (IA)³: learned factors on keys, values and the feed-forward's inner activations (Liu et al. 2022, section 3.3).
///
/// y = l ⊙ (W x + b), l: [out], starting at 1; in the feed-forward before the non-linearity, as the `adapters` library.
///
/// `targets` names projections: query, key, value, attention_output, gate, intermediate, output, or all. For those that
/// `feedforward_targets` names too, the factors are the input's, as `peft`'s `feedforward_modules`: y = W (l ⊙ x) + b, l: [in].
package struct IA3: AdapterMethod {
    package static let name = "ia3"
    package static let presets: [(name: String, fields: [String: ConfigurationValue])] = [("ia3", [:])]
    package static let defaults: [String: ConfigurationValue] = [
        "targets": .list([.string("key"), .string("value"), .string("intermediate")]),
        "feedforward_targets": .list([]), "leave_out": .list([]),
    ]
    package static let laterFields: Set<String> = ["targets", "feedforward_targets"]

    private let choice: SiteChoice
    private let feedForward: Set<Site.Kind>

    package init(_ c: ConfigurationReader) throws(AdapterError) {
        choice = try SiteChoice(c, among: SiteRoles.projections)
        feedForward = try c.targets("feedforward_targets", among: SiteRoles.projections, allowsNone: true)
        if let other = SiteRoles.projections.first(where: { feedForward.contains($0.kind) && !choice.has($0.kind) }) {
            throw .field(
                source: c.source, field: "feedforward_targets", found: other.name, expected: "only names of targets")
        }
    }

    /// What factors multiply at a projection.
    package enum Scaled: Sendable { case input, output }

    /// What its factors multiply at projections of a role; nil: it has none there.
    package func scales(_ role: Site.Kind) -> Scaled? {
        guard choice.has(role) else { return nil }
        return feedForward.contains(role) ? .input : .output
    }

    /// As `scales`, less the layers that are left out.
    package func scaled(at site: Site) -> Scaled? { choice.contains(site) ? scales(site.kind) : nil }

    package func specs(_ architecture: Architecture) -> [ParameterSpec] {
        choice.sites(architecture).map {
            ParameterSpec(
                "\($0.site.name)/\(Self.factors)", [scaled(at: $0.site) == .input ? $0.input : $0.output], .ones)
        }
    }

    package static let factors = "factors"

    package func delta(at site: Site, _ context: SiteContext, _ tensors: MemberTensors) throws -> SiteDelta? {
        guard let part = scaled(at: site) else { return nil }
        let (factors, builder) = (try tensors(site, Self.factors), context.builder)
        guard part == .input, let weight = context.weight else {
            return .replacement(builder.append(MultiplyRows(try context.output(), by: factors, in: builder)))
        }
        guard context.depth == 0 else { throw Self.notLowest(site) }
        let scaled = builder.append(MultiplyRows(context.input, by: factors, in: builder))
        return .replacement(
            builder.append(Linear(scaled, weight: weight, bias: context.bias, in: builder)))
    }

    /// What adapters below it would read is no longer there to be multiplied.
    private static func notLowest(_ site: Site) -> AdapterError {
        .composition(
            "an adapter of method \(name) multiplies what the projection \(site.name) reads (feedforward_targets), so no other "
                + "adapter of this projection can be below it; make it the lowest of the stack")
    }

    package var notFusable: String? { "it multiplies what projections read or give, and adds nothing" }

    /// l ⊙ (W x + b) = (diag(l) W) x + l ⊙ b; W (l ⊙ x) + b = (W diag(l)) x + b
    package func merge(into projection: inout Projection, _ tensor: (String) throws -> [Float]) throws {
        guard let part = scaled(at: projection.site.site) else { return }
        let width = projection.site.input
        let factors = try tensor(Self.factors)
        if part == .input {
            guard projection.weight == projection.base.weight else { throw Self.notLowest(projection.site.site) }
            for i in projection.weight.indices { projection.weight[i] *= factors[i % width] }
            return
        }
        for (row, factor) in factors.enumerated() {
            for i in row * width..<(row + 1) * width { projection.weight[i] *= factor }
            projection.bias?[row] *= factor
        }
    }

    package func mergedForm() -> MergedForm { .values }
}
