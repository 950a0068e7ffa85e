/// One over the rank of the first relevant document, 0 if none is ranked, averaged over queries (trec_eval's `recip_rank`).
package enum MeanReciprocalRank: Metric {
    package static let name = "mrr"

    package static func value(_ sums: RankingSums) -> Double { sums.mean(sums.reciprocalRank) }
}
