import Files
import Foundation
import Models
import Numerics

/// LoRA: a low-rank update beside frozen projections (Hu et al. 2021, eq. 3).
///
/// y = W x + b + s · B A dropout(x), with A: [rank, in], Kaiming-uniform (√5), and B: [out, rank], zeros. s = alpha / rank,
/// or alpha / √rank with `rslora` (Kalajdzievski 2023). Training never forms B A.
///
/// `targets` names projections: query, key, value, attention_output, gate, intermediate, output, or all. `rank_pattern` and
/// `alpha_pattern` give other values to some of them: a role ("query"), a layer ("3") or both ("query/3"); both comes
/// before the role, the role before the layer. Rank 0: no update there.
///
/// With `use_gating`, a gate for each text and projection takes the place of s (UniPELT, Mao et al. 2022; `Gate`).
///
/// Variants have files of their own: `use_dora` (DoRA.swift) and `init_lora_weights: pissa` (PiSSA.swift). With
/// `loraplus_lr_ratio`, B and DoRA's magnitudes learn at so many times the learning rate (LoRA+, Hayou et al. 2024).
package struct LoRA: AdapterMethod {
    package static let name = "lora"
    package static let presets: [(name: String, fields: [String: ConfigurationValue])] = [
        ("lora", [:]), ("dora", ["use_dora": .bool(true)]), ("pissa", ["init_lora_weights": .string(pissa)]),
        ("lora_plus", ["loraplus_lr_ratio": .number(16)]),
    ]
    package static let defaults: [String: ConfigurationValue] = [
        "rank": .number(8), "alpha": .number(8), "rslora": .bool(false), "dropout": .number(0),
        "targets": .list([.string("query"), .string("value")]), "rank_pattern": .map([:]), "alpha_pattern": .map([:]),
        "leave_out": .list([]), "use_dora": .bool(false), "init_lora_weights": .bool(true),
        "loraplus_lr_ratio": .number(1), "use_gating": .bool(false),
    ]
    package static let laterFields: Set<String> = [
        "use_dora", "init_lora_weights", "loraplus_lr_ratio", "use_gating",
    ]

    package static let trainingFields: Set<String> = ["dropout", "init_lora_weights", "loraplus_lr_ratio"]

    /// The projections under the names that configurations use, in the order of the computation.
    package static let roles = SiteRoles.projections
    private static let mostRank = 65_536
    private static let pissa = "pissa"

    private let rank: Double
    private let alpha: Double
    let isRankStabilized: Bool
    package let dropout: Float
    let targets: Set<Site.Kind>
    private let ranks: SitePattern
    private let alphas: SitePattern
    private let leaveOut: Set<Int>
    /// DoRA
    package let hasMagnitudes: Bool
    /// PiSSA
    let startsFromSingularVectors: Bool
    /// LoRA+
    private let rateFactor: Float
    /// UniPELT
    package let hasGate: Bool
    /// All of them, as they were read.
    let fields: [String: ConfigurationValue]

    package init(_ c: ConfigurationReader) throws(AdapterError) {
        fields = c.resolved
        hasMagnitudes = try c.bool("use_dora")
        switch c["init_lora_weights"] {
        case .bool(true): startsFromSingularVectors = false
        case .string(Self.pissa): startsFromSingularVectors = true
        case let other:
            throw .field(
                source: c.source, field: "init_lora_weights", found: other.json, expected: "true or \(Self.pissa)")
        }
        rateFactor = Float(try c.number("loraplus_lr_ratio", above: 0))
        hasGate = try c.bool("use_gating")
        if hasGate, hasMagnitudes || startsFromSingularVectors {
            throw .field(
                source: c.source, field: "use_gating", found: "true",
                expected: "false if use_dora is true or init_lora_weights is \(Self.pissa)")
        }
        rank = Double(try c.integer("rank", in: 1...Self.mostRank))
        alpha = try c.number("alpha", above: 0)
        isRankStabilized = try c.bool("rslora")
        dropout = try c.probability("dropout")
        targets = try c.targets("targets", among: Self.roles)
        let names = Dictionary(Self.roles.map { ($0.name, $0.kind) }) { first, _ in first }
        let most = Self.mostRank
        ranks = try c.sitePattern("rank_pattern", roles: names, expected: "a rank in 0...\(most)") {
            $0 == $0.rounded() && (0...Double(most)).contains($0)
        }
        alphas = try c.sitePattern("alpha_pattern", roles: names, expected: "a number over 0") { $0 > 0 }
        leaveOut = try c.layers("leave_out")
    }

    /// The update at a site: its rank and s; nil where there is none.
    package func update(at site: Site) -> (rank: Int, scale: Float)? {
        guard let layer = site.layer, targets.contains(site.kind), !leaveOut.contains(layer) else { return nil }
        let rank = ranks[site] ?? rank
        guard rank > 0 else { return nil }
        let scale = (alphas[site] ?? alpha) / (isRankStabilized ? rank.squareRoot() : rank)
        return (Int(rank), Float(scale))
    }

    package var mixesTokens: Bool { hasGate }

    /// α at a site, as configurations have it.
    package func alpha(at site: Site) -> Double { alphas[site] ?? alpha }

    package func specs(_ architecture: Architecture) -> [ParameterSpec] {
        architecture.sites(targets).flatMap { site -> [ParameterSpec] in
            guard let rank = update(at: site.site)?.rank else { return [] }
            var specs = [
                ParameterSpec("\(site.site.name)/A", [rank, site.input], .kaimingUniform(fanIn: site.input)),
                ParameterSpec("\(site.site.name)/B", [site.output, rank], .zeros, rateFactor: rateFactor),
            ]
            if hasGate {
                specs += Gate.specs(site.site, input: site.input, bias: .kaimingUniform(fanIn: site.input))
            }
            if hasMagnitudes {
                specs.append(
                    ParameterSpec("\(site.site.name)/\(Self.magnitude)", [site.output], .ones, rateFactor: rateFactor))
            }
            return specs
        }
    }

    package func start(
        _ architecture: Architecture, weight: (SiteSpec) throws -> [Float]
    ) throws -> AdapterStart {
        var start = AdapterStart()
        guard hasMagnitudes || startsFromSingularVectors else { return start }
        for site in architecture.sites(targets) {
            guard let (rank, scale) = update(at: site.site) else { continue }
            let (weight, name) = (try weight(site), site.site.name)
            if hasMagnitudes { start.values["\(name)/\(Self.magnitude)"] = norms(weight, at: site) }
            guard startsFromSingularVectors else { continue }
            let (a, b) = try singularVectors(weight, at: site, rank: rank, scale: scale)
            start.values["\(name)/A"] = a
            start.values["\(name)/B"] = b
            start.frozen.append(("\(name)/\(Self.startA)", [rank, site.input], a))
            start.frozen.append(("\(name)/\(Self.startB)", [site.output, rank], b.map { -$0 }))
        }
        return start
    }

    package func delta(at site: Site, _ context: SiteContext, _ tensors: MemberTensors) throws -> SiteDelta? {
        guard let scale = update(at: site)?.scale else { return nil }
        let builder = context.builder
        var x = context.input
        if dropout > 0 {
            x = builder.append(
                DropAdd(x, dropout: DropoutSite(site: tensors.scope(site), rate: dropout), in: builder))
        }
        if hasMagnitudes { return try doraDelta(at: site, scale: scale, dropped: x, context, tensors) }
        let (narrow, up) = try product(at: site, x, constant: context.input, tensors, in: builder)
        guard hasGate else { return .factored(narrow: narrow, up: up, bias: nil, scale: scale) }
        // g · B A x = B (g · A x)
        let gate = try Gate.value(context.input, at: site, tensors, in: builder)
        return .factored(
            narrow: builder.append(GatedRows(narrow, by: gate, in: builder)), up: up, bias: nil, scale: 1)
    }

    /// The factors A x and B of the update.
    /// - Parameters:
    ///   - x: after the method's dropout
    ///   - constant: before it, for the part of the update that is not trained
    func product(
        at site: Site, _ x: Value, constant: Value, _ tensors: MemberTensors, in builder: PlanBuilder
    ) throws -> (narrow: Value, up: Operand) {
        let narrow = builder.append(Linear(x, weight: try tensors(site, "A"), bias: nil, in: builder))
        guard startsFromSingularVectors else { return (narrow, try tensors(site, "B")) }
        return try besideStart(narrow, at: site, constant: constant, tensors, in: builder)
    }

    package func mergedForm() throws(MergeFault) -> MergedForm {
        guard !hasMagnitudes else {
            throw MergeFault(
                "use_dora", found: "true", expected: "false: DoRA scales the rows of W + ΔW, so changes do not add up",
                fix: MergeFault.compose)
        }
        guard !startsFromSingularVectors else {
            throw MergeFault("init_lora_weights", found: Self.pissa, expected: "the form that bundles hold")
        }
        guard !hasGate else {
            throw MergeFault(
                "use_gating", found: "true", expected: "false: a gate makes another change of each text",
                fix: MergeFault.compose)
        }
        return .updates
    }

    package func adds(at projection: Site) -> Bool { update(at: projection) != nil && !hasMagnitudes }

    package var notFusable: String? {
        if hasMagnitudes { return "with use_dora, it rescales the projection and does not only add to it" }
        return SiteRoles.notFusable(targets)
    }

    /// W + s B A, each row summed in double.
    package func merge(into projection: inout Projection, _ tensor: (String) throws -> [Float]) throws {
        guard let (rank, scale) = update(at: projection.site.site) else { return }
        guard !startsFromSingularVectors else {
            throw AdapterError.field(
                source: "adapter", field: "init_lora_weights", found: Self.pissa,
                expected: "the form that bundles hold")
        }
        guard !hasGate else { throw AdapterError.merge(method: "\(Self.name) with use_gating") }
        let (a, b, width) = (try tensor("A"), try tensor("B"), projection.site.input)
        func add(_ o: Int, to row: inout [Double]) {
            for k in 0..<rank {
                let factor = Double(scale) * Double(b[o * rank + k])
                for i in 0..<width { row[i] += factor * Double(a[k * width + i]) }
            }
        }
        if hasMagnitudes {
            return doraMerge(into: &projection, magnitude: try tensor(Self.magnitude)) { add($0, to: &$1) }
        }
        var row = [Double](repeating: 0, count: width)
        for o in 0..<projection.site.output {
            for i in 0..<width { row[i] = Double(projection.weight[o * width + i]) }
            add(o, to: &row)
            for i in 0..<width { projection.weight[o * width + i] = Float(row[i]) }
        }
    }
}
