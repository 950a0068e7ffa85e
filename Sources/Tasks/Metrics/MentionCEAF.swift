/// F1 of CEAF by mentions (φ₃): the mentions that aligned clusters share (Luo 2005).
package enum MentionCEAF: Metric {
    package static let name = "ceafm_f1"

    package static func value(_ counts: ClusterCounts) -> Double { counts.sum.ceafMentions.f1 }
}
