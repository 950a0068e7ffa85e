import Ablation

/// The search of `fuse --method auto` as it would run, with the evidence that was measured.
struct AutoReplay {
    let chosen: AutoCandidate
    let expected: (mean: Double, deviation: Double)
    /// Share of the budget that was spent.
    let spent: Double

    init?(_ record: AutoRecord, _ prior: AutoPrior) {
        let labels = record.evidence.labels
        let costs = AutoSearch.Costs(record.candidates, tokens: Double(labels), labels: labels)
        let cheap = record.candidates.filter(\.isProbe)
        var search = AutoSearch(
            prior, costs, labels: labels, tokens: Double(labels), evidence: record.evidence.only(cheap),
            ranking: Double(min(labels, AutoSearch.rankedTexts) * (record.sources + 1)))
        var known = cheap
        while let next = search.next {
            known += next
            search.add(record.evidence.only(known), cost: next.reduce(0) { $0 + (costs.evidence[$1] ?? 0) })
        }
        guard let chosen = search.best, let expected = search.expectation[chosen] else { return nil }
        self.chosen = chosen
        self.expected = expected
        spent = (search.spent + (costs.final[chosen] ?? 0)) / search.budget
    }
}
