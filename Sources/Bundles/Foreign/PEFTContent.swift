import Adapters
import Files
import Models

/// What a PEFT folder holds of an adapter: its modules and tensors, and the fields that only its kind has.
struct PEFTContent {
    /// Of the method, for messages.
    let title: String
    let modules: [(site: SiteSpec, module: String, tensors: [PEFTTensor])]
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
        } else if let ia3 = try member.configuration.makeMethod() as? IA3 {
            self.init(ia3, architecture)
        } else {
            return nil
        }
    }

    private init(_ updates: LoRAUpdates) {
        title = "LoRA"
        modules = updates.list.map {
            (
                $0.site, $0.module,
                PEFTConfiguration.tensors(of: $0.site, rank: $0.rank, hasMagnitudes: updates.hasMagnitudes)
            )
        }
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
            "alpha_pattern": pattern({ .number($0.alpha) }, alpha), "bias": .string("none"),
            "init_lora_weights": .bool(true),
            "use_dora": .bool(updates.hasMagnitudes),
        ]
    }

    private init(_ vera: VeRA, _ own: [String: ConfigurationValue], _ architecture: Architecture) {
        title = "VeRA"
        let projections = vera.projections(architecture)
        let (a, b) = projections.values
        modules = vera.sites(architecture).map {
            ($0, Self.module($0), PEFTVeRA.tensors(of: $0, rank: a.count / projections.input))
        }
        shared = [
            (PEFTVeRA.a, [a.count / projections.input, projections.input], a),
            (PEFTVeRA.b, [projections.output, b.count / projections.output], b),
        ]
        hasGate = false
        fields = [
            "peft_type": .string(PEFTVeRA.kind), "r": own["r"] ?? .null,
            "projection_prng_key": own["projection_prng_key"] ?? .null, "save_projection": .bool(true),
            "vera_dropout": own["dropout"] ?? .null, "d_initial": own["d_initial"] ?? .null,
            "bias": .string("none"), "init_weights": .bool(true),
        ]
    }

    private init(_ ia3: IA3, _ architecture: Architecture) {
        title = "(IA)³"
        let scaled = architecture.sites.compactMap { site in ia3.scaled(at: site.site).map { (site: site, part: $0) } }
        modules = scaled.map { ($0.site, Self.module($0.site), [PEFTIA3.tensor($0.site, $0.part)]) }
        (shared, hasGate) = ([], false)
        let inputs = scaled.filter { $0.part == .input }.map { Self.module($0.site) }
        var names = Self.names(modules.map(\.module), architecture)
        var feedForward = Self.names(inputs, architecture)
        // The library takes names of feedforward_modules for ends of names, and they must be names in target_modules
        let meant = modules.map(\.module).filter { module in feedForward.contains { module.hasSuffix($0) } }
        if meant != inputs || !Set(feedForward).isSubset(of: names) {
            (names, feedForward) = (modules.map(\.module), inputs)
        }
        fields = [
            "peft_type": .string(PEFTIA3.kind), "target_modules": .list(names.map { .string($0) }),
            "feedforward_modules": .list(feedForward.map { .string($0) }), "init_ia3_weights": .bool(true),
        ]
    }

    /// The module's name in the model: its weight's without `.weight`.
    static func module(_ site: SiteSpec) -> String { String((site.weight ?? "").dropLast(".weight".count)) }

    /// Short names ("attention.self.query") if these mean exactly the adapted projections, else each module's full name.
    static func names(_ adapted: [String], _ architecture: Architecture) -> [String] {
        var short: [String] = []
        for module in adapted {
            let parts = module.split(separator: ".")
            let number = parts.lastIndex { Int($0) != nil } ?? -1
            let name = parts[(number + 1)...].joined(separator: ".")
            if !short.contains(name) { short.append(name) }
        }
        let meant = architecture.sites.compactMap(\.weight).map { $0.dropLast(".weight".count) }.filter { module in
            short.contains { module == $0 || module.hasSuffix("." + $0) }
        }
        return meant.count == adapted.count ? short : adapted
    }
}
