import Adapters
import Files
import Models

/// VeRA in PEFT's folders: `….vera_lambda_d` and `….vera_lambda_b`, and `base_model.vera_A` and `base_model.vera_B` with
/// `save_projection`. These must be the matrices that `projection_prng_key` gives, which bundles do not hold.
struct PEFTVeRA: PEFTMethod {
    static let kind = "VERA"
    static let method = VeRA.name
    let title = "VeRA"
    let marker = ".vera_lambda_d"
    let content = "vectors of VeRA"
    /// Ours and theirs.
    static let names = [("lambda_d", "vera_lambda_d"), ("lambda_b", "vera_lambda_b")]
    static let (a, b) = ("vera_A", "vera_B")
    /// Other processors may round the last bit of a random number otherwise.
    private static let tolerance: Float = 1e-6

    private let rank: Int
    private let fields: [String: ConfigurationValue]

    init(_ module: PEFTModule) throws {
        try module.check(
            refused: [("bias", [.string("none")]), ("init_weights", [.bool(true), .bool(false)])],
            others: ["projection_prng_key", "save_projection", "vera_dropout", "d_initial"], class: "VeraConfig")
        rank = try module.rank()
        fields = [
            "r": .init(rank),
            "projection_prng_key": .init(try module.integer("projection_prng_key", in: 0...Int(UInt32.max))),
            "d_initial": .number(try module.number("d_initial", "a number over 0") { $0 > 0 && $0.isFinite }),
            "dropout": .number(try module.dropout("vera_dropout")),
        ]
    }

    /// A is as wide as the widest input, which is that of the last projection of a layer if it is adapted; otherwise all are
    /// equally wide.
    func widths(of name: String, in module: PEFTModule) throws -> (input: Int?, output: Int?) {
        guard let shape = module.shape("\(name).vera_lambda_b"), shape.count == 1, (1...1_048_576).contains(shape[0])
        else {
            throw module.wrong(
                "\(name).vera_lambda_b", module.shape("\(name).vera_lambda_b").map { "shape \($0)" } ?? "missing",
                "a vector", in: module.weightsFile)
        }
        return (module.has(Self.a) ? try module.matrix(Self.a).columns : nil, shape[0])
    }

    func adapter(
        _ acting: [(site: SiteSpec, module: String)], _ architecture: Architecture, in module: PEFTModule
    ) throws -> AdapterConfiguration {
        if let site = acting.first(where: { $0.site.input == 0 }) {
            throw module.wrong(
                "save_projection", "no \(Self.a), which would tell how wide \(site.module) is",
                "the base model (--model), or a folder with the projections")
        }
        return try AdapterConfiguration(
            method: VeRA.name,
            fields: fields.merging(try module.choice(acting, among: SiteRoles.projections, architecture)) { $1 },
            source: module.file)
    }

    func tensors(of site: SiteSpec, _ name: String, in module: PEFTModule) throws -> [PEFTTensor] {
        Self.tensors(of: site, rank: rank)
    }

    static func tensors(of site: SiteSpec, rank: Int) -> [PEFTTensor] {
        zip(names, [[rank], [site.output]]).map { PEFTTensor($0.0, as: $0.1, $1) }
    }

    /// Takes the projections and compares them.
    func finish(
        _ bundle: inout AdapterBundle, _ architecture: Architecture, model: EncoderModel?, in module: inout PEFTModule
    ) throws {
        guard module.has(Self.a) || module.has(Self.b),
            let method = try bundle.members.first?.configuration.makeMethod() as? VeRA
        else { return }
        let projections = method.projections(architecture)
        // Ours are drawn only after theirs, whose sizes the file has
        let theirs = (
            a: try module.take(Self.a, shape: [rank, projections.input]),
            b: try module.take(Self.b, shape: [projections.output, rank])
        )
        let ours = projections.values
        for (name, theirs, values) in [(Self.a, theirs.a, ours.a), (Self.b, theirs.b, ours.b)] {
            guard let i = theirs.indices.first(where: { abs(theirs[$0] - values[$0]) > Self.tolerance }) else {
                continue
            }
            throw module.wrong(
                name, "\(theirs[i]) at element \(i)",
                "\(values[i]), which projection_prng_key \(fields["projection_prng_key"]?.json ?? "") gives; bundles do not "
                    + "hold projections that were drawn otherwise", in: module.weightsFile)
        }
    }

    static func content(_ member: Member, _ architecture: Architecture) throws -> PEFTContent? {
        guard let vera = try member.configuration.makeMethod() as? VeRA else { return nil }
        let own = member.configuration.fields
        let projections = vera.projections(architecture)
        let (a, b) = projections.values
        let rank = a.count / projections.input
        return PEFTContent(
            title: "VeRA",
            modules: vera.sites(architecture).map { ($0, PEFTContent.module($0), tensors(of: $0, rank: rank)) },
            shared: [
                (Self.a, [rank, projections.input], a),
                (Self.b, [projections.output, b.count / projections.output], b),
            ],
            fields: [
                "peft_type": .string(kind), "r": own["r"] ?? .null,
                "projection_prng_key": own["projection_prng_key"] ?? .null, "save_projection": .bool(true),
                "vera_dropout": own["dropout"] ?? .null, "d_initial": own["d_initial"] ?? .null,
                "bias": .string("none"), "init_weights": .bool(true), "fan_in_fan_out": .bool(false),
            ])
    }
}
