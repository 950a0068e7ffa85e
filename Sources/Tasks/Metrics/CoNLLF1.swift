/// The score of the CoNLL-2012 shared task: the mean F1 of MUC, B³ and CEAF by entities (Pradhan et al. 2012), each over all
/// documents together.
package enum CoNLLF1: Metric {
    package static let name = "conll_f1"

    package static func value(_ counts: ClusterCounts) -> Double { counts.sum.conll }
}
