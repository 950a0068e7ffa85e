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
        let spaces = updates.sites.indices.map { Self.space(updates, $0) }
        let vectors = TaskVectors(
            count: updates.parts.count,
            tensors: zip(updates.sites, spaces).map { ($0.site.name, $0.input * $1.rank) }
        ) { adapter, site in spaces[site].parts[adapter] }
        let rule = try inner.rule(for: vectors)
        return { site in
            let (space, spec) = (spaces[site], updates.sites[site])
            let merged = LowRank(rank: space.rank, a: try rule(site).map { Float($0) }, b: space.basis)
            guard let rank, rank < space.rank else { return MergedUpdate(merged) }
            let columns = ColumnSpace([merged], output: spec.output)
            return MergedUpdate(
                columns.coordinates(merged, input: spec.input), input: spec.input, output: spec.output, rank: rank,
                space: columns)
        }
    }

    /// U [output, rank], and for each adapter Σ Vₙᵀ [rank, input]. In the space of the updates' columns, since U is there.
    private static func space(_ updates: Updates, _ site: Int) -> (rank: Int, basis: [Float], parts: [[Float]]) {
        let (spec, present) = (updates.sites[site], updates.present(at: site))
        let (input, count) = (spec.input, updates.parts.count)
        let columns = ColumnSpace(present.map(\.update), output: spec.output)
        let rows = columns.basis.count
        var beside = [Float](repeating: 0, count: rows * count * input)
        for (adapter, update) in present {
            for (i, value) in columns.coordinates(update, input: input).enumerated() {
                beside[(i / input * count + adapter) * input + i % input] = Float(value)
            }
        }
        let found = SingularVectors(beside, rows: rows, columns: count * input, count: min(rows, count * input))
        let left = found.left.prefix(found.rank).map(columns.lifted)
        let parts = (0..<count).map { adapter in
            zip(found.values, found.right).prefix(found.rank).flatMap { value, vector in
                vector[adapter * input..<(adapter + 1) * input].map { Float(value * $0) }
            }
        }
        return (found.rank, (0..<spec.output).flatMap { o in left.map { Float($0[o]) } }, parts)
    }
}
