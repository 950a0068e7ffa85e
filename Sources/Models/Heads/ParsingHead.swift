import Files
import Numerics

/// A dependency tree over the words of a text: deep biaffine attention on the tokens that stand for words (Dozat and Manning
/// 2017, equations 4 to 9).
///
/// Four small networks, ReLU(W x + b), see a word as a dependent and as a head, for arcs and for labels. With d_i and h_j for
/// word i as a dependent and word j as a head:
///
///     arc(i, j) = d_iᵀ U h_j + uᵀ h_j                  arc(i, root) = rᵀ d_i + r₀
///     label(i, j, l) = d_iᵀ U_l h_j + v_lᵀ h_j + w_lᵀ d_i + b_l      label(i, root, l) = r_lᵀ d_i + s_l
///
/// The loss of a word is the cross-entropy of its head, over the root and all other words, plus that of its label at the true
/// head. The answer is the most probable tree with one root, and the most probable label of each of its arcs. Where the
/// paper appends a vector for the root to the words, the arcs to it have tensors of their own, which can say the same.
/// Widths are the paper's: 500 for arcs, 100 for labels.
package struct ParsingHead: Head {
    package static let kind = "parsing"

    private let names: [String]
    private let arcWidth: Int
    private let labelWidth: Int
    package let textPrefix: String

    package init(labels: [String], arcWidth: Int = 500, labelWidth: Int = 100, textPrefix: String = "") {
        names = labels
        self.arcWidth = arcWidth
        self.labelWidth = labelWidth
        self.textPrefix = textPrefix
    }

    package init(_ request: HeadRequest) { self.init(labels: request.labels, textPrefix: request.textPrefix) }

    package init(fields: HeadFields, labels: [String]) throws(HeadFault) {
        self.init(
            labels: try HeadFields.require(labels), arcWidth: try fields.integer("arc_width", in: 1...4096),
            labelWidth: try fields.integer("label_width", in: 1...4096), textPrefix: try fields.textPrefix())
    }

    package var input: HeadInput { .marked }
    package var output: HeadOutput { .arcs(names) }
    package var fields: [String: ConfigurationValue] {
        [
            "arc_width": .number(Double(arcWidth)), "label_width": .number(Double(labelWidth)),
            "text_prefix": .string(textPrefix),
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
        func side(_ name: String, _ width: Int, bilinear: Int, root: Int) -> [ParameterSpec] {
            layer("\(name).dependent", width, hidden) + layer("\(name).head", width, hidden)
                + layer("\(name).bilinear", bilinear, width) + layer("\(name).root", root, width)
        }
        return side("arc", arcWidth, bilinear: arcWidth, root: 1)
            + side("label", labelWidth, bilinear: names.count * (labelWidth + 1), root: names.count)
    }

    /// - Returns: [words, 3]; see `BestTrees`
    package func build(
        _ rows: Value, operand: OperandTable, scope: String, dropout: Float, in builder: PlanBuilder
    ) throws -> Value {
        let scores = try ArcScores(rows, operand: operand, scope: scope, dropout: dropout, in: builder)
        return builder.append(BestTrees(scores.arcs, scores.labels, in: builder))
    }

    /// The loss reads the scores, and results the trees.
    package func build(
        _ rows: Value, operand: OperandTable, scope: String, dropout: Float, head index: Int, settings: LossSettings,
        in builder: PlanBuilder
    ) throws -> (output: Value, rowLosses: Value) {
        let scores = try ArcScores(rows, operand: operand, scope: scope, dropout: dropout, in: builder)
        let losses = [
            builder.append(ArcCrossEntropy(scores.arcs, head: index, in: builder)),
            builder.append(ArcLabelCrossEntropy(scores.labels, head: index, in: builder)),
        ]
        let tree = builder.append(BestTrees(scores.arcs, scores.labels, in: builder))
        return (tree, builder.append(WeightedSum(losses, weights: [1, 1], in: builder)))
    }
}

/// The scores of all arcs and labels, from the rows of words.
private struct ArcScores {
    let arcs: BiaffineArcs
    let labels: BiaffineLabels

    /// - Parameter rows: [words, hidden]
    init(_ rows: Value, operand: OperandTable, scope: String, dropout: Float, in builder: PlanBuilder) throws {
        let layers = WordLayers(operand: operand, scope: scope, dropout: dropout, builder: builder)
        let words = layers.drop(rows)
        func side(_ name: String) throws -> (queries: Value, keys: Value, roots: Value) {
            let dependents = try layers.active(words, "\(name).dependent")
            let heads = try layers.active(words, "\(name).head")
            return (
                try layers.linear(dependents, "\(name).bilinear"), heads,
                try layers.linear(dependents, "\(name).root")
            )
        }
        let (arc, label) = (try side("arc"), try side("label"))
        arcs = BiaffineArcs(queries: arc.queries, keys: arc.keys, roots: arc.roots)
        labels = BiaffineLabels(queries: label.queries, keys: label.keys, roots: label.roots)
    }
}
