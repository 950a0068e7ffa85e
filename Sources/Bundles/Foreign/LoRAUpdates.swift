import Adapters
import Files
import Models

/// What a LoRA adapter does to a model, site by site.
struct LoRAUpdates {
    struct Update {
        let site: SiteSpec
        let rank: Int
        let scale: Float
        /// α as its configuration has it.
        let alpha: Double

        /// The projection's module in the model: its weight's name without `.weight`.
        var module: String { String((site.weight ?? "").dropLast(".weight".count)) }
    }

    /// The tensors of a module that PEFT's names have: ours, and what follows the module's name in theirs.
    static func tensors(hasMagnitudes: Bool) -> [(ours: String, theirs: String)] {
        [("A", "lora_A.weight"), ("B", "lora_B.weight")]
            + (hasMagnitudes ? [(LoRA.magnitude, "lora_magnitude_vector")] : [])
    }

    let list: [Update]
    let dropout: Float
    /// Whether it is DoRA.
    let hasMagnitudes: Bool
    /// Whether gates take the scales' place.
    let hasGate: Bool
    let fields: [String: ConfigurationValue]

    /// - Throws: `AdapterError`; nil for another method
    init?(_ member: Member, _ architecture: Architecture) throws {
        guard let method = try member.configuration.makeMethod() as? LoRA else { return nil }
        fields = member.configuration.fields
        dropout = method.dropout
        hasMagnitudes = method.hasMagnitudes
        hasGate = method.hasGate
        list = architecture.sites.compactMap { site in
            method.update(at: site.site).map {
                Update(site: site, rank: $0.rank, scale: $0.scale, alpha: method.alpha(at: site.site))
            }
        }
    }
}
