import Files
import Numerics

/// Coreference by ranking antecedents, from the first and the last word of each mention alone (Kirstain et al. 2021,
/// "Coreference Resolution without Span Representations", after Lee et al. 2017 and 2018).
///
/// Four small networks, ReLU(W x + b), see a word as the first and the last of a mention, for mentions and for antecedents. With
/// s_i and e_j for words i and j of mentions, and a_i and z_j of antecedents:
///
///     mention(i, j) = s_iᵀ U e_j + uᵀ e_j + vᵀ s_i + b
///     antecedent(c, q) = (a_c, z_c)ᵀ (W (a_q, z_q) + w) + Σ_f (F z_q)_f over the features of the pair
///
/// Memory grows with the words of a document, not with its pairs: of all spans of at most `longest` words within a sentence, so
/// many as `kept` says stay (more if they are likely mentions, but no more than words), and their pairs are scored one by one.
/// Features of a pair are its distance in words, equal texts, an equal last word, and overlap (`SpanPairFeatures`); the paper has
/// none.
/// Losses and links: `ClusterLoss`, `BestClusters`.
package struct CoreferenceHead: Head {
    package static let kind = "coreference"

    private let mentionWidth: Int
    private let antecedentWidth: Int
    private let longest: Int
    private let kept: Int
    private let hasSingletons: Bool
    package let textPrefix: String

    /// - Parameters:
    ///   - longest: words of a mention at most; 30 as Lee et al. 2018
    ///   - kept: mentions that are kept for each hundred words of a document; 40 as Lee et al. 2018
    ///   - hasSingletons: whether a mention may be a cluster of its own
    package init(
        mentionWidth: Int = 256, antecedentWidth: Int = 256, longest: Int = 30, kept: Int = 40,
        hasSingletons: Bool = false, textPrefix: String = ""
    ) {
        self.mentionWidth = mentionWidth
        self.antecedentWidth = antecedentWidth
        self.longest = longest
        self.kept = kept
        self.hasSingletons = hasSingletons
        self.textPrefix = textPrefix
    }

    package init(_ request: HeadRequest) {
        self.init(hasSingletons: request.hasSingletons, textPrefix: request.textPrefix)
    }

    package init(fields: HeadFields, labels: [String]) throws(HeadFault) {
        self.init(
            mentionWidth: try fields.integer("mention_width", in: 1...4096),
            antecedentWidth: try fields.integer("antecedent_width", in: 1...4096),
            longest: try fields.integer("longest_mention", in: 1...1024),
            kept: try fields.integer("mentions_per_100_words", in: 1...1000),
            hasSingletons: try fields.flag("singletons"),
            textPrefix: try fields.textPrefix())
    }

    package var input: HeadInput { .marked }
    package var output: HeadOutput { .clusters }
    package var fields: [String: ConfigurationValue] {
        [
            "mention_width": .number(Double(mentionWidth)), "antecedent_width": .number(Double(antecedentWidth)),
            "longest_mention": .number(Double(longest)), "mentions_per_100_words": .number(Double(kept)),
            "singletons": .bool(hasSingletons), "text_prefix": .string(textPrefix),
        ]
    }

    /// N(0, 0.02) and zeros, as transformers initializes what it adds.
    package func specs(hidden: Int, scope: String) -> [ParameterSpec] {
        func layer(_ name: String, _ output: Int, _ input: Int) -> [ParameterSpec] {
            [
                ParameterSpec("\(scope)/\(name).weight", [output, input], .normal(0.02)),
                ParameterSpec("\(scope)/\(name).bias", [output], .zeros, decays: false),
            ]
        }
        func words(_ name: String, _ width: Int) -> [ParameterSpec] {
            layer("\(name).first", width, hidden) + layer("\(name).last", width, hidden)
        }
        return words("mention", mentionWidth) + layer("mention.bilinear", mentionWidth + 1, mentionWidth)
            + words("antecedent", antecedentWidth)
            + layer("antecedent.bilinear_first", 2 * antecedentWidth, antecedentWidth)
            + layer("antecedent.bilinear_last", 2 * antecedentWidth, antecedentWidth)
            + layer("antecedent.features", MentionScores.features, antecedentWidth)
    }

    /// - Returns: [words, `BestClusters.width`]
    package func build(
        _ rows: Value, operand: OperandTable, scope: String, dropout: Float, in builder: PlanBuilder
    ) throws -> Value {
        let scores = try scores(rows, operand: operand, scope: scope, dropout: dropout, in: builder)
        return builder.append(
            BestClusters(scores, head: Self.index(of: rows), hasSingletons: hasSingletons, in: builder))
    }

    /// The loss reads the scores, and results the clusters.
    package func build(
        _ rows: Value, operand: OperandTable, scope: String, dropout: Float, head index: Int, settings: LossSettings,
        in builder: PlanBuilder
    ) throws -> (output: Value, rowLosses: Value) {
        let scores = try scores(rows, operand: operand, scope: scope, dropout: dropout, in: builder)
        let losses = builder.append(ClusterLoss(scores, head: index, in: builder))
        let clusters = builder.append(BestClusters(scores, head: index, hasSingletons: hasSingletons, in: builder))
        return (clusters, losses)
    }

    /// The head whose words the rows are.
    private static func index(of rows: Value) -> Int {
        guard case .marked(let head) = rows.rows else { preconditionFailure("mentions are words that are marked") }
        return head
    }

    /// - Parameter rows: [words, hidden]
    private func scores(
        _ rows: Value, operand: OperandTable, scope: String, dropout: Float, in builder: PlanBuilder
    ) throws -> MentionScores {
        let layers = WordLayers(operand: operand, scope: scope, dropout: dropout, builder: builder)
        let words = layers.drop(rows)
        func sides(_ name: String) throws -> (first: Value, last: Value) {
            (try layers.active(words, "\(name).first"), try layers.active(words, "\(name).last"))
        }
        let (mention, antecedent) = (try sides("mention"), try sides("antecedent"))
        return MentionScores(
            starts: try layers.linear(mention.first, "mention.bilinear"), ends: mention.last,
            queryStarts: try layers.linear(antecedent.first, "antecedent.bilinear_first"),
            queryEnds: try layers.linear(antecedent.last, "antecedent.bilinear_last"), keyStarts: antecedent.first,
            keyEnds: antecedent.last, features: try layers.linear(antecedent.last, "antecedent.features"),
            longest: longest, kept: kept)
    }
}
