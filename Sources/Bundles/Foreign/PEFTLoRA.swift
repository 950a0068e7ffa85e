import Adapters
import Files
import Models
import Numerics

/// LoRA in PEFT's folders, with DoRA and PiSSA: `lora_A` [rank, in], `lora_B` [out, rank], `lora_magnitude_vector` [out].
struct PEFTLoRA: PEFTMethod {
    static let type = "LORA"
    static let title = "LoRA"
    static let tensors = "LoRA matrices"
    static let marker = ".lora_A.weight"

    private let configuration: PEFTLoRAConfiguration
    var choice: PEFTModuleChoice { configuration.choice }

    init(_ module: PEFTModule) throws { configuration = try PEFTLoRAConfiguration(module) }

    func widths(of name: String, _ module: PEFTModule) throws -> (input: Int?, output: Int?) {
        (try module.matrix("\(name).lora_A.weight").columns, try module.matrix("\(name).lora_B.weight").rows)
    }

    func tensors(at adapted: PEFTModule.Adapted, _ module: PEFTModule) throws -> [PEFTTensor] {
        Self.tensors(
            adapted.site, rank: try module.matrix("\(adapted.name).lora_A.weight").rows,
            hasMagnitudes: configuration.hasMagnitudes)
    }

    private static func tensors(_ site: SiteSpec, rank: Int, hasMagnitudes: Bool) -> [PEFTTensor] {
        [
            PEFTTensor("A", as: "lora_A.weight", [rank, site.input]),
            PEFTTensor("B", as: "lora_B.weight", [site.output, rank]),
        ]
            + (hasMagnitudes ? [PEFTTensor(LoRA.magnitude, as: "lora_magnitude_vector", [site.output])] : [])
    }

    func adapter(
        _ acting: [PEFTModule.Adapted], _ architecture: Architecture, _ module: PEFTModule
    ) throws -> AdapterConfiguration {
        let roles = LoRA.roles.filter { role in acting.contains { $0.site.site.kind == role.kind } }
        let layers = Set(acting.compactMap(\.site.site.layer))
        let leftOut = (0..<architecture.configuration.layers).filter { !layers.contains($0) }
        var ranks: [String: ConfigurationValue] = [:]
        var alphas: [String: ConfigurationValue] = [:]
        let modules = Dictionary(acting.map { ($0.site.site, $0.name) }) { first, _ in first }
        for role in roles {
            for layer in layers {
                let key = "\(role.name)/\(layer)"
                guard let name = modules[Site(role.kind, layer: layer)] else {
                    ranks[key] = .number(0)
                    continue
                }
                let (rank, expected) = (
                    try module.matrix("\(name).lora_A.weight").rows, try configuration.rank(of: name)
                )
                guard rank == expected else {
                    throw module.wrong(
                        "\(name).lora_A.weight", "rank \(rank)", "rank \(expected), as in \(PEFTModule.configuration)",
                        in: module.weightsFile)
                }
                if rank != configuration.rank { ranks[key] = .init(rank) }
                let alpha = try configuration.alpha(of: name)
                if alpha != configuration.alpha { alphas[key] = .number(alpha) }
            }
        }
        return try AdapterConfiguration(
            method: LoRA.name,
            fields: [
                "rank": .init(configuration.rank), "alpha": .number(configuration.alpha),
                "rslora": .bool(configuration.isRankStabilized), "dropout": .number(configuration.dropout),
                "targets": .list(roles.map { .string($0.name) }), "rank_pattern": .map(ranks),
                "alpha_pattern": .map(alphas), "leave_out": .list(leftOut.map { .init($0) }),
                "use_dora": .bool(configuration.hasMagnitudes),
                "init_lora_weights": configuration.startsFromSingularVectors ? .string("pissa") : .bool(true),
            ], source: module.file)
    }

    /// PiSSA's base lacks what the adapter began with: this becomes a part of the adapter, as peft's own conversion does.
    func finish(_ bundle: inout AdapterBundle, model: EncoderModel?, _ module: PEFTModule) throws {
        guard configuration.startsFromSingularVectors, let member = bundle.members.first else { return }
        guard let model else {
            throw module.wrong(
                "init_lora_weights", "\"pissa\" without the base model",
                "the base model, which tells what the adapter started from (--model), or an adapter that was saved with "
                    + "path_initial_model_for_weight_conversion")
        }
        var tensors = Dictionary(bundle.tensors.map { ($0.name, Weight($0.values, shape: $0.shape)) }) { first, _ in
            first
        }
        for tensor in try member.start(model.architecture, base: { model.weight($0)?.values ?? [] }).frozen {
            tensors[tensor.name] = tensor.weight
        }
        let frozen = OperandTable(trainable: try ParameterBuffer([], seed: 0)) { [tensors] in tensors[$0] }
        let values = try member.savedTensors(model.architecture, frozen)
        bundle.members = [try member.saved()]
        bundle.tensors = try bundle.specs().map { spec in
            NamedTensor(spec.name, spec.shape, values[spec.name] ?? tensors[spec.name]?.values ?? [])
        }
    }

    static func content(_ member: Member, _ architecture: Architecture, bundle: AdapterBundle) throws -> PEFTContent? {
        guard let updates = try LoRAUpdates(member, architecture) else { return nil }
        guard !updates.hasGate else {
            throw PEFTExport.cannot(
                bundle, "members/\(member.name): use_gating", "true", "false: peft has no gates",
                fix: "use --format adapterhub")
        }
        let (rank, alpha) = (updates.fields["rank"] ?? .number(8), updates.fields["alpha"] ?? .number(8))
        func pattern(
            _ value: (LoRAUpdates.Update) -> ConfigurationValue, _ usual: ConfigurationValue
        ) -> ConfigurationValue {
            let others = updates.list.filter { value($0) != usual }
            return .map(Dictionary(others.map { (PEFTContent.module($0.site), value($0)) }) { first, _ in first })
        }
        return PEFTContent(
            fields: [
                "r": rank, "lora_alpha": alpha, "lora_dropout": .number(Double(updates.dropout)),
                "use_rslora": updates.fields["rslora"] ?? .bool(false),
                "rank_pattern": pattern({ .number(Double($0.rank)) }, rank),
                "alpha_pattern": pattern({ .number($0.alpha) }, alpha), "bias": .string("none"),
                "init_lora_weights": .bool(true), "use_dora": .bool(updates.hasMagnitudes),
            ],
            modules: updates.list.map {
                ($0.site, tensors($0.site, rank: $0.rank, hasMagnitudes: updates.hasMagnitudes))
            })
    }
}
