import Adapters
import Files
import Models
import Numerics

/// LoRA and its variants in PEFT's folders: `….lora_A.weight`, `….lora_B.weight`, and for DoRA `….lora_magnitude_vector`.
extension PEFTConfiguration: PEFTMethod {
    static let kind = "LORA"
    static let method = LoRA.name
    var title: String { "LoRA" }
    var marker: String { ".lora_A.weight" }
    var content: String { "LoRA matrices" }

    func widths(of name: String, in module: PEFTModule) throws -> (input: Int?, output: Int?) {
        (try module.matrix("\(name).lora_A.weight").columns, try module.matrix("\(name).lora_B.weight").rows)
    }

    func tensors(of site: SiteSpec, _ name: String, in module: PEFTModule) throws -> [PEFTTensor] {
        let rank = try module.matrix("\(name).lora_A.weight").rows
        return Self.tensors(of: site, rank: rank, hasMagnitudes: hasMagnitudes)
    }

    static func tensors(of site: SiteSpec, rank: Int, hasMagnitudes: Bool) -> [PEFTTensor] {
        let shapes = [[rank, site.input], [site.output, rank], [site.output]]
        return zip(LoRAUpdates.tensors(hasMagnitudes: hasMagnitudes), shapes).map {
            PEFTTensor($0.ours, as: $0.theirs, $1)
        }
    }

    func adapter(
        _ acting: [(site: SiteSpec, module: String)], _ architecture: Architecture, in module: PEFTModule
    ) throws -> AdapterConfiguration {
        let roles = LoRA.roles.filter { role in acting.contains { $0.site.site.kind == role.kind } }
        let layers = Set(acting.compactMap(\.site.site.layer))
        let leftOut = (0..<architecture.configuration.layers).filter { !layers.contains($0) }
        var ranks: [String: ConfigurationValue] = [:]
        var alphas: [String: ConfigurationValue] = [:]
        let modules = Dictionary(acting.map { ($0.site.site, $0.module) }) { first, _ in first }
        for role in roles {
            for layer in layers {
                let key = "\(role.name)/\(layer)"
                guard let name = modules[Site(role.kind, layer: layer)] else {
                    ranks[key] = .number(0)
                    continue
                }
                let (rank, expected) = (
                    try module.matrix("\(name).lora_A.weight").rows, try self.rank(of: name)
                )
                guard rank == expected else {
                    throw module.wrong(
                        "\(name).lora_A.weight", "rank \(rank)", "rank \(expected), as in \(PEFTModule.configuration)",
                        in: module.weightsFile)
                }
                if rank != self.rank { ranks[key] = .init(rank) }
                let alpha = try self.alpha(of: name)
                if alpha != self.alpha { alphas[key] = .number(alpha) }
            }
        }
        return try AdapterConfiguration(
            method: LoRA.name,
            fields: [
                "rank": .init(rank), "alpha": .number(alpha),
                "rslora": .bool(isRankStabilized), "dropout": .number(dropout),
                "targets": .list(roles.map { .string($0.name) }), "rank_pattern": .map(ranks),
                "alpha_pattern": .map(alphas), "leave_out": .list(leftOut.map { .init($0) }),
                "use_dora": .bool(hasMagnitudes),
                "init_lora_weights": startsFromSingularVectors ? .string("pissa") : .bool(true),
            ], source: module.file)
    }

    /// PiSSA's base lacks what the adapter began with: this becomes a part of the adapter, as peft's own conversion does.
    func finish(
        _ bundle: inout AdapterBundle, _ architecture: Architecture, model: EncoderModel?, in module: inout PEFTModule
    ) throws {
        guard startsFromSingularVectors, let member = bundle.members.first else { return }
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

    static func content(_ member: Member, _ architecture: Architecture) throws -> PEFTContent? {
        guard let updates = try LoRAUpdates(member, architecture) else { return nil }
        let (rank, alpha) = (updates.fields["rank"] ?? .number(8), updates.fields["alpha"] ?? .number(8))
        func pattern(_ value: (LoRAUpdates.Update) -> ConfigurationValue, _ usual: ConfigurationValue)
            -> ConfigurationValue
        {
            .map(
                Dictionary(updates.list.filter { value($0) != usual }.map { ($0.module, value($0)) }) { first, _ in
                    first
                })
        }
        return PEFTContent(
            title: "LoRA",
            modules: updates.list.map {
                ($0.site, $0.module, tensors(of: $0.site, rank: $0.rank, hasMagnitudes: updates.hasMagnitudes))
            }, hasGate: updates.hasGate,
            fields: [
                "peft_type": .string(kind), "r": rank, "lora_alpha": alpha,
                "lora_dropout": .number(Double(updates.dropout)),
                "use_rslora": updates.fields["rslora"] ?? .bool(false),
                "rank_pattern": pattern({ .number(Double($0.rank)) }, rank),
                "alpha_pattern": pattern({ .number($0.alpha) }, alpha), "bias": .string("none"),
                "init_lora_weights": .bool(true), "use_dora": .bool(updates.hasMagnitudes),
                "fan_in_fan_out": .bool(false),
            ])
    }
}
