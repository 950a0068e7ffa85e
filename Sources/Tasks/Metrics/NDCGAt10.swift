/// The discounted gain of the first ten documents over that of the best possible ranking, averaged over queries (trec_eval's
/// `ndcg_cut_10`: linear gain).
package enum NDCGAt10: Metric {
    package static let name = "ndcg_at_10"

    package static func value(_ sums: RankingSums) -> Double { sums.mean(sums.gain) }
}
