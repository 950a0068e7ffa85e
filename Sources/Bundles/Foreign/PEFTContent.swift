import Adapters
import Files
import Models

/// What a PEFT folder holds of an adapter: its modules and tensors, and the fields that only its kind has.
struct PEFTContent {
    /// Of the method, for messages.
    let title: String
    let modules: [(site: SiteSpec, module: String)]
    /// Of each module: our name, and what follows the module's name in theirs.
    let tensors: [(ours: String, theirs: String)]
    /// Tensors of the adapter as a whole.
    let shared: [(name: String, shape: [Int], values: [Float])]
    let hasGate: Bool
    let fields: [String: ConfigurationValue]

    /// nil: peft has no such method, or none with folders that we write.
    /// - Throws: `AdapterError`
    init?(_ member: Member, _ architecture: Architecture) throws {
        if let updates = try LoRAUpdates(member, architecture) {
            self.init(updates)
        } else if let vera = try member.configuration.makeMethod() as? VeRA {
            self.init(vera, member.configuration.fields, architecture)
        } else {
            return nil
        }
    }

    private init(_ updates: LoRAUpdates) {
        title = "LoRA"
        modules = updates.list.map { ($0.site, $0.module) }
        tensors = LoRAUpdates.tensors(hasMagnitudes: updates.hasMagnitudes)
        shared = []
        hasGate = updates.hasGate
        let (rank, alpha) = (updates.fields["rank"] ?? .number(8), updates.fields["alpha"] ?? .number(8))
        func pattern(_ value: (LoRAUpdates.Update) -> ConfigurationValue, _ usual: ConfigurationValue)
            -> ConfigurationValue
        {
            .map(
                Dictionary(updates.list.filter { value($0) != usual }.map { ($0.module, value($0)) }) { first, _ in
                    first
                })
        }
        fields = [
            "peft_type": .string(PEFTConfiguration.kind), "r": rank, "lora_alpha": alpha,
            "lora_dropout": .number(Double(updates.dropout)),
            "use_rslora": updates.fields["rslora"] ?? .bool(false),
            "rank_pattern": pattern({ .number(Double($0.rank)) }, rank),
            "alpha_pattern": pattern({ .number($0.alpha) }, alpha), "init_lora_weights": .bool(true),
            "use_dora": .bool(updates.hasMagnitudes),
        ]
    }

    private init(_ vera: VeRA, _ own: [String: ConfigurationValue], _ architecture: Architecture) {
        title = "VeRA"
        modules = vera.sites(architecture).compactMap { site in
            site.weight.map { (site, String($0.dropLast(".weight".count))) }
        }
        tensors = PEFTVeRA.names
        let projections = vera.projections(architecture)
        let (a, b) = projections.values
        shared = [
            (PEFTVeRA.a, [a.count / projections.input, projections.input], a),
            (PEFTVeRA.b, [projections.output, b.count / projections.output], b),
        ]
        hasGate = false
        fields = [
            "peft_type": .string(PEFTVeRA.kind), "r": own["r"] ?? .null,
            "projection_prng_key": own["projection_prng_key"] ?? .null, "save_projection": .bool(true),
            "vera_dropout": own["dropout"] ?? .null, "d_initial": own["d_initial"] ?? .null,
            "init_weights": .bool(true),
        ]
    }
}
