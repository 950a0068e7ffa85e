/// The share of examples that are nearest to the mean of their own class, each left out of that mean. An example that is the
/// only one of its class counts as wrong.
package enum NearestCentroid: TransferabilityScore {
    package static let name = "centroid"
    package static let summary = "leave-one-out accuracy of the nearest class mean"

    package static func value(_ sample: TransferabilitySample) -> Double? { sample.mean { value(sample, $0) } }

    private static func value(
        _ sample: TransferabilitySample, _ problem: TransferabilitySample.ClassProblem
    ) -> Double? {
        let (rows, places, count) = (problem.rows, problem.places, problem.count)
        let width = sample.features.width
        var sums = [Double](repeating: 0, count: count * width)
        var sizes = [Double](repeating: 0, count: count)
        for (row, place) in zip(rows, places) {
            sizes[place] += 1
            for (j, x) in sample.features.row(row).enumerated() { sums[place * width + j] += Double(x) }
        }
        var right = 0
        for (row, place) in zip(rows, places) where sizes[place] > 1 {
            let x = sample.features.row(row).map { Double($0) }
            var (best, nearest) = (Double.infinity, -1)
            for c in 0..<count {
                var distance = 0.0
                for j in 0..<width {
                    let own = c == place ? x[j] : 0
                    let mean = (sums[c * width + j] - own) / (sizes[c] - (c == place ? 1 : 0))
                    distance += (x[j] - mean) * (x[j] - mean)
                }
                if distance < best { (best, nearest) = (distance, c) }
            }
            if nearest == place { right += 1 }
        }
        return Double(right) / Double(rows.count)
    }
}
