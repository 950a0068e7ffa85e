import Files
import Models
import Numerics

/// Prompt tuning: learned rows before each text, among its embeddings (Lester et al. 2021, section 2).
///
/// Fields are those of AdapterHub's PromptTuningConfig, and `insert_into`, which says what the prompt's rows [length, hidden] are.
/// hidden_states, as in `adapters`: they stand in the output of the embeddings, after their norm and dropout, without positions of
/// their own; the text's tokens keep theirs. word_embeddings, as in `peft`: they take the place of words, so they have positions
/// and type 0, and pass the norm and the dropout; the text's tokens come after them.
///
/// `combine`: prefix puts it before all tokens, so that a head on the first token reads the prompt's first row;
/// prefix_after_bos puts it after the first token. The prompt starts U(−scale, scale), or with `prompt_init`: from_string from the
/// word embeddings of a text's tokens (Lester et al. 2021, section 3.2). A mean over the tokens counts the prompt's rows, too. In layers that see a
/// window, the prompt is seen by tokens near it.
package struct PromptTuning: AdapterMethod {
    package static let name = "prompt_tuning"
    package static let presets: [(name: String, fields: [String: ConfigurationValue])] = [("prompt_tuning", [:])]
    package static let defaults: [String: ConfigurationValue] = [
        "prompt_length": .number(10), "prompt_init": .string("random_uniform"), "random_uniform_scale": .number(0.5),
        "combine": .string("prefix"), "prompt_init_text": .null, "insert_into": .string(Level.hidden_states.rawValue),
    ]
    package static let laterFields: Set<String> = ["prompt_init_text", "insert_into"]

    package static let trainingFields: Set<String> = ["prompt_init", "random_uniform_scale"]

    /// Where the prompt stands.
    enum Combination: String, CaseIterable {
        case prefix
        case prefix_after_bos
    }

    /// What its rows are.
    package enum Level: String, CaseIterable {
        case hidden_states
        case word_embeddings
    }

    /// How the prompt starts.
    enum Start: String, CaseIterable {
        case random_uniform
        case from_string
    }

    private static let home = Site(.afterEmbeddings)

    private let prompt: VirtualTokens
    package let level: Level
    private let scale: Float
    /// What the prompt starts from; nil: random numbers.
    private let text: String?

    package init(_ c: ConfigurationReader) throws(AdapterError) {
        let place: VirtualTokens.Place = try c.choice("combine", as: Combination.self) == .prefix ? .first : .second
        level = try c.choice("insert_into", as: Level.self)
        let count = try c.integer("prompt_length", in: 1...4096)
        prompt = VirtualTokens(count: count, place: place, positions: level == .word_embeddings ? count : 0)
        scale = Float(try c.number("random_uniform_scale", above: 0))
        switch try c.choice("prompt_init", as: Start.self) {
        case .from_string: text = try c.text("prompt_init_text")
        case .random_uniform:
            guard c["prompt_init_text"] == .null else {
                throw .field(
                    source: c.source, field: "prompt_init_text", found: c["prompt_init_text"].json,
                    expected: "null unless prompt_init is from_string")
            }
            text = nil
        }
    }

    package var virtualTokens: VirtualTokens? { prompt }

    package var notFusable: String? { "its rows stand among the tokens of the text" }

    package func specs(_ architecture: Architecture) -> [ParameterSpec] {
        architecture.sites(Self.home.kind).map {
            ParameterSpec("\($0.site.name)/prompt", [prompt.count, $0.output], .uniform(scale))
        }
    }

    package func start(_ architecture: Architecture, weight: (SiteSpec) throws -> [Float]) -> AdapterStart {
        var start = AdapterStart()
        if let text { start.texts["\(Self.home.name)/prompt"] = text }
        return start
    }

    package func delta(at site: Site, _ context: SiteContext, _ tensors: MemberTensors) throws -> SiteDelta? {
        let addsToPositions = level == .word_embeddings
        guard site == (addsToPositions ? Site(.embeddingSum) : Self.home) else { return nil }
        return .replacement(
            context.builder.append(
                VirtualRows(
                    try context.output(), try tensors(Self.home, "prompt"), adds: addsToPositions, in: context.builder))
        )
    }

    package func mergedForm() -> MergedForm { .values }
}
