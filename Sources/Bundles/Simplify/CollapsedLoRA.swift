import Adapters
import Models

/// A weighted sum of LoRA as one of the summed rank: A = [A₁; A₂; …], B = [w₁ s₁ B₁, w₂ s₂ B₂, …].
struct CollapsedLoRA {
    private let terms: [WeightedTerm]
    private let architecture: Architecture
    /// Of each term, in order.
    private let updates: [[LoRAUpdates.Update]]

    /// - Throws: for LoRA that changes more than a product of two matrices
    init(
        _ terms: [WeightedTerm], _ architecture: Architecture,
        fault: (_ term: WeightedTerm, _ field: String, _ found: String, _ expected: String) -> BundleError
    ) throws {
        self.terms = terms
        self.architecture = architecture
        updates = try terms.map { term in
            do throws(MergeFault) { _ = try term.method.mergedForm() } catch {
                throw fault(term, error.field, error.found, error.expected)
            }
            return try LoRAUpdates(term.member, architecture)?.list ?? []
        }
    }

    /// The configuration and the tensors, named as `Member.specs` without the scope.
    /// - Parameter tensor: of a term's adapter, by its name without the scope
    func adapter(_ tensor: (WeightedTerm, String) throws -> [Float]) throws -> (AdapterConfiguration, [NamedTensor]) {
        let changed = Set(updates.joined().map(\.site.site))
        let sites = architecture.sites.filter { changed.contains($0.site) }
        var ranks: [(site: SiteSpec, rank: Int)] = []
        let tensors = try sites.flatMap { spec -> [NamedTensor] in
            var a: [Float] = []
            var columns: [(values: [Float], rank: Int, factors: [Double])] = []
            for (term, list) in zip(terms, updates) {
                guard let update = list.first(where: { $0.site.site == spec.site }) else { continue }
                a += try tensor(term, "\(spec.site.name)/A")
                let weights = try term.weights(spec).map { $0 * Double(update.scale) }
                columns.append((try tensor(term, "\(spec.site.name)/B"), update.rank, weights))
            }
            let b = (0..<spec.output).flatMap { row in
                columns.flatMap { part in
                    let factor = part.factors[part.factors.count == 1 ? 0 : row]
                    return part.values[row * part.rank..<(row + 1) * part.rank].map { Float(factor * Double($0)) }
                }
            }
            let rank = columns.reduce(0) { $0 + $1.rank }
            ranks.append((spec, rank))
            return [
                NamedTensor("\(spec.site.name)/A", [rank, spec.input], a),
                NamedTensor("\(spec.site.name)/B", [spec.output, rank], b),
            ]
        }
        return (
            try RankPatterns.configuration(ranks, members: terms.map(\.member), architecture), tensors
        )
    }
}
