/// The task's own metric of a linear probe in stratified cross-validation, with the best strength of its penalty.
package enum ProbeScore: TransferabilityScore {
    package static let name = "probe"
    package static let summary = "cross-validated score of a linear probe"

    package static func value(_ sample: TransferabilitySample) -> Double? {
        let folds = StratifiedFolds(sample.column)
        // No linear layer says a tree
        guard folds.count > 1, sample.head.input == .marked ? sample.head.output.isClasses : true else { return nil }
        return LinearProbe.crossValidation(
            sample.features, sample.column, folds, grid: LinearProbe.grid, head: sample.head, metric: sample.metric,
            pool: sample.pool
        ).map(\.score).filter(\.isFinite).max()
    }
}
