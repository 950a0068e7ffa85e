import Files
import Models
import Numerics

/// LoRA: a low-rank update beside frozen projections (Hu et al. 2021, eq. 3).
///
/// y = W x + b + s · B A dropout(x), with A: [rank, in], Kaiming-uniform (√5), and B: [out, rank], zeros. s = alpha / rank,
/// or alpha / √rank with `rslora` (Kalajdzievski 2023). Training never forms B A.
///
/// `targets` names projections: query, key, value, attention_output, intermediate, output, or all. `rank_pattern` and
/// `alpha_pattern` give other values to some of them: a role ("query"), a layer ("3") or both ("query/3"); both comes
/// before the role, the role before the layer. Rank 0: no update there.
package struct LoRA: AdapterMethod {
    package static let name = "lora"
    package static let presets: [(name: String, fields: [String: ConfigurationValue])] = [("lora", [:])]
    package static let defaults: [String: ConfigurationValue] = [
        "rank": .number(8), "alpha": .number(8), "rslora": .bool(false), "dropout": .number(0),
        "targets": .list([.string("query"), .string("value")]), "rank_pattern": .map([:]), "alpha_pattern": .map([:]),
        "leave_out": .list([]),
    ]

    /// The projections under the names that configurations use, in the order of the computation.
    package static let roles: [(name: String, kind: Site.Kind)] = [
        ("query", .query), ("key", .key), ("value", .value), ("attention_output", .attentionOutput),
        ("intermediate", .intermediate), ("output", .feedForwardOutput),
    ]
    private static let all = "all"
    private static let mostRank = 65_536

    private let rank: Double
    private let alpha: Double
    private let isRankStabilized: Bool
    package let dropout: Float
    private let targets: Set<Site.Kind>
    private let ranks: SitePattern
    private let alphas: SitePattern
    private let leaveOut: Set<Int>

    package init(_ c: ConfigurationReader) throws(AdapterError) {
        rank = Double(try c.integer("rank", in: 1...Self.mostRank))
        alpha = try c.number("alpha", above: 0)
        isRankStabilized = try c.bool("rslora")
        dropout = try c.probability("dropout")
        targets = try Self.targets(c)
        let names = Dictionary(Self.roles.map { ($0.name, $0.kind) }) { first, _ in first }
        let most = Self.mostRank
        ranks = try c.sitePattern("rank_pattern", roles: names, expected: "a rank in 0...\(most)") {
            $0 == $0.rounded() && (0...Double(most)).contains($0)
        }
        alphas = try c.sitePattern("alpha_pattern", roles: names, expected: "a number over 0") { $0 > 0 }
        leaveOut = try c.layers("leave_out")
    }

    private static func targets(_ c: ConfigurationReader) throws(AdapterError) -> Set<Site.Kind> {
        let words: [String]
        switch c["targets"] {
        case .string(let text): words = text.split(separator: ",").map(String.init)
        case .list(let values): words = values.map { if case .string(let word) = $0 { word } else { $0.json } }
        default: words = []
        }
        if words == [all] { return Set(roles.map(\.kind)) }
        var kinds: Set<Site.Kind> = []
        for word in words {
            guard let role = roles.first(where: { $0.name == word }) else {
                throw .field(
                    source: c.source, field: "targets", found: word,
                    expected: roles.map(\.name).joined(separator: ", ") + ", or all")
            }
            kinds.insert(role.kind)
        }
        guard !kinds.isEmpty else {
            throw .field(
                source: c.source, field: "targets", found: c["targets"].json,
                expected: "a list of \(roles.map(\.name).joined(separator: ", ")), or all")
        }
        return kinds
    }

    /// The update at a site: its rank and s; nil where there is none.
    package func update(at site: Site) -> (rank: Int, scale: Float)? {
        guard let layer = site.layer, targets.contains(site.kind), !leaveOut.contains(layer) else { return nil }
        let rank = ranks[site] ?? rank
        guard rank > 0 else { return nil }
        let scale = (alphas[site] ?? alpha) / (isRankStabilized ? rank.squareRoot() : rank)
        return (Int(rank), Float(scale))
    }

    /// α at a site, as configurations have it.
    package func alpha(at site: Site) -> Double { alphas[site] ?? alpha }

    package func specs(_ architecture: Architecture) -> [ParameterSpec] {
        architecture.sites(targets).flatMap { site -> [ParameterSpec] in
            guard let rank = update(at: site.site)?.rank else { return [] }
            return [
                ParameterSpec("\(site.site.name)/A", [rank, site.input], .kaimingUniform(fanIn: site.input)),
                ParameterSpec("\(site.site.name)/B", [site.output, rank], .zeros),
            ]
        }
    }

    package func delta(at site: Site, _ context: SiteContext, _ tensors: MemberTensors) throws -> SiteDelta? {
        guard let scale = update(at: site)?.scale else { return nil }
        let builder = context.builder
        var x = context.input
        if dropout > 0 {
            x = builder.append(
                DropAdd(x, dropout: DropoutSite(site: tensors.scope(site), rate: dropout), in: builder))
        }
        let narrow = builder.append(Linear(x, weight: try tensors(site, "A"), bias: nil, in: builder))
        return .factored(narrow: narrow, up: try tensors(site, "B"), bias: nil, scale: scale)
    }

    /// W + s B A, each row summed in double.
    package func merge(into projection: inout Projection, _ tensor: (String) throws -> [Float]) throws {
        guard let (rank, scale) = update(at: projection.site.site) else { return }
        let (a, b, width) = (try tensor("A"), try tensor("B"), projection.site.input)
        var row = [Double](repeating: 0, count: width)
        for o in 0..<projection.site.output {
            for i in 0..<width { row[i] = Double(projection.weight[o * width + i]) }
            for k in 0..<rank {
                let factor = Double(scale) * Double(b[o * rank + k])
                for i in 0..<width { row[i] += factor * Double(a[k * width + i]) }
            }
            for i in 0..<width { projection.weight[o * width + i] = Float(row[i]) }
        }
    }
}
