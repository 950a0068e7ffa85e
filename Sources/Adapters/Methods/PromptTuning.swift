import Files
import Models
import Numerics

/// Prompt tuning: learned rows before each text, among its embeddings (Lester et al. 2021, section 2).
///
/// Fields are those of AdapterHub's PromptTuningConfig, and so is the place: the prompt [length, hidden] stands in the
/// output of the embeddings, after their norm and dropout, without positions of its own; the text's tokens keep theirs.
/// `combine`: prefix puts it before all tokens, so that a head on the first token reads the prompt's first row;
/// prefix_after_bos puts it after the first token. A mean over the tokens counts the prompt's rows, too. In layers that see a
/// window, the prompt is seen by tokens near it.
package struct PromptTuning: AdapterMethod {
    package static let name = "prompt_tuning"
    package static let presets: [(name: String, fields: [String: ConfigurationValue])] = [("prompt_tuning", [:])]
    package static let defaults: [String: ConfigurationValue] = [
        "prompt_length": .number(10), "prompt_init": .string("random_uniform"), "random_uniform_scale": .number(0.5),
        "combine": .string("prefix"),
    ]

    package static let trainingFields: Set<String> = ["prompt_init", "random_uniform_scale"]

    /// Where the prompt stands.
    enum Combination: String, CaseIterable {
        case prefix
        case prefix_after_bos
    }

    private static let home = Site(.afterEmbeddings)

    private let prompt: VirtualTokens
    private let scale: Float

    package init(_ c: ConfigurationReader) throws(AdapterError) {
        let place: VirtualTokens.Place = try c.choice("combine", as: Combination.self) == .prefix ? .first : .second
        prompt = VirtualTokens(count: try c.integer("prompt_length", in: 1...4096), place: place)
        scale = Float(try c.number("random_uniform_scale", above: 0))
        try c.require("prompt_init", .string("random_uniform"))
    }

    package var virtualTokens: VirtualTokens? { prompt }

    package var notFusable: String? { "its rows stand among the tokens of the text" }

    package func specs(_ architecture: Architecture) -> [ParameterSpec] {
        architecture.sites(Self.home.kind).map {
            ParameterSpec("\($0.site.name)/prompt", [prompt.count, $0.output], .uniform(scale))
        }
    }

    package func delta(at site: Site, _ context: SiteContext, _ tensors: MemberTensors) throws -> SiteDelta? {
        guard site == Self.home else { return nil }
        return .replacement(
            context.builder.append(
                VirtualRows(try context.output(), try tensors(site, "prompt"), in: context.builder)))
    }

    package func mergedForm() -> MergedForm { .values }
}
