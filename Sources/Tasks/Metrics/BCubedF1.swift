/// F1 of B³, which counts mentions (Bagga and Baldwin 1998), those that only one side has being wrong.
package enum BCubedF1: Metric {
    package static let name = "bcub_f1"

    package static func value(_ counts: ClusterCounts) -> Double { counts.sum.bCubed.f1 }
}
