import Models
import Numerics
import Tasks
import Text

/// Clusters of mentions over the words of a document. A document that is longer than the model reads is several windows, which
/// are one example's sequences: each word is in one window, a window ends with a sentence where it can, and mentions of
/// different windows are linked like others.
package struct ClusterOutput: OutputForm {
    package init() {}

    package let name = "clusters"
    package let readsWords = true
    package let sharesTexts = false
    package let teaches = false
    package let kind: String? = Coreference.name

    package func encode(
        _ example: Example, _ tokenizer: any Tokenizer, prefix: String, maxLength: Int
    ) -> [WordEncoding] {
        let sentences = example.clustered?.sentences ?? [example.words.count]
        return DocumentWindows.encode(
            example.words, sentences: sentences, tokenizer, prefix: prefix, maxLength: maxLength)
    }

    package func column(_ examples: [Example], _ encoded: [[WordEncoding]]) -> any TargetColumn {
        ClusterColumn(examples)
    }

    /// The head has read the clusters already (`BestClusters`).
    package func finish(_ row: UnsafeMutablePointer<Float>, workspace: Workspace) {}

    package func predictions(
        _ examples: [Example], _ results: HeadResults, _ column: any TargetColumn
    ) -> [Prediction] {
        examples.indices.map { .clusters(Self.clusters(results, $0)) }
    }

    package func writer(_ settings: PredictionSettings) -> any PredictionForm { ClusterForm() }

    package func rows(_ predicted: SplitPredictions) -> any EvaluatedRows { ClusterDetails(predicted) }

    /// The clusters of an example: of the mentions that begin with each word, which end with a later one among those with tokens.
    static func clusters(_ results: HeadResults, _ i: Int) -> [Cluster] {
        let rows = results.rows(i)
        var clusters: [Int: Cluster] = [:]
        for row in rows {
            let values = Array(results.row(row))
            for slot in 0..<BestClusters.slots where values[2 * slot] > 0 {
                let last = row + Int(values[2 * slot]) - 1
                clusters[Int(values[2 * slot + 1]), default: []]
                    .append(Mention(results.words[row], results.words[last]))
            }
        }
        return Array(clusters.values).ordered
    }
}
