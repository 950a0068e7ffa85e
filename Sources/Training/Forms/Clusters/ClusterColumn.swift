import Files
import Models
import Numerics
import Tasks

/// The mentions of each document, and what a head must know of its words.
package struct ClusterColumn: TargetColumn {
    /// nil: the clusters are not known.
    private let documents: [ClusteredTokens?]
    /// For each example what its words are, without mentions.
    private let words: [[MentionWord]]
    /// For each example the cluster of each mention; nil: not known.
    private let mentions: [[(mention: Mention, cluster: Int)]?]

    init(_ examples: [Example]) {
        documents = examples.map { $0.clustered.flatMap { $0.clusters == nil ? nil : $0 } }
        words = examples.map { example in
            let sentences = example.clustered?.sentenceOfWord ?? [Int](repeating: 0, count: example.words.count)
            var forms: [String: Int32] = [:]
            return zip(example.words, sentences).map { word, sentence in
                let text = word.lowercased()
                let form = forms[text] ?? Int32(forms.count)
                forms[text] = form
                return MentionWord(sentence: Int32(sentence), form: form)
            }
        }
        mentions = documents.map { document in
            document?.clusters?.enumerated().flatMap { number, cluster in cluster.map { ($0, number) } }
        }
    }

    /// Every word is marked, since each can begin or end a mention. A mention is trained on if its first and its last word have a
    /// token.
    package func targets(
        _ indices: [Int], of examples: EncodedExamples, as head: BatchHead, loss: LossTargets, longest: Int,
        predicts: Bool
    ) -> HeadTargets? {
        var (marks, targets, rows): ([Int32], [MentionWord], [Int]) = ([], [], [])
        var start = 0
        for i in indices {
            if predicts || documents[i] != nil {
                let first = targets.count
                // By word: its place among those with a token
                var places = [Int32](repeating: -1, count: words[i].count)
                for (place, (position, word, _)) in examples.wordTokens(i, all: false, longest: longest).enumerated() {
                    marks.append(Int32(start + position))
                    rows.append(i)
                    places[word] = Int32(place)
                    var target = words[i][word]
                    target.isFirst = place == 0
                    target.hasClusters = documents[i] != nil
                    targets.append(target)
                }
                for (mention, cluster) in mentions[i] ?? [] {
                    let (from, to) = (places[mention.first], places[mention.last])
                    guard from >= 0, to >= from else { continue }
                    targets[first + Int(from)].mentions.append(
                        MentionWord.Mention(length: to - from, cluster: Int32(cluster)))
                }
            }
            start += examples.length(i, longest: longest)
        }
        return HeadTargets(.mentions(targets), marks: marks, weights: loss.weights(ofRows: rows))
    }

    package func answers(_ results: HeadResults) -> HeadAnswers {
        HeadAnswers(
            ClusterAnswers(
                predicted: documents.indices.map { ClusterOutput.clusters(results, $0) }, of: documents),
            scored: documents.indices.filter { documents[$0] != nil })
    }

    package var strata: [Int?] { documents.map { $0 == nil ? nil : 0 } }

    package func hash(into digest: inout Digest.Incremental) {
        for (words, mentions) in zip(words, mentions) {
            let own = words.flatMap { [Int($0.sentence), Int($0.form)] }
            let numbers = (mentions ?? []).flatMap { [$0.mention.first, $0.mention.last, $0.cluster] }
            ([own.count, mentions == nil ? -1 : numbers.count] + own + numbers).withUnsafeBytes { digest.update($0) }
        }
    }
}
