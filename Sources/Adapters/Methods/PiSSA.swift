import Files
import Models
import Numerics

/// PiSSA: A and B start as the largest singular vectors of W, and the rest of W stays frozen (Meng et al. 2024, eq. 2 to 4).
///
/// With W ≈ s B₀ A₀, B₀ = U √(Σ / s) and A₀ = √(Σ / s) Vᵀ of rank r, the frozen rest is W − s B₀ A₀. It is never formed:
/// y = W x + b + s (B A x̃ − B₀ A₀ x), where x̃ is what dropout leaves of x. So the base stays as it is for whatever else acts
/// on it, and a bundle holds plain LoRA of rank 2r, as `peft` converts it: [A | A₀] and [B | −B₀] with the same s.
extension LoRA {
    /// A₀ and −B₀, which are not trained.
    static let (startA, startB) = ("A0", "B0")

    /// - Throws: `AdapterError.field` for a rank that is larger than W's
    func singularVectors(_ weight: [Float], at site: SiteSpec, rank: Int, scale: Float) throws(AdapterError) -> (
        a: [Float], b: [Float]
    ) {
        guard rank <= min(site.input, site.output) else {
            throw .field(
                source: "adapter", field: "rank", found: "\(rank)",
                expected: "at most \(min(site.input, site.output)) at \(site.site.name), with init_lora_weights: pissa")
        }
        let found = SingularVectors(weight, rows: site.output, columns: site.input, count: rank)
        let roots = found.values.map { ($0 / Double(scale)).squareRoot() }
        let a = zip(found.right, roots).flatMap { vector, root in vector.map { Float($0 * root) } }
        let b = (0..<site.output).flatMap { o in zip(found.left, roots).map { Float($0[o] * $1) } }
        return (a, b)
    }

    /// The factors of B A x̃ − B₀ A₀ x, with both products as one.
    func besideStart(
        _ narrow: Value, at site: Site, constant x: Value, _ tensors: MemberTensors, in builder: PlanBuilder
    ) throws -> (narrow: Value, up: Operand) {
        let start = builder.append(Linear(x, weight: try tensors(site, Self.startA), bias: nil, in: builder))
        let up = try tensors(site, "B")
        let both = try builder.derive("\(tensors.scope(site))/up", rows: up.shape[0]) { inner in
            let parts = [
                inner.append(WeightRows(up, in: inner)),
                inner.append(WeightRows(try tensors(site, Self.startB), in: inner)),
            ]
            return [inner.append(Concatenate(parts, in: inner))]
        }[0]
        return (builder.append(Concatenate([narrow, start], in: builder)), both)
    }

    /// −s B₀ A₀ x
    func startProduct(
        at site: Site, _ x: Value, scale: Float, _ tensors: MemberTensors, in builder: PlanBuilder
    ) throws -> Value {
        let narrow = builder.append(Linear(x, weight: try tensors(site, Self.startA), bias: nil, in: builder))
        return builder.append(
            Linear(narrow, weight: try tensors(site, Self.startB), bias: nil, scale: scale, in: builder))
    }

    /// Plain LoRA of twice the rank and the same s.
    package var savedFields: [String: ConfigurationValue] {
        guard startsFromSingularVectors else { return [:] }
        func times(_ factor: Double, _ value: ConfigurationValue?) -> ConfigurationValue {
            switch value {
            case .number(let number)?: .number(factor * number)
            case .map(let map)?: .map(map.mapValues { times(factor, $0) })
            default: .null
            }
        }
        let alpha = isRankStabilized ? 2.0.squareRoot() : 2
        return [
            "init_lora_weights": .bool(true), "rank": times(2, fields["rank"]), "alpha": times(alpha, fields["alpha"]),
            "rank_pattern": times(2, fields["rank_pattern"]), "alpha_pattern": times(alpha, fields["alpha_pattern"]),
        ]
    }

    package func savedTensors(_ architecture: Architecture, _ tensors: MemberTensors) throws -> [String: [Float]] {
        var saved: [String: [Float]] = [:]
        for site in architecture.sites(targets).map(\.site) {
            guard let rank = update(at: site)?.rank else { continue }
            saved["\(site.name)/A"] = try tensors(site, "A").values + tensors(site, Self.startA).values
            let (own, start) = (try tensors(site, "B").values, try tensors(site, Self.startB).values)
            saved["\(site.name)/B"] = stride(from: 0, to: own.count, by: rank).flatMap {
                own[$0..<$0 + rank] + start[$0..<$0 + rank]
            }
        }
        return saved
    }
}
