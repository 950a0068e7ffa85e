import Adapters
import Files
import Foundation
import Models

/// A weighted sum of plain bottlenecks as one: Σ ωₙ ⊙ sₙ (Uₙ f(Dₙ x + dₙ) + cₙ) = U f(D x + d) + c with D and d stacked,
/// U = [ω₁ ⊙ s₁ U₁, ω₂ ⊙ s₂ U₂, …] and c = Σ ωₙ ⊙ sₙ cₙ.
struct CollapsedBottleneck {
    /// A bottleneck of one term at a site.
    private struct Part {
        let term: WeightedTerm
        let shape: Bottleneck
    }

    private let terms: [WeightedTerm]
    private let architecture: Architecture
    /// The sites at which any of them acts, with those that do.
    private let sites: [(spec: SiteSpec, parts: [Part])]

    /// - Throws: for a bottleneck that does more than down, non-linearity and up, or of another form than the first
    init(
        _ terms: [WeightedTerm], _ architecture: Architecture,
        fault: (_ term: WeightedTerm, _ field: String, _ found: String, _ expected: String) -> BundleError
    ) throws {
        self.terms = terms
        self.architecture = architecture
        let first = terms[0]
        for term in terms {
            let fields = term.member.configuration.fields
            if let inverse = fields["inv_adapter"], inverse != .null {
                throw fault(term, "inv_adapter", inverse.json, "null: an invertible adapter acts on embeddings")
            }
            for field in ["non_linearity", "is_parallel", "original_ln_before"] {
                let (own, other) = (fields[field] ?? .null, first.member.configuration.fields[field] ?? .null)
                guard own == other else {
                    throw fault(term, field, own.json, "\(other.json), as adapter \(first.member.name) has")
                }
            }
        }
        sites = try architecture.sites(.afterAttention, .afterFeedForward).compactMap { spec in
            let parts = try terms.compactMap { term -> Part? in
                guard let shape = term.method.bottleneck(at: spec) else { return nil }
                guard shape.isPlain else {
                    throw fault(
                        term, "configuration", term.member.configuration.option,
                        "a bottleneck without norms, learned scale, gate, dropout and Kronecker products")
                }
                return Part(term: term, shape: shape)
            }
            return parts.isEmpty ? nil : (spec, parts)
        }
        // One that replaces the output acts, but has no bottleneck that could be summed
        for term in terms
        where !sites.contains(where: { $0.parts.contains { $0.term.member.name == term.member.name } }) {
            throw fault(
                term, "configuration", term.member.configuration.option, "a bottleneck that adds to the output")
        }
    }

    /// The configuration and the tensors, named as `Member.specs` without the scope.
    /// - Parameter tensor: of a term's adapter, by its name without the scope
    func adapter(_ tensor: (WeightedTerm, String) throws -> [Float]) throws -> (AdapterConfiguration, [NamedTensor]) {
        let widths = widths
        let tensors = try sites.flatMap { spec, parts -> [NamedTensor] in
            let (name, output) = (spec.site.name, spec.output)
            let width = spec.site.layer.flatMap { widths[$0] } ?? 0
            let reads = parts[0].shape.source == .input ? spec.input : output
            // What no part has at this site stays 0: f(0) = 0
            var down = [Float](repeating: 0, count: width * reads)
            var downBias = [Float](repeating: 0, count: width)
            var up = [Float](repeating: 0, count: output * width)
            var upBias = [Double](repeating: 0, count: output)
            var first = 0
            for part in parts {
                let (r, scale) = (part.shape.width, Double(part.shape.scale))
                let weights = try part.term.weights(spec)
                let (ownUp, ownBias) = (
                    try tensor(part.term, "\(name)/up.weight"), try tensor(part.term, "\(name)/up.bias")
                )
                down.replaceSubrange(
                    first * reads..<(first + r) * reads, with: try tensor(part.term, "\(name)/down.weight"))
                downBias.replaceSubrange(first..<first + r, with: try tensor(part.term, "\(name)/down.bias"))
                for row in 0..<output {
                    let factor = scale * weights[weights.count == 1 ? 0 : row]
                    for k in 0..<r { up[row * width + first + k] = Float(factor * Double(ownUp[row * r + k])) }
                    upBias[row] += factor * Double(ownBias[row])
                }
                first += r
            }
            return [
                NamedTensor("\(name)/down.weight", [width, reads], down),
                NamedTensor("\(name)/down.bias", [width], downBias),
                NamedTensor("\(name)/up.weight", [output, width], up),
                NamedTensor("\(name)/up.bias", [output], upBias.map { Float($0) }),
            ]
        }
        return (try configuration(widths), tensors)
    }

    /// By layer: the largest summed width of its sites, since a layer has one reduction factor.
    private var widths: [Int: Int] {
        sites.reduce(into: [:]) { widths, site in
            guard let layer = site.spec.site.layer else { return }
            widths[layer] = max(widths[layer] ?? 0, site.parts.reduce(0) { $0 + $1.shape.width })
        }
    }

    private func configuration(_ widths: [Int: Int]) throws -> AdapterConfiguration {
        let hidden = architecture.configuration.hidden
        let kinds = Set(sites.map(\.spec.site.kind))
        var counts: [Int: Int] = [:]
        for width in widths.values { counts[width, default: 0] += 1 }
        let usual = counts.max { ($0.value, $0.key) < ($1.value, $1.key) }?.key ?? 1
        var factors: [String: ConfigurationValue] = [:]
        for (layer, width) in widths where width != usual {
            factors["\(layer)"] = .number(ReductionFactor.of(width: width, hidden: hidden))
        }
        let factor = ConfigurationValue.number(ReductionFactor.of(width: usual, hidden: hidden))
        factors["default"] = factor
        let missing = (0..<architecture.configuration.layers).filter { widths[$0] == nil }
        var fields = terms[0].member.configuration.fields
        fields.merge([
            "mh_adapter": .bool(kinds.contains(.afterAttention)),
            "output_adapter": .bool(kinds.contains(.afterFeedForward)),
            "reduction_factor": factors.count == 1 ? factor : .map(factors), "scaling": .number(1),
            "leave_out": .list(missing.map { .init($0) }),
        ]) { $1 }
        return try AdapterConfiguration(
            method: BottleneckAdapter.name, fields: fields, source: "the collapsed adapter")
    }
}

/// A bottleneck's width as a reduction factor.
enum ReductionFactor {
    /// A factor with few decimals for which hidden / factor, rounded down, is the width: by a division and by Python's `//`, which
    /// rounds otherwise.
    static func of(width: Int, hidden: Int) -> Double {
        let (d, w) = (Double(hidden), Double(width))
        func fits(_ factor: Double) -> Bool {
            guard factor > 0 else { return false }
            let floored = ((d - fmod(d, factor)) / factor).rounded()
            return Int(d / factor) == width && Int(floored) == width
        }
        for digits in 0...12 {
            let unit = pow(10, Double(digits))
            let candidate = (d / w * unit).rounded(.down)
            for numerator in [candidate, candidate - 1] where fits(numerator / unit) { return numerator / unit }
        }
        return d / (w + 0.5)
    }
}
