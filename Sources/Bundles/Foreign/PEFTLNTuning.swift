import Adapters
import Files
import Models

/// LN tuning in PEFT's folders: `….ln_tuning_layers.weight` and `.bias` are a norm's own vectors after training, where ours
/// are added to those of the base. So both ways need the base.
struct PEFTLNTuning: PEFTMethod {
    static let kind = "LN_TUNING"
    static let method = LNTuning.name
    let title = "LN tuning"
    let marker = ".ln_tuning_layers.weight"
    let content = "weights and biases"
    let targets = "norms"
    private static let copy = "ln_tuning_layers"

    init(_ module: PEFTModule) throws { try module.check(refused: [], others: [], class: "LNTuningConfig") }

    func widths(of name: String, in module: PEFTModule) throws -> (input: Int?, output: Int?) {
        let shape = module.shape("\(name).\(Self.copy).weight") ?? []
        guard shape.count == 1, (1...1_048_576).contains(shape[0]) else {
            throw module.wrong(
                "\(name).\(Self.copy).weight", "shape \(shape)", "a norm's vector", in: module.weightsFile)
        }
        return (nil, shape[0])
    }

    func tensors(of site: SiteSpec, _ name: String, in module: PEFTModule) throws -> [PEFTTensor] {
        Self.tensors(of: site)
    }

    private static func tensors(of site: SiteSpec) -> [PEFTTensor] {
        [("weight", site.weight), ("bias", site.bias)].compactMap { name, base in
            base.map { PEFTTensor(name, as: "\(copy).\(name)", [site.output], addedTo: $0) }
        }
    }

    func adapter(
        _ acting: [(site: SiteSpec, module: String)], _ architecture: Architecture, in module: PEFTModule
    ) throws -> AdapterConfiguration {
        try AdapterConfiguration(
            method: LNTuning.name, fields: module.choice(acting, among: SiteRoles.norms, architecture),
            source: module.file)
    }

    static func content(_ member: Member, _ architecture: Architecture) throws -> PEFTContent? {
        guard let tuning = try member.configuration.makeMethod() as? LNTuning else { return nil }
        return PEFTContent(
            title: "LN tuning",
            modules: tuning.sites(architecture).map { ($0, PEFTContent.module($0), tensors(of: $0)) },
            fields: ["peft_type": .string(kind), "exclude_modules": .null])
    }
}
