import Files
import Models
import Numerics

/// VeRA: a low-rank update of frozen random matrices, which all layers share (Kopiczko et al. 2024, eq. 2). A layer learns
/// two vectors alone.
///
/// y = W x + b + Λb B Λd A dropout(x), with A: [r, in] and B: [out, r], both frozen (`VeRAProjections`). Trained are the
/// diagonals `lambda_d` [r], which starts at `d_initial`, and `lambda_b` [out], which starts at 0.
///
/// The fields are those of `peft`'s VeraConfig; `targets` and `leave_out` choose the projections, as for LoRA. There is no
/// `save_projection`: A and B follow from `projection_prng_key`, so a bundle needs the key alone.
package struct VeRA: AdapterMethod {
    package static let name = "vera"
    package static let presets: [(name: String, fields: [String: ConfigurationValue])] = [("vera", [:])]
    package static let defaults: [String: ConfigurationValue] = [
        "r": .number(256), "projection_prng_key": .number(0), "d_initial": .number(0.1), "dropout": .number(0),
        "targets": .list([.string("query"), .string("value")]), "leave_out": .list([]),
    ]

    private let rank: Int
    private let key: UInt32
    private let initial: Float
    private let dropout: Float
    private let choice: SiteChoice

    package init(_ c: ConfigurationReader) throws(AdapterError) {
        rank = try c.integer("r", in: 1...16_384)
        key = UInt32(try c.integer("projection_prng_key", in: 0...Int(UInt32.max)))
        initial = Float(try c.number("d_initial", above: 0))
        dropout = try c.probability("dropout")
        choice = try SiteChoice(c, among: SiteRoles.projections)
    }

    package func specs(_ architecture: Architecture) -> [ParameterSpec] {
        sites(architecture).flatMap { spec in
            [
                ParameterSpec(
                    "\(spec.site.name)/lambda_d", [rank], .values(Array(repeating: initial, count: rank))),
                ParameterSpec("\(spec.site.name)/lambda_b", [spec.output], .zeros),
            ]
        }
    }

    /// The projections that it acts on.
    package func sites(_ architecture: Architecture) -> [SiteSpec] { choice.sites(architecture) }

    /// A and B for them.
    package func projections(_ architecture: Architecture) -> VeRAProjections {
        VeRAProjections(key: key, rank: rank, sites: sites(architecture))
    }

    package func delta(at site: Site, _ context: SiteContext, _ tensors: MemberTensors) throws -> SiteDelta? {
        guard choice.contains(site) else { return nil }
        let builder = context.builder
        let (a, b) = projections(tensors.architecture).operands(at: context.spec, in: builder)
        var x = context.input
        if dropout > 0 {
            x = builder.append(
                DropAdd(x, dropout: DropoutSite(site: tensors.scope(site), rate: dropout), in: builder))
        }
        x = builder.append(Linear(x, weight: a, bias: nil, in: builder))
        x = builder.append(MultiplyRows(x, by: try tensors(site, "lambda_d"), in: builder))
        x = builder.append(Linear(x, weight: b, bias: nil, in: builder))
        return .dense(builder.append(MultiplyRows(x, by: try tensors(site, "lambda_b"), in: builder)))
    }

    package func adds(at projection: Site) -> Bool { choice.contains(projection) }
    package var notFusable: String? { choice.notFusable }

    /// W + Λb B Λd A, each row summed in double.
    package func merge(into projection: inout Projection, _ tensor: (String) throws -> [Float]) throws {
        let site = projection.site
        guard choice.contains(site.site) else { return }
        let (a, b) = projections(projection.architecture).values(at: site)
        let (d, factors) = (try tensor("lambda_d"), try tensor("lambda_b"))
        var row = [Double](repeating: 0, count: site.input)
        for o in 0..<site.output {
            for i in row.indices { row[i] = Double(projection.weight[o * site.input + i]) }
            for k in 0..<rank {
                let factor = Double(factors[o]) * Double(b[o * rank + k]) * Double(d[k])
                for i in row.indices { row[i] += factor * Double(a[k * site.input + i]) }
            }
            for i in row.indices { projection.weight[o * site.input + i] = Float(row[i]) }
        }
    }

    package func mergedForm() throws(MergeFault) -> MergedForm {
        throw MergeFault(
            "method", found: Self.name,
            expected: "a method whose parameters add up: in VeRA, two learned vectors multiply each other",
            fix: MergeFault.compose)
    }
}
