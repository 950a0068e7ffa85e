/// F1 of MUC, which counts links between mentions (Vilain et al. 1995); undefined if no cluster has two mentions.
package enum MUCF1: Metric {
    package static let name = "muc_f1"

    package static func value(_ counts: ClusterCounts) -> Double { counts.sum.muc.f1 }
}
