import Adapters
import Files
import Numerics

/// KnOTS: LoRA merged in a space that the adapters share (Stoica et al. 2024, section 4).
///
/// At each projection, [ΔW₁ | ΔW₂ | …] = U Σ [V₁ | V₂ | …]ᵀ. The Σ Vₙᵀ of all projections are the vectors that are merged, by
/// TIES or another method (`combination`), and ΔW = U · the result. A weighted sum there is the weighted sum of ΔW.
package struct KnOTS: UpdateMerge {
    package static let name = "knots"
    package static let summary = "LoRA merged in a common space of singular vectors, by ties or another --combination"
    package static let options = Set(MergeOptions.Option.allCases)
    private static let usual = TIES.name

    private let inner: any ValueMerge
    private let rank: Int?
    package var weights: [Double] { inner.weights }
    package var fields: [String: ConfigurationValue] {
        inner.fields.merging(["combination": .string(type(of: inner).name)]) { $1 }
    }

    package init(_ options: MergeOptions, count: Int) throws(MergeFault) {
        let combinations = MergeMethods.builtIn.compactMap { $0 as? any ValueMerge.Type }
        let name = options.combination ?? Self.usual
        guard let type = combinations.first(where: { $0.name == name }) else {
            throw MergeFault(
                "--combination", found: "'\(name)'",
                expected: "one of \(combinations.map { $0.name }.joined(separator: ", "))")
        }
        var own = options
        (own.rank, own.combination) = (nil, nil)
        try own.check(type)
        inner = try type.init(own, count: count)
        rank = options.rank
    }

    package func rule(for updates: Updates) throws -> (_ site: Int) throws -> MergedUpdate {
        let changes = updates.changes
        let spaces = try updates.sites.indices.map { try Self.space(updates, changes, $0) }
        let vectors = TaskVectors(
            count: updates.parts.count,
            tensors: zip(updates.sites, spaces).map { ($0.site.name, $0.input * $1.rank) }
        ) { adapter, site in spaces[site].parts[adapter] }
        let rule = try inner.rule(for: vectors)
        return { site in
            let (space, spec) = (spaces[site], updates.sites[site])
            let merged = LowRank(rank: space.rank, a: try rule(site).map { Float($0) }, b: space.basis)
            guard let rank, rank < space.rank else { return MergedUpdate(merged) }
            return MergedUpdate(
                merged.product(input: spec.input, output: spec.output), input: spec.input, output: spec.output,
                rank: rank)
        }
    }

    /// U [output, rank], and for each adapter Σ Vₙᵀ = Uᵀ ΔWₙ [rank, input].
    private static func space(
        _ updates: Updates, _ changes: TaskVectors, _ site: Int
    ) throws -> (rank: Int, basis: [Float], parts: [[Float]]) {
        let (spec, all) = (updates.sites[site], try updates.parts.indices.map { try changes.values($0, site) })
        let (input, output, width) = (spec.input, spec.output, spec.input * all.count)
        let beside = (0..<output).flatMap { o in all.flatMap { $0[o * input..<(o + 1) * input] } }
        let found = SingularVectors(
            beside, rows: output, columns: width, count: min(updates.sumOfRanks(at: site), output, width))
        let floor = 3e-7 * (found.values.first ?? 0)
        let rank = max(1, found.values.prefix { $0 > floor }.count)
        let basis = (0..<output).flatMap { o in found.left.prefix(rank).map { Float($0[o]) } }
        let parts = all.indices.map { adapter in
            zip(found.values, found.right).prefix(rank).flatMap { value, vector in
                vector[adapter * input..<(adapter + 1) * input].map { Float(value * $0) }
            }
        }
        return (rank, basis, parts)
    }
}
