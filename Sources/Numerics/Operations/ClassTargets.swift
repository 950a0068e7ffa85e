/// What the rows of a slice are to be, as shares of the classes: the one-hot vector of a class, or a distribution, smoothed by
/// ε: (1 − ε) p + ε / classes (Szegedy et al. 2016, eq. 3), and each share times its class's weight, as in torch's
/// CrossEntropyLoss. A class and a distribution with all of it there have the same shares, bit by bit.
struct ClassTargets {
    private let values: HeadTargets.Values?
    /// The slice's first row among the batch's.
    private let first: Int
    private let classes: Int
    private let classWeights: [Float]?
    private let smoothing: Double

    /// - Parameters:
    ///   - head: whose targets in the batch they are.
    ///   - logits: [rows, classes]
    init(_ run: SliceRun, head: Int, logits: Value, classWeights: [Float]?, smoothing: Float) {
        values = run.batch.targets[head]?.values
        first = run.range(logits).lowerBound
        classes = logits.width
        self.classWeights = classWeights
        self.smoothing = Double(smoothing)
    }

    func isMissing(_ row: Int) -> Bool {
        switch values {
        case .classes(let targets)?: targets[first + row] < 0
        case .distributions(let shares, let width)?: shares[(first + row) * width].isNaN
        case .numbers?, .indices?, .spans?, .contrasts?, .mentions?, nil: true
        }
    }

    /// The share of class `c` in a row's target, which is not missing.
    func share(_ c: Int, row: Int) -> Double {
        let own: Double =
            switch values {
            case .classes(let targets)?: c == Int(targets[first + row]) ? 1 : 0
            case .distributions(let shares, let width)?: Double(shares[(first + row) * width + c])
            case .numbers?, .indices?, .spans?, .contrasts?, .mentions?, nil: 0
            }
        return (classWeights.map { Double($0[c]) } ?? 1) * (smoothing / Double(classes) + (1 - smoothing) * own)
    }

    /// The sum of a row's shares.
    func mass(_ row: Int) -> Double {
        var mass = 0.0
        for c in 0..<classes { mass += share(c, row: row) }
        return mass
    }
}
