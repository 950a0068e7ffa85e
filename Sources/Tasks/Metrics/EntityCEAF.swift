/// F1 of CEAF by entities (φ₄): each true cluster is aligned with one predicted cluster at most, so that their similarity is
/// largest (Luo 2005).
package enum EntityCEAF: Metric {
    package static let name = "ceafe_f1"

    package static func value(_ counts: ClusterCounts) -> Double { counts.sum.ceafEntities.f1 }
}
